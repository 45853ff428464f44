"""Landfall: the Django project and its tracking app. README.md in this folder describes the packages."""

from tracking.celery import app as celery_app

__all__ = ["celery_app"]
