"""Kill workers in the middle of sending notices, and count what arrives: `make drill`.

A real worker, broker and database send to a mail server, an SMS provider behind HTTP and a subscriber's webhook, one
after the other. The worker gets SIGKILL while the receiver holds a message: before the receiver has accepted it, and
after that but before the worker gets the answer. The broker is flushed once. Then the claims of the dead workers
expire, new workers send the rest, and the arrived messages are counted: none may be lost, and each kill may cause one
duplicate.
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
from tracking.models import Contact, Notice, Shipment, Subscriber  # noqa: E402
from tracking.models.notices import NoticeState  # noqa: E402
from tracking.tasks import enqueue_due_deliveries  # noqa: E402

NOTICE_COUNT = 60
KILL_BEFORE_ACCEPT = (5, 20)
KILL_AFTER_ACCEPT = (12, 33, 47)
TIMEOUT_SECONDS = 90.0


class Receiver:
    """A receiver that kills the worker during some messages and counts the accepted messages by id."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.attempts = 0
        self.kill_count = 0
        self.worker: subprocess.Popen[bytes] | None = None
        self.lock = threading.Lock()

    def accept_message(self, message_id: str) -> bool:
        """Accept a message and return True, or kill the worker first and return False."""
        with self.lock:
            self.attempts += 1
            if self.attempts in KILL_BEFORE_ACCEPT:
                self.kill_worker()
                return False
            self.accepted[message_id] += 1
            if self.attempts in KILL_AFTER_ACCEPT:
                self.kill_worker()
            return True

    def kill_worker(self) -> None:
        """Kill the worker with SIGKILL and wait until it is gone."""
        assert self.worker is not None
        self.worker.kill()
        self.worker.wait()
        self.kill_count += 1


class MailServer(Receiver):
    """A receiver that speaks SMTP."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        is_accepted = self.accept_message(str(message_from_bytes(envelope.content)["Message-ID"]))
        return "250 OK" if is_accepted else "451 the worker is dead"


@contextmanager
def run_mail_server() -> Iterator[Receiver]:
    """Run a mail server."""
    mail_server = MailServer()
    controller = Controller(mail_server, hostname="127.0.0.1", port=MAIL_PORT)
    controller.start()
    yield mail_server
    controller.stop()


@contextmanager
def run_web_server() -> Iterator[Receiver]:
    """Run an HTTP server. It identifies a message by its idempotency key, else by the path it was posted to."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_accepted = receiver.accept_message(self.headers.get("Idempotency-Key") or self.path)
            self.send_response(200 if is_accepted else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Do not log requests."""

    server = ThreadingHTTPServer(("127.0.0.1", WEB_PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield receiver
    server.shutdown()
    server.server_close()


SUPPORTS_IDEMPOTENCY_KEY = {"email": False, "sms": False, "webhook": True}
"""Whether the receiver recognises a repeated message by its key. Elsewhere each kill may cause one duplicate."""
CHANNELS = {
    "email": (run_mail_server, "reader{index}@example.com"),
    "sms": (run_web_server, "+4915112{index:06d}"),
    "webhook": (run_web_server, f"http://127.0.0.1:{WEB_PORT}/reader{{index}}"),
}


def start_worker() -> subprocess.Popen[bytes]:
    """Start a worker with one process, so that a kill ends all of it."""
    command = [sys.executable, "-m", "celery", "-A", "tracking", "worker", "--pool", "solo", "--loglevel", "ERROR"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def enqueue_notices(channel: str, address_pattern: str) -> None:
    """Enqueue `NOTICE_COUNT` notices on a channel, each for its own subscriber and parcel."""
    for index in range(NOTICE_COUNT):
        leg = factories.create_leg(f"{channel[:3].upper()}RILL{index:05d}")
        Shipment.objects.filter(pk=leg.shipment_id).update(milestone="import_customs")
        subscriber = Subscriber.objects.create(language="en", quiet_from_hour=None, quiet_until_hour=None)
        address = address_pattern.format(index=index)
        contact = Contact.objects.create(
            subscriber=subscriber, channel=channel, address=address, confirmed_at=timezone.now()
        )
        Notice.objects.create(contact=contact, shipment=leg.shipment, kind="arrived", due_at=timezone.now())


def expire_claims() -> None:
    """Expire the claims of a dead worker and make all pending notices due, instead of waiting two minutes."""
    past = timezone.now() - timedelta(seconds=1)
    Notice.objects.filter(state=NoticeState.PENDING, claimed_until__isnull=False).update(claimed_until=past)
    Notice.objects.filter(state=NoticeState.PENDING).update(due_at=past)


def run_drill(receiver: Receiver) -> None:
    """Run workers until every notice is sent, replacing killed ones and flushing the broker once."""
    receiver.worker, deadline, is_flushed = start_worker(), time.monotonic() + TIMEOUT_SECONDS, False
    while Notice.objects.filter(state=NoticeState.PENDING).exists():
        assert time.monotonic() < deadline, "not everything was sent in time"
        if receiver.worker.poll() is not None:
            expire_claims()
            receiver.worker = start_worker()
        if receiver.kill_count == 2 and not is_flushed:
            redis.Redis.from_url(settings.REDIS_URL).flushall()
            is_flushed = True
        enqueue_due_deliveries.delay()
        time.sleep(1)
    receiver.kill_worker()


def main() -> None:
    """Run the drill on each channel and print what arrived. Exit with 1 if any channel failed."""
    server, has_failed = subprocess.Popen(broker.server_command(settings.BROKER_SOCKET)), False
    try:
        broker.wait_until_up(settings.REDIS_URL)
        call_command("migrate", verbosity=0)
        for channel, (run_receiver, address_pattern) in CHANNELS.items():
            enqueue_notices(channel, address_pattern)
            with run_receiver() as receiver:
                run_drill(receiver)
            arrived = len(receiver.accepted)
            duplicates, lost = receiver.accepted.total() - arrived, NOTICE_COUNT - arrived
            outcome = f"{arrived} arrived, {lost} lost, {duplicates} a second time"
            print(f"{channel}: {NOTICE_COUNT} enqueued, {receiver.kill_count - 1} kills: {outcome}", flush=True)
            has_failed |= bool(lost) or (not SUPPORTS_IDEMPOTENCY_KEY[channel] and duplicates > len(KILL_AFTER_ACCEPT))
    finally:
        server.kill()
    sys.exit(has_failed)


main()
