"""The push key is created once, readable by its owner only, and stays the same."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import urlsafe_b64decode
from pathlib import Path

from tests.test_settings import PROJECT_ROOT, SECRET


def run_manage(tmp_path: Path, *command: str, **environment: str) -> str:
    base = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    variables = {**base, "DATA_DIR": str(tmp_path), **environment}
    process = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=PROJECT_ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return process.stdout


def test_production_has_no_key_before_it_is_created(tmp_path: Path) -> None:
    production = {"PRODUCTION": "1", "SECRET_KEY": SECRET}
    run_manage(tmp_path, "check", **production)
    assert not (tmp_path / "vapid-key").exists()

    output = run_manage(tmp_path, "make_push_keys", **production)

    assert (tmp_path / "vapid-key").exists()
    assert run_manage(tmp_path, "make_push_keys", **production) == output


def test_key_is_created_once_and_can_be_shared_by_environment_variable(tmp_path: Path) -> None:
    first_folder, second_folder = tmp_path / "one", tmp_path / "other"
    public, private = run_manage(first_folder, "make_push_keys", "--show").splitlines()
    name, _, value = private.partition("=")
    shown_again = run_manage(first_folder, "make_push_keys")

    assert shown_again.splitlines() == [public]
    assert len(urlsafe_b64decode(public.split()[-1] + "=")) == 65
    assert (first_folder / "vapid-key").stat().st_mode & 0o077 == 0
    assert (first_folder / "vapid-key").read_text() not in shown_again
    assert run_manage(second_folder, "make_push_keys", **{name: value}).splitlines() == [public]
    assert not (second_folder / "vapid-key").exists()
