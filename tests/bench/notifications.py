"""Rows 16 and 17: the delay from a stored event to its mail, and the memory used by sending 100,000 notices."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
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
from tracking.models import Contact, Follow, Notice, Payload, Shipment, Subscriber
from tracking.models.notices import NoticeState, address_key
from tracking.models.payloads import ReceivedVia
from tracking.notifications.delivery import deliver_due_notices

EVENTS_PER_SECOND: Final = 50
DURATION_SECONDS: Final = 30
EVENTS_PER_BATCH: Final = 10
NOTICE_COUNT: Final = int(os.environ.get("NOTICES", "100000"))
SHIPMENT_COUNT: Final = 1_000
INSERT_NOTICES: Final = """
INSERT INTO tracking_notice
    (contact_id, shipment_id, kind, dedupe_key, facts, state, enqueued_at, due_at, attempts, last_error)
SELECT contact.id, shipment.id, 'arrived', '', '{}', 'pending', now(), now(), 0, ''
FROM tracking_contact AS contact CROSS JOIN tracking_shipment AS shipment
LIMIT %s
"""


class MailServer:
    """A mail server that records when it received the mail for each address."""

    def __init__(self) -> None:
        self.received_at: dict[str, float] = {}
        self.count = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.count += 1
        self.received_at[envelope.rcpt_tos[0]] = time.time()
        return "250 OK"


@contextmanager
def run_mail_server(mail_server: MailServer) -> Iterator[int]:
    """Run a mail server and yield its port."""
    port = free_port()
    controller = Controller(mail_server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def run_worker(port: int) -> Iterator[None]:
    """Run one worker with embedded beat, as an installation does, on this run's database and broker."""
    server = urlsplit(os.environ["DATABASE_URL"])
    database_url = urlunsplit(server._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
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
    """Create a parcel, and a subscriber who follows its order by e-mail."""
    order = factories.create_order()
    factories.create_leg(tracking_number(index), for_order=order)
    subscriber = Subscriber.objects.create(language="en", quiet_from_hour=None, quiet_until_hour=None)
    address = f"reader{index}@example.com"
    Contact.objects.create(subscriber=subscriber, channel="email", address=address, confirmed_at=timezone.now())
    Follow.objects.create(subscriber=subscriber, order=order, confirmed_at=timezone.now())


def tracking_number(index: int) -> str:
    """Return the tracking number of a parcel of this benchmark."""
    return f"LY{index:09d}CN"


def create_answer_payload(index: int) -> Payload:
    """Store an answer with one event that happened a minute ago."""
    occurred_at = (timezone.now() - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    body = json.dumps(
        factories.build_answer_json(tracking_number(index), events=(factories.build_event_json(occurred_at),))
    ).encode()
    feed = factories.create_feed()
    payload, _created = Payload.objects.store(feed, body, ReceivedVia.POLL, timezone.now(), [tracking_number(index)])
    return Payload.objects.select_related("carrier").get(pk=payload.pk)


def event_to_channel_row() -> Row:
    """Measure row 16: fifty events per second for half a minute, each followed by one mail to another subscriber."""
    mail_server, stored_at = MailServer(), dict[str, float]()
    for index in range(EVENTS_PER_SECOND * DURATION_SECONDS):
        create_followed_shipment(index)
    with run_mail_server(mail_server) as port, run_worker(port):
        started_at = time.time()
        for first in range(0, EVENTS_PER_SECOND * DURATION_SECONDS, EVENTS_PER_BATCH):
            time.sleep(max(0.0, started_at + first / EVENTS_PER_SECOND - time.time()))
            batch = range(first, first + EVENTS_PER_BATCH)
            process_payloads([create_answer_payload(index) for index in batch])
            stored_at |= {f"reader{index}@example.com": time.time() for index in batch}
        seconds = time.time() - started_at
        wait_for(lambda: len(mail_server.received_at) >= len(stored_at))
    delays = sorted(mail_server.received_at.get(address, float("inf")) - at for address, at in stored_at.items())
    details = {
        "events_per_second": f"{len(stored_at) / seconds:.1f}",
        "median": f"{statistics.median(delays):.2f} s",
        "longest": f"{delays[-1]:.2f} s",
        "arrived": len(mail_server.received_at),
    }
    return Row(16, "event to channel, 95th percentile, seconds", delays[int(len(delays) * 0.95)], 5, False, details)


def wait_for(is_done: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until `is_done` returns True, for at most `seconds`."""
    deadline = time.time() + seconds
    while not is_done() and time.time() < deadline:
        time.sleep(0.1)


def resident_mib() -> float:
    """Return this process's resident memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def outbox_memory_row() -> Row:
    """Measure row 17: the growth of memory between the first tenth of the notices and the last notice."""
    Notice.objects.all().delete()
    for index in range(SHIPMENT_COUNT):
        factories.create_leg(f"DR{index:09d}CN")
    Shipment.objects.update(milestone="import_customs")
    subscribers = Subscriber.objects.bulk_create(
        Subscriber(token=f"drain{index}", language="en") for index in range(NOTICE_COUNT // SHIPMENT_COUNT + 1)
    )
    addresses = [(subscriber, f"drain{subscriber.pk}@example.com") for subscriber in subscribers]
    Contact.objects.all().delete()
    Contact.objects.bulk_create(
        Contact(
            subscriber=subscriber,
            channel="email",
            address=address,
            address_key=address_key(address),
            confirmed_at=timezone.now(),
        )
        for subscriber, address in addresses
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT_NOTICES, [NOTICE_COUNT])
        cursor.execute("ANALYZE tracking_notice")
    mail_server, delivered, early_mib = MailServer(), 0, 0.0
    with run_mail_server(mail_server) as port:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        started_at = time.time()
        while count := deliver_due_notices("email", timezone.now()):
            delivered += count
            early_mib = early_mib or (resident_mib() if delivered >= NOTICE_COUNT // 10 else 0.0)
        seconds = time.time() - started_at
    sent = Notice.objects.filter(state=NoticeState.SENT).count()
    details = {
        "sent": sent,
        "arrived": mail_server.count,
        "a_second": round(sent / seconds),
        "memory": f"{resident_mib():.0f} MiB",
    }
    return Row(
        17, f"memory after {NOTICE_COUNT:,} notices / after a tenth", resident_mib() / early_mib, 1.1, False, details
    )
