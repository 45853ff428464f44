"""Parse stored payloads again: `manage.py replay [--carrier SLUG] [--number NUMBER] [--unreadable]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tracking.ingest.replay import replay_payloads
from tracking.models import Payload
from tracking.models.fields import number_key
from tracking.models.payloads import UNUSABLE


class Command(BaseCommand):
    help = "Read stored raw messages again. Doing it twice changes nothing more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--carrier", help="only messages of this feed")
        parser.add_argument("--number", help="only messages that tell about this tracking number")
        parser.add_argument("--unreadable", action="store_true", help="only messages that could not be read before")

    def handle(self, *args: Any, **options: Any) -> None:
        payloads = Payload.objects.all()
        if options["carrier"]:
            payloads = payloads.filter(carrier__slug=options["carrier"])
        if options["number"]:
            payloads = payloads.filter(numbers__number_key=number_key(options["number"]))
        if options["unreadable"]:
            payloads = payloads.filter(status__in=UNUSABLE)
        count, new_event_count, unreadable_count = replay_payloads(payloads)
        self.stdout.write(f"{count} messages read, {new_event_count} new events, {unreadable_count} unreadable")
