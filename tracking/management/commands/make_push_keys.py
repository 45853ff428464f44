"""Create the key that signs web pushes (VAPID): `manage.py make_push_keys [--show]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tracking.notifications.channels import vapid
from tracking.settings.environment import load_or_create_secret


class Command(BaseCommand):
    help = "Make the key that signs web pushes, unless there is one, and print its public half."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--show", action="store_true", help="print the private half too, for VAPID_PRIVATE_KEY")

    def handle(self, *args: Any, **options: Any) -> None:
        # Never replace an existing key: browsers are subscribed to it, and every subscription would be lost.
        if not settings.VAPID_PRIVATE_KEY:
            settings.VAPID_PRIVATE_KEY = load_or_create_secret(settings.VAPID_KEY_FILE.name, 32)
        self.stdout.write(f"public key: {vapid.public_key()}")
        if options["show"]:
            self.stdout.write(f"VAPID_PRIVATE_KEY={settings.VAPID_PRIVATE_KEY}")
