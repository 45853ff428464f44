"""Rows 16 and 17: from a stored event to the mail server's hands, and a hundred thousand owed notices sent."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import connection
from django.utils import timezone

from tests import make
from tests.bench.machine import Row
from tests.test_start import free_port
from tracking.ingest.read import read_all
from tracking.models import Contact, Follow, Notice, Payload, Subscriber
from tracking.models.notices import NoticeState, address_key
from tracking.models.payloads import Arrival
from tracking.notifications.delivery import deliver

A_SECOND: Final = 50
SECONDS: Final = 30
TOGETHER: Final = 10
OWED: Final = int(os.environ.get("NOTICES", "100000"))
PARCELS: Final = 1_000
INSERT_NOTICES: Final = """
INSERT INTO tracking_notice (contact_id, shipment_id, kind, episode, facts, state, owed_at, due_at, tries, why)
SELECT contact.id, shipment.id, 'arrived', '', '{}', 'owed', now(), now(), 0, ''
FROM tracking_contact AS contact CROSS JOIN tracking_shipment AS shipment
LIMIT %s
"""


class Post:
    """A mail server that notes when it took a mail for whom; with `waits` it takes its time."""

    def __init__(self, waits: float = 0.0) -> None:
        self.waits = waits
        self.taken: dict[str, float] = {}
        self.count = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.waits)
        self.count += 1
        self.taken[envelope.rcpt_tos[0]] = time.time()
        return "250 OK"


@contextmanager
def post_office(post: Post) -> Iterator[int]:
    """Run a mail server and give its port."""
    port = free_port()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def worker(port: int) -> Iterator[None]:
    """Run one worker with beat inside, as an installation does, on this run's database and broker."""
    server = urlsplit(os.environ["DATABASE_URL"])
    address = urlunsplit(server._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "LOG_LEVEL": "ERROR",
    }
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "celery",
            "--quiet",
            "-A",
            "tracking",
            "worker",
            "--beat",
            "--concurrency",
            "2",
        ]
        command += ["--schedule", str(Path(folder) / "beat"), "--loglevel", "ERROR"]
        process = subprocess.Popen(command, env=environment)
        try:
            time.sleep(6)
            yield
        finally:
            process.terminate()
            process.wait(30)


def followed(place: int) -> None:
    """Make a parcel, and a reader who follows its order."""
    order = make.order()
    make.leg(number_of(place), of=order)
    reader = Subscriber.objects.create(language="en", quiet_from=None, quiet_until=None)
    address = f"reader{place}@example.com"
    Contact.objects.create(subscriber=reader, channel="email", address=address, confirmed_at=timezone.now())
    Follow.objects.create(subscriber=reader, order=order, confirmed_at=timezone.now())


def number_of(place: int) -> str:
    """Return the number of a parcel of this bench."""
    return f"LY{place:09d}CN"


def news_of(place: int) -> Payload:
    """Return a stored answer with one event of a minute ago."""
    at = (timezone.now() - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    body = json.dumps(make.answer(number_of(place), events=(make.event(at),))).encode()
    feed = make.feed()
    kept, _new = Payload.objects.keep(feed, body, Arrival.POLL, timezone.now(), [number_of(place)])
    return Payload.objects.select_related("carrier").get(pk=kept.pk)


def row() -> Row:
    """Measure row 16: fifty events a second for half a minute, each worth a mail to another reader."""
    post, stored = Post(), dict[str, float]()
    for place in range(A_SECOND * SECONDS):
        followed(place)
    with post_office(post) as port, worker(port):
        begun = time.time()
        for first in range(0, A_SECOND * SECONDS, TOGETHER):
            time.sleep(max(0.0, begun + first / A_SECOND - time.time()))
            places = range(first, first + TOGETHER)
            read_all([news_of(place) for place in places])
            stored |= {f"reader{place}@example.com": time.time() for place in places}
        took = time.time() - begun
        wait_for(lambda: len(post.taken) >= len(stored))
    waited = sorted(post.taken.get(reader, float("inf")) - at for reader, at in stored.items())
    details = {
        "events_per_second": f"{len(stored) / took:.1f}",
        "median": f"{statistics.median(waited):.2f} s",
        "longest": f"{waited[-1]:.2f} s",
        "arrived": len(post.taken),
    }
    return Row(16, "event to channel, 95th percentile, seconds", waited[int(len(waited) * 0.95)], 5, False, details)


def wait_for(done: object, seconds: float = 60.0) -> None:
    """Wait until something is so, or for long enough."""
    assert callable(done)
    ends = time.time() + seconds
    while not done() and time.time() < ends:
        time.sleep(0.1)


def resident() -> float:
    """Return this process's memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def drain_row() -> Row:
    """Measure row 17: what memory does between the first tenth of the notices and the last."""
    Notice.objects.all().delete()
    for place in range(PARCELS):
        make.leg(f"DR{place:09d}CN")
    readers = Subscriber.objects.bulk_create(
        Subscriber(token=f"drain{place}", language="en") for place in range(OWED // PARCELS + 1)
    )
    addresses = [(reader, f"drain{reader.pk}@example.com") for reader in readers]
    Contact.objects.all().delete()
    Contact.objects.bulk_create(
        Contact(subscriber=reader, channel="email", address=at, key=address_key(at), confirmed_at=timezone.now())
        for reader, at in addresses
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT_NOTICES, [OWED])
        cursor.execute("ANALYZE tracking_notice")
    post, done, early = Post(), 0, 0.0
    with post_office(post) as port:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        begun = time.time()
        while found := deliver("email", timezone.now()):
            done += found
            early = early or (resident() if done >= OWED // 10 else 0.0)
        took = time.time() - begun
    sent = Notice.objects.filter(state=NoticeState.SENT).count()
    details = {"sent": sent, "arrived": post.count, "a_second": round(sent / took), "memory": f"{resident():.0f} MiB"}
    return Row(17, f"memory after {OWED:,} notices / after a tenth", resident() / early, 1.1, False, details)
