"""Imported first by drills that run a whole site: a database of their own, Django on top, an empty schema.

DATABASE=postgresql starts a PostgreSQL server, else it is an SQLite file, whatever DATABASE_URL says. All of it is in a
temporary folder that is removed after the end of the process, even if it is killed.
"""

from __future__ import annotations

import os

import django
from django.db import connection

# A drill must never touch the database that the caller's environment names.
os.environ.pop("DATABASE_URL", None)
os.environ["TEST_DATABASE"] = os.environ.get("DATABASE") or "sqlite"
os.environ["DJANGO_SETTINGS_MODULE"] = "tracking.settings"
import tests.backing_services  # noqa: F401

# The site starts its own broker, as `make start` does; the one of the tests stays unused.
for variable in ("REDIS_URL", "DJANGO_ALLOW_ASYNC_UNSAFE"):
    del os.environ[variable]

django.setup()

if connection.vendor == "postgresql":
    # No superuser: PostgreSQL reserves connections for those, so that the drill gets in when the site has taken all.
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE site LOGIN")
        cursor.execute("ALTER DATABASE postgres OWNER TO site")
    connection.close()
    os.environ["DATABASE_URL"] = os.environ["DATABASE_URL"].replace("//postgres:", "//site:", 1)
