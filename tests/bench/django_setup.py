"""Set up Django on a private PostgreSQL server and broker. Must be imported before anything that needs Django."""

from __future__ import annotations

import os

import django

os.environ["TEST_DATABASE"] = "postgresql"
os.environ["DJANGO_SETTINGS_MODULE"] = "tracking.settings"
# Starts the services when imported, with the environment above.
import tests.backing_services  # noqa: F401

django.setup()
