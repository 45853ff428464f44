"""Landfall: the project package and its one tracking app. `README.md` beside this file maps its rooms."""

from tracking.celery import app as celery_app

__all__ = ["celery_app"]
