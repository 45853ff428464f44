"""Take one mail that came to the site's own mailbox, from standard input: `manage.py take_mail < mail`.

A mail server pipes the mailbox of DEFAULT_FROM_EMAIL, and that of UNSUBSCRIBE_MAILBOX, into it.
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
        taken = process_mail(sys.stdin.buffer.read())
        log.info("mail taken", worth=taken.name)
        self.stdout.write(taken)
