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

from tests import factories
from tests.bench.measurement import Row
from tests.test_start import free_port
from tracking.ingest.process import process_payloads
from tracking.models import Contact, Follow, Notice, Payload, Subscriber
from tracking.models.notices import NoticeState, address_key
from tracking.models.payloads import ReceivedVia
from tracking.notifications.delivery import deliver_due_notices

EVENTS_PER_SECOND: Final = 50
DURATION_SECONDS: Final = 30
EVENTS_PER_BATCH: Final = 10
NOTICE_COUNT: Final = int(os.environ.get("NOTICES", "100000"))
SHIPMENT_COUNT: Final = 1_000
INSERT_NOTICES: Final = """
INSERT INTO tracking_notice (contact_id, shipment_id, kind, episode, facts, state, owed_at, due_at, tries, why)
SELECT contact.id, shipment.id, 'arrived', '', '{}', 'owed', now(), now(), 0, ''
FROM tracking_contact AS contact CROSS JOIN tracking_shipment AS shipment
LIMIT %s
"""


class MailServer:
    """A mail server that notes when it took a mail for whom; with `waits` it takes its time."""

    def __init__(self, delay_seconds: float = 0.0) -> None:
        self.delay_seconds = delay_seconds
        self.received_at: dict[str, float] = {}
        self.count = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.delay_seconds)
        self.count += 1
        self.received_at[envelope.rcpt_tos[0]] = time.time()
        return "250 OK"


@contextmanager
def run_mail_server(mail_server: MailServer) -> Iterator[int]:
    """Run a mail server and give its port."""
    port = free_port()
    controller = Controller(mail_server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def run_worker(port: int) -> Iterator[None]:
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


def create_followed_shipment(index: int) -> None:
    """Make a parcel, and a reader who follows its order."""
    order = factories.create_order()
    factories.create_leg(tracking_number(index), for_order=order)
    reader = Subscriber.objects.create(language="en", quiet_from_hour=None, quiet_until_hour=None)
    address = f"reader{index}@example.com"
    Contact.objects.create(subscriber=reader, channel="email", address=address, confirmed_at=timezone.now())
    Follow.objects.create(subscriber=reader, order=order, confirmed_at=timezone.now())


def tracking_number(index: int) -> str:
    """Return the number of a parcel of this bench."""
    return f"LY{index:09d}CN"


def create_answer_payload(index: int) -> Payload:
    """Return a stored answer with one event of a minute ago."""
    at = (timezone.now() - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    body = json.dumps(
        factories.build_answer_json(tracking_number(index), events=(factories.build_event_json(at),))
    ).encode()
    feed = factories.create_feed()
    kept, _new = Payload.objects.store(feed, body, ReceivedVia.POLL, timezone.now(), [tracking_number(index)])
    return Payload.objects.select_related("carrier").get(pk=kept.pk)


def event_to_channel_row() -> Row:
    """Measure row 16: fifty events a second for half a minute, each worth a mail to another reader."""
    post, stored = MailServer(), dict[str, float]()
    for place in range(EVENTS_PER_SECOND * DURATION_SECONDS):
        create_followed_shipment(place)
    with run_mail_server(post) as port, run_worker(port):
        begun = time.time()
        for first in range(0, EVENTS_PER_SECOND * DURATION_SECONDS, EVENTS_PER_BATCH):
            time.sleep(max(0.0, begun + first / EVENTS_PER_SECOND - time.time()))
            places = range(first, first + EVENTS_PER_BATCH)
            process_payloads([create_answer_payload(place) for place in places])
            stored |= {f"reader{place}@example.com": time.time() for place in places}
        took = time.time() - begun
        wait_for(lambda: len(post.received_at) >= len(stored))
    waited = sorted(post.received_at.get(reader, float("inf")) - at for reader, at in stored.items())
    details = {
        "events_per_second": f"{len(stored) / took:.1f}",
        "median": f"{statistics.median(waited):.2f} s",
        "longest": f"{waited[-1]:.2f} s",
        "arrived": len(post.received_at),
    }
    return Row(16, "event to channel, 95th percentile, seconds", waited[int(len(waited) * 0.95)], 5, False, details)


def wait_for(is_done: object, seconds: float = 60.0) -> None:
    """Wait until something is so, or for long enough."""
    assert callable(is_done)
    ends = time.time() + seconds
    while not is_done() and time.time() < ends:
        time.sleep(0.1)


def resident_mib() -> float:
    """Return this process's memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def outbox_memory_row() -> Row:
    """Measure row 17: what memory does between the first tenth of the notices and the last."""
    Notice.objects.all().delete()
    for place in range(SHIPMENT_COUNT):
        factories.create_leg(f"DR{place:09d}CN")
    readers = Subscriber.objects.bulk_create(
        Subscriber(token=f"drain{place}", language="en") for place in range(NOTICE_COUNT // SHIPMENT_COUNT + 1)
    )
    addresses = [(reader, f"drain{reader.pk}@example.com") for reader in readers]
    Contact.objects.all().delete()
    Contact.objects.bulk_create(
        Contact(
            subscriber=reader, channel="email", address=at, address_key=address_key(at), confirmed_at=timezone.now()
        )
        for reader, at in addresses
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT_NOTICES, [NOTICE_COUNT])
        cursor.execute("ANALYZE tracking_notice")
    post, done, early = MailServer(), 0, 0.0
    with run_mail_server(post) as port:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        begun = time.time()
        while found := deliver_due_notices("email", timezone.now()):
            done += found
            early = early or (resident_mib() if done >= NOTICE_COUNT // 10 else 0.0)
        took = time.time() - begun
    sent = Notice.objects.filter(state=NoticeState.SENT).count()
    details = {
        "sent": sent,
        "arrived": post.count,
        "a_second": round(sent / took),
        "memory": f"{resident_mib():.0f} MiB",
    }
    return Row(
        17, f"memory after {NOTICE_COUNT:,} notices / after a tenth", resident_mib() / early, 1.1, False, details
    )
