"""The environment that karrio runs in: its own interpreter, and a database of its own on our PostgreSQL server."""

from __future__ import annotations

import os
import shutil
from typing import Final

from django.db import connection

from tests.bench.measurement import NotMeasuredError

EXCLUDED_VARIABLE_PREFIXES: Final = ("DJANGO_", "DATABASE_", "REDIS_")


def karrio_python() -> str:
    """Return the interpreter that has karrio; raise `NotMeasuredError` if none is named."""
    python = os.environ.get("KARRIO_PYTHON")
    if not python:
        raise NotMeasuredError("set KARRIO_PYTHON, see tests/bench/README.md")
    if shutil.which(python) is None:
        raise NotMeasuredError(f"KARRIO_PYTHON names no program: {python}")
    return python


def create_karrio_environment(folder: str) -> dict[str, str]:
    """Create an empty database for karrio and return its environment variables; its files go to `folder`."""
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS karrio_peer")
        cursor.execute("CREATE DATABASE karrio_peer")
    assert connection.connection is not None
    server = connection.connection.info
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(EXCLUDED_VARIABLE_PREFIXES)},
        "DATABASE_ENGINE": "postgresql",
        "DATABASE_NAME": "karrio_peer",
        "DATABASE_HOST": server.host,
        "DATABASE_PORT": str(server.port),
        "DATABASE_USERNAME": server.user,
        "DATABASE_PASSWORD": server.password,
        "WORK_DIR": folder,
        "LOG_DIR": folder,
    }
