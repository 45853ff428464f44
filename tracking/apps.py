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
        following = import_module("tracking.notifications.auto_follow")
        post_save.connect(following.follow_new_order, sender="tracking.Order", dispatch_uid="follow a new order")
