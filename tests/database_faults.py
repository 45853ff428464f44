"""Take the database away from this process, for tests of what happens then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from django.db import connection

UNUSED_PORT: Final = 1


@contextmanager
def unreachable_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let new connections of this process go where no database is."""
    names = {"HOST": "127.0.0.1", "PORT": UNUSED_PORT} if connection.vendor == "postgresql" else {"NAME": "/nowhere/db"}
    with monkeypatch.context() as patch:
        for name, value in names.items():
            patch.setitem(connection.settings_dict, name, value)
        close_pool()
        yield
    close_pool()


def close_pool() -> None:
    """Let this process make new connections, with the settings as they are now."""
    if connection.vendor == "postgresql":
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
