"""The beat schedule names tasks that a worker really has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tracking.celery import app

PROJECT_ROOT = Path(__file__).resolve().parent.parent
# In a process of its own: here other tests have imported task modules that a worker would have to discover.
LIST_TASKS_PROGRAM = """
import json
from tracking.celery import app
app.loader.import_default_modules()
print(json.dumps(list(app.tasks)))
"""


@pytest.fixture(scope="module")
def registered_tasks() -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", LIST_TASKS_PROGRAM], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout))


@pytest.mark.parametrize("entry", sorted(app.conf.beat_schedule))
def test_each_beat_entry_names_a_task_that_workers_register(entry: str, registered_tasks: set[str]) -> None:
    assert app.conf.beat_schedule[entry]["task"] in registered_tasks


@pytest.mark.parametrize("entry", sorted(app.conf.beat_schedule))
def test_the_key_of_a_beat_entry_is_the_name_of_its_task_in_words(entry: str) -> None:
    task_name = app.conf.beat_schedule[entry]["task"].rpartition(".")[2]

    assert entry == task_name.replace("_", " ")
