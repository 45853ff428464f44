"""Imported first: a private PostgreSQL and broker, Django on top, and an empty database with all tables."""

from __future__ import annotations

import os

import django

os.environ["TEST_DATABASE"] = "postgresql"
os.environ["DJANGO_SETTINGS_MODULE"] = "tracking.settings"
import tests.backing_services  # noqa: F401

django.setup()
