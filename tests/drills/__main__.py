"""The kill drill of notices: `make drill`.

A real worker, broker and database; then a mail server, a provider of text messages behind HTTP, and a reader's own
web address, one after the other. The worker is killed with SIGKILL while the other side holds a message: before it has
taken it, and after it has taken it but before the worker hears so. The broker is emptied on the way. Then the claims
are let run out, and it is counted what arrived.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DATA_FOLDER = Path(tempfile.mkdtemp(prefix="landfall-drill-"))
MAIL_PORT, WEB_PORT = 2599, 2598
os.environ |= {
    "DATA_DIR": str(DATA_FOLDER),
    "EMAIL_URL": f"smtp://127.0.0.1:{MAIL_PORT}",
    "MESSENGERS": json.dumps({"sms": f"json://127.0.0.1:{WEB_PORT}/{{to}}"}),
    "NOTICE_WEBHOOKS": "1",
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

from tests import factories  # noqa: E402
from tracking import broker  # noqa: E402
from tracking.models import Contact, Notice, Subscriber  # noqa: E402
from tracking.models.notices import NoticeState  # noqa: E402
from tracking.tasks import enqueue_due_deliveries  # noqa: E402

NOTICE_COUNT = 60
KILL_BEFORE_ACCEPT = (5, 20)
KILL_AFTER_ACCEPT = (12, 33, 47)
TIMEOUT_SECONDS = 90.0


class Receiver:
    """The other side: kills the worker in the middle of some messages, and counts by name what it has taken."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.attempts = 0
        self.kill_count = 0
        self.worker: subprocess.Popen[bytes] | None = None
        self.lock = threading.Lock()

    def accept_message(self, name: str) -> bool:
        """Take a message, or have its worker die first; tell whether it was taken."""
        with self.lock:
            self.attempts += 1
            if self.attempts in KILL_BEFORE_ACCEPT:
                self.kill_worker()
                return False
            self.accepted[name] += 1
            if self.attempts in KILL_AFTER_ACCEPT:
                self.kill_worker()
            return True

    def kill_worker(self) -> None:
        """Kill the worker at once."""
        assert self.worker is not None
        self.worker.kill()
        self.worker.wait()
        self.kill_count += 1


class MailServer(Receiver):
    """A mail server."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        taken = self.accept_message(str(message_from_bytes(envelope.content)["Message-ID"]))
        return "250 OK" if taken else "451 never heard by anybody"


@contextmanager
def run_mail_server() -> Iterator[Receiver]:
    """Run a mail server."""
    post = MailServer()
    controller = Controller(post, hostname="127.0.0.1", port=MAIL_PORT)
    controller.start()
    yield post
    controller.stop()


@contextmanager
def run_web_server() -> Iterator[Receiver]:
    """Run a server that takes posts: its name for a message is the key that came with it, else the address."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            taken = receiver.accept_message(self.headers.get("Idempotency-Key") or self.path)
            self.send_response(200 if taken else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", WEB_PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield receiver
    server.shutdown()
    server.server_close()


SUPPORTS_IDEMPOTENCY_KEY = {"email": False, "sms": False, "webhook": True}
"""Whether the other side knows a copy by its key; elsewhere each kill may cost one second message, and no more."""
CHANNELS = {
    "email": (run_mail_server, "reader{place}@example.com"),
    "sms": (run_web_server, "+4915112{place:06d}"),
    "webhook": (run_web_server, f"http://127.0.0.1:{WEB_PORT}/reader{{place}}"),
}


def start_worker() -> subprocess.Popen[bytes]:
    """Start a worker with one process, so that a kill ends all of it."""
    command = [sys.executable, "-m", "celery", "-A", "tracking", "worker", "--pool", "solo", "--loglevel", "ERROR"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def enqueue_notices(channel: str, address: str) -> None:
    """Owe so many notices on a channel, each to a reader and about a parcel of its own."""
    for place in range(NOTICE_COUNT):
        leg = factories.create_leg(f"{channel[:3].upper()}RILL{place:05d}")
        subscriber = Subscriber.objects.create(language="en", quiet_from_hour=None, quiet_until_hour=None)
        contact = Contact.objects.create(
            subscriber=subscriber, channel=channel, address=address.format(place=place), confirmed_at=timezone.now()
        )
        Notice.objects.create(contact=contact, shipment=leg.shipment, kind="arrived", due_at=timezone.now())


def expire_claims() -> None:
    """Let two minutes pass for what a dead worker had in hand."""
    gone = timezone.now() - timedelta(seconds=1)
    Notice.objects.filter(state=NoticeState.PENDING, claimed_until__isnull=False).update(claimed_until=gone)
    Notice.objects.filter(state=NoticeState.PENDING).update(due_at=gone)


def run_drill(receiver: Receiver) -> None:
    """Have everything sent through kills and an emptied broker."""
    receiver.worker, ends, emptied = start_worker(), time.monotonic() + TIMEOUT_SECONDS, False
    while Notice.objects.filter(state=NoticeState.PENDING).exists():
        assert time.monotonic() < ends, "not everything was sent in time"
        if receiver.worker.poll() is not None:
            expire_claims()
            receiver.worker = start_worker()
        if receiver.kill_count == 2 and not emptied:
            redis.Redis.from_url(settings.REDIS_URL).flushall()
            emptied = True
        enqueue_due_deliveries.delay()
        time.sleep(1)
    receiver.kill_worker()


def main() -> None:
    """Run the drill on each channel and print what arrived."""
    server, failed = subprocess.Popen(broker.server_command(settings.BROKER_SOCKET)), False
    try:
        broker.wait_until_up(settings.REDIS_URL)
        call_command("migrate", verbosity=0)
        for channel, (start, address) in CHANNELS.items():
            enqueue_notices(channel, address)
            with start() as receiver:
                run_drill(receiver)
            twice, lost = receiver.accepted.total() - len(receiver.accepted), NOTICE_COUNT - len(receiver.accepted)
            outcome = f"{len(receiver.accepted)} arrived, {lost} lost, {twice} a second time"
            print(f"{channel}: {NOTICE_COUNT} owed, {receiver.kill_count - 1} kills: {outcome}", flush=True)
            failed |= bool(lost) or (not SUPPORTS_IDEMPOTENCY_KEY[channel] and twice > len(KILL_AFTER_ACCEPT))
    finally:
        server.kill()
    sys.exit(failed)


main()
