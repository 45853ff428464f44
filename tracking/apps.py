from django.apps import AppConfig
from django.core.checks import Tags, register

from tracking.checks import check_messengers, check_production


class TrackingConfig(AppConfig):
    name = "tracking"
    verbose_name = "Tracking"

    def ready(self) -> None:
        register(check_production, Tags.security)
        register(check_messengers)
