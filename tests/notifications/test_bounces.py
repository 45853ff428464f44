"""Mails that come back: reports in the shapes that mail servers send, and wishes to get no more."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as site
from django.utils import timezone

from tests.notifications.post import Post
from tracking.models import Contact, Leg, Notice
from tracking.notifications.bounces import Taken, take
from tracking.notifications.delivery import deliver

pytestmark = [pytest.mark.django_db, pytest.mark.database]

REPORT = """From: MAILER-DAEMON@mail.example.net
To: parcels@localhost
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.net

Final-Recipient: rfc822; ana@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--b1
Content-Type: {kind}

{returned}
--b1--
"""


@pytest.fixture
def sent(leg: Leg, contact: Contact, post: Post) -> str:
    """Return the headers of a mail that was really sent."""
    Notice.objects.create(contact=contact, shipment=leg.shipment, kind="arrived", due_at=timezone.now())
    deliver("email", timezone.now())
    return "".join(f"{name}: {value}\n" for name, value in post.mails[0].items())


def report(
    headers: str, status: str = "5.1.1", said: str = "550 5.1.1 <ana@example.com> unknown", **more: str
) -> bytes:
    given = {"action": "failed", "kind": "text/rfc822-headers", **more}
    return REPORT.format(status=status, said=said, returned=headers, **given).encode()


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_a_mailbox_that_does_not_exist_is_used_no_more(sent: str, contact: Contact, kind: str) -> None:
    assert take(report(sent, kind=kind)) is Taken.DISABLED

    contact.refresh_from_db()
    assert contact.disabled_because == "bounced"
    assert contact.disabled_after.startswith("500 5.1.1")
    assert "ana@" not in contact.disabled_after


@pytest.mark.parametrize(
    ("status", "action", "worth", "failures"),
    [
        ("5.7.1", "failed", Taken.COUNTED, 1),
        ("5.2.2", "failed", Taken.PASSING, 0),
        ("4.4.7", "failed", Taken.PASSING, 0),
        ("4.4.1", "delayed", Taken.PASSING, 0),
        ("2.0.0", "delivered", Taken.PASSING, 0),
    ],
)
def test_each_report_has_its_weight(
    sent: str, contact: Contact, status: str, action: str, worth: Taken, failures: int
) -> None:
    assert take(report(sent, status, "no", action=action)) is worth

    contact.refresh_from_db()
    assert (contact.failures, contact.disabled_at) == (failures, None)


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\xff\xfe not a mail",
        b"From: ana@example.com\nSubject: Where is my parcel?\n\nHello",
        b"From: ana@example.com\nSubject: unsubscribe 1:forged\n\n",
        report("From: x@example.com\nSubject: not ours\n"),
        report("List-Unsubscribe: <https://example.com/stop/1:forged/>\n"),
    ],
)
def test_what_proves_nothing_changes_nothing(contact: Contact, mail: bytes) -> None:
    assert take(mail) is Taken.UNKNOWN

    contact.refresh_from_db()
    assert (contact.failures, contact.disabled_at) == (0, None)


def test_a_reader_can_stop_by_mail(leg: Leg, contact: Contact, post: Post, settings: Any) -> None:
    settings.UNSUBSCRIBE_MAILBOX = "stop@example.com"
    Notice.objects.create(contact=contact, shipment=leg.shipment, kind="arrived", due_at=timezone.now())
    deliver("email", timezone.now())
    wish = str(post.mails[0]["List-Unsubscribe"]).partition("?subject=")[2].rstrip(">").replace("%20", " ")

    assert take(f"From: ana@example.com\nSubject: {wish}\n\n".encode()) is Taken.STOPPED

    contact.refresh_from_db()
    assert contact.disabled_because == "stopped"


def test_a_mail_server_can_pipe_mails_into_the_command() -> None:
    command = [sys.executable, str(site.BASE_DIR / "manage.py"), "take_mail"]

    done = subprocess.run(command, input=b"Subject: Hello\n\n", capture_output=True, check=True)

    assert done.stdout.decode().strip().endswith(Taken.UNKNOWN)
