"""Imported first by drills that run a whole site: a database of their own, Django on top, an empty schema.

DATABASE=postgresql starts a PostgreSQL server, anything else takes an SQLite file. All of it is in a temporary folder
that is removed after the end of the process, even if it is killed.
"""

from __future__ import annotations

import os

import django

if os.environ.get("DATABASE") == "postgresql":
    os.environ["TEST_DATABASE"] = "postgresql"
else:
    # Without these a run that asks for SQLite would use the server of the caller's environment.
    for variable in ("DATABASE_URL", "TEST_DATABASE"):
        os.environ.pop(variable, None)
os.environ["DJANGO_SETTINGS_MODULE"] = "tracking.settings"
import tests.backing_services  # noqa: F401

# The site starts its own broker, as `make start` does; the one of the tests stays unused.
for variable in ("REDIS_URL", "DJANGO_ALLOW_ASYNC_UNSAFE"):
    del os.environ[variable]

django.setup()
