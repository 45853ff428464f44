"""Sets up Django for a process that reads the database of `DATA_DIR`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracking.settings")
django.setup()
