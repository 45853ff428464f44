"""The kill drill of notices: `make drill`.

A real worker, broker, database and mail server. The worker is killed with SIGKILL while the mail server holds a mail:
before it has taken it, and after it has taken it but before the worker hears so. The broker is emptied on the way. Then
the claims are let run out, and it is counted what arrived.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="landfall-drill-"))
PORT = 2599
os.environ |= {
    "DATA_DIR": str(FOLDER),
    "EMAIL_URL": f"smtp://127.0.0.1:{PORT}",
    "DJANGO_SETTINGS_MODULE": "tracking.settings",
    "LOG_LEVEL": "ERROR",
}

import django  # noqa: E402

django.setup()

import redis  # noqa: E402
from aiosmtpd.controller import Controller  # noqa: E402
from aiosmtpd.smtp import SMTP, Envelope, Session  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from tests import make  # noqa: E402
from tracking import broker  # noqa: E402
from tracking.models import Contact, Notice, Subscriber  # noqa: E402
from tracking.models.notices import NoticeState  # noqa: E402
from tracking.tasks import deliver_due  # noqa: E402

NOTICES = 60
BEFORE = (5, 20)
AFTER = (12, 33, 47)
SECONDS = 90.0


class Post:
    """A mail server that kills the worker in the middle of some mails, and counts what it has taken."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.heard = 0
        self.kills = 0
        self.worker: subprocess.Popen[bytes] | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.heard += 1
        assert isinstance(envelope.content, bytes)
        name = str(message_from_bytes(envelope.content)["Message-ID"])
        if self.heard in BEFORE:
            self.kill()
            return "451 never heard by anybody"
        self.taken[name] += 1
        if self.heard in AFTER:
            self.kill()
        return "250 OK"

    def kill(self) -> None:
        """Kill the worker at once."""
        assert self.worker is not None
        self.worker.kill()
        self.worker.wait()
        self.kills += 1


def start_worker() -> subprocess.Popen[bytes]:
    """Start a worker with one process, so that a kill ends all of it."""
    command = [sys.executable, "-m", "celery", "-A", "tracking", "worker", "--pool", "solo", "--loglevel", "ERROR"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def owe() -> None:
    """Owe so many notices, each to a reader and about a parcel of its own."""
    for place in range(NOTICES):
        leg = make.leg(f"DRILL{place:05d}")
        subscriber = Subscriber.objects.create(language="en", quiet_from=None, quiet_until=None)
        address = f"reader{place}@example.com"
        contact = Contact.objects.create(
            subscriber=subscriber, channel="email", address=address, confirmed_at=timezone.now()
        )
        Notice.objects.create(contact=contact, shipment=leg.shipment, kind="arrived", due_at=timezone.now())


def let_claims_run_out() -> None:
    """Let five minutes pass for what a dead worker had in hand."""
    gone = timezone.now() - timedelta(seconds=1)
    Notice.objects.filter(state=NoticeState.OWED, claimed_until__isnull=False).update(claimed_until=gone)
    Notice.objects.filter(state=NoticeState.OWED).update(due_at=gone)


def drill(post: Post) -> None:
    """Have everything sent through kills and an emptied broker."""
    post.worker, ends, emptied = start_worker(), time.monotonic() + SECONDS, False
    while Notice.objects.filter(state=NoticeState.OWED).exists():
        assert time.monotonic() < ends, "not everything was sent in time"
        if post.worker.poll() is not None:
            let_claims_run_out()
            post.worker = start_worker()
        if post.kills == 2 and not emptied:
            redis.Redis.from_url(settings.REDIS_URL).flushall()
            emptied = True
        deliver_due.delay()
        time.sleep(1)
    post.kill()


def main() -> None:
    """Run the drill and print what arrived."""
    server = subprocess.Popen(broker.command(settings.BROKER_SOCKET))
    try:
        broker.wait_until_up(settings.REDIS_URL)
        call_command("migrate", verbosity=0)
        owe()
        post = Post()
        controller = Controller(post, hostname="127.0.0.1", port=PORT)
        controller.start()
        drill(post)
        controller.stop()
    finally:
        server.kill()
    twice = sum(count - 1 for count in post.taken.values())
    lost = NOTICES - len(post.taken)
    print(f"{NOTICES} owed, {post.kills - 1} kills: {len(post.taken)} arrived, {lost} lost, {twice} a second time")
    sys.exit(bool(lost) or twice > len(AFTER))


main()
