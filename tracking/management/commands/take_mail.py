"""Process one mail to the site from standard input, a bounce or an unsubscribe request: `manage.py take_mail < mail`.

The mail server pipes each mail to DEFAULT_FROM_EMAIL or UNSUBSCRIBE_MAILBOX into it.
"""

from __future__ import annotations

import sys
from typing import Any

import structlog
from django.core.management.base import BaseCommand

from tracking.notifications.bounces import process_mail

log = structlog.get_logger()


class Command(BaseCommand):
    help = "Read a mail that came back, or a wish to get no more, from standard input, and do what it says."

    def handle(self, *args: Any, **options: Any) -> None:
        outcome = process_mail(sys.stdin.buffer.read())
        log.info("mail processed", outcome=outcome.name)
        self.stdout.write(outcome)
