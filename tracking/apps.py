"""Start-up of the tracking app: system checks and signal receivers."""

from importlib import import_module

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_save

from tracking.checks import check_messengers, check_production


class TrackingConfig(AppConfig):
    name = "tracking"
    verbose_name = "Tracking"

    def ready(self) -> None:
        register(check_production, Tags.security)
        register(check_messengers)
        # Not a normal import: Django loads this file before the models, and `auto_follow` imports them
        # (https://docs.djangoproject.com/en/5.2/ref/applications/#initialization-process).
        auto_follow = import_module("tracking.notifications.auto_follow")
        post_save.connect(auto_follow.follow_new_order, sender="tracking.Order", dispatch_uid="follow new order")
