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

FOLDER = Path(tempfile.mkdtemp(prefix="landfall-drill-"))
PORT, WEB = 2599, 2598
os.environ |= {
    "DATA_DIR": str(FOLDER),
    "EMAIL_URL": f"smtp://127.0.0.1:{PORT}",
    "MESSENGERS": json.dumps({"sms": f"json://127.0.0.1:{WEB}/{{to}}"}),
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

from tests import make  # noqa: E402
from tracking import broker  # noqa: E402
from tracking.models import Contact, Notice, Subscriber  # noqa: E402
from tracking.models.notices import NoticeState  # noqa: E402
from tracking.tasks import deliver_due  # noqa: E402

NOTICES = 60
BEFORE = (5, 20)
AFTER = (12, 33, 47)
SECONDS = 90.0


class Receiver:
    """The other side: kills the worker in the middle of some messages, and counts by name what it has taken."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.heard = 0
        self.kills = 0
        self.worker: subprocess.Popen[bytes] | None = None
        self.one_by_one = threading.Lock()

    def take(self, name: str) -> bool:
        """Take a message, or have its worker die first; tell whether it was taken."""
        with self.one_by_one:
            self.heard += 1
            if self.heard in BEFORE:
                self.kill()
                return False
            self.taken[name] += 1
            if self.heard in AFTER:
                self.kill()
            return True

    def kill(self) -> None:
        """Kill the worker at once."""
        assert self.worker is not None
        self.worker.kill()
        self.worker.wait()
        self.kills += 1


class Post(Receiver):
    """A mail server."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        taken = self.take(str(message_from_bytes(envelope.content)["Message-ID"]))
        return "250 OK" if taken else "451 never heard by anybody"


@contextmanager
def mail_server() -> Iterator[Receiver]:
    """Run a mail server."""
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=PORT)
    controller.start()
    yield post
    controller.stop()


@contextmanager
def web_server() -> Iterator[Receiver]:
    """Run a server that takes posts: its name for a message is the key that came with it, else the address."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            taken = receiver.take(self.headers.get("Idempotency-Key") or self.path)
            self.send_response(200 if taken else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", WEB), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield receiver
    server.shutdown()
    server.server_close()


IDEMPOTENT = {"email": False, "sms": False, "webhook": True}
"""Whether the other side knows a copy by its key; elsewhere each kill may cost one second message, and no more."""
CHANNELS = {
    "email": (mail_server, "reader{place}@example.com"),
    "sms": (web_server, "+4915112{place:06d}"),
    "webhook": (web_server, f"http://127.0.0.1:{WEB}/reader{{place}}"),
}


def start_worker() -> subprocess.Popen[bytes]:
    """Start a worker with one process, so that a kill ends all of it."""
    command = [sys.executable, "-m", "celery", "-A", "tracking", "worker", "--pool", "solo", "--loglevel", "ERROR"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def owe(channel: str, address: str) -> None:
    """Owe so many notices on a channel, each to a reader and about a parcel of its own."""
    for place in range(NOTICES):
        leg = make.leg(f"{channel[:3].upper()}RILL{place:05d}")
        subscriber = Subscriber.objects.create(language="en", quiet_from=None, quiet_until=None)
        contact = Contact.objects.create(
            subscriber=subscriber, channel=channel, address=address.format(place=place), confirmed_at=timezone.now()
        )
        Notice.objects.create(contact=contact, shipment=leg.shipment, kind="arrived", due_at=timezone.now())


def let_claims_run_out() -> None:
    """Let two minutes pass for what a dead worker had in hand."""
    gone = timezone.now() - timedelta(seconds=1)
    Notice.objects.filter(state=NoticeState.OWED, claimed_until__isnull=False).update(claimed_until=gone)
    Notice.objects.filter(state=NoticeState.OWED).update(due_at=gone)


def drill(post: Receiver) -> None:
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
    """Run the drill on each channel and print what arrived."""
    server, failed = subprocess.Popen(broker.command(settings.BROKER_SOCKET)), False
    try:
        broker.wait_until_up(settings.REDIS_URL)
        call_command("migrate", verbosity=0)
        for channel, (start, address) in CHANNELS.items():
            owe(channel, address)
            with start() as receiver:
                drill(receiver)
            twice, lost = receiver.taken.total() - len(receiver.taken), NOTICES - len(receiver.taken)
            outcome = f"{len(receiver.taken)} arrived, {lost} lost, {twice} a second time"
            print(f"{channel}: {NOTICES} owed, {receiver.kills - 1} kills: {outcome}", flush=True)
            failed |= bool(lost) or (not IDEMPOTENT[channel] and twice > len(AFTER))
    finally:
        server.kill()
    sys.exit(failed)


main()
