"""Delivery reports in the formats that mail servers send, and requests to unsubscribe."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as site
from django.utils import timezone

from tests.notifications.mail_server import MailServer
from tests.notifications.page_states import let_page_say
from tracking.models import Contact, Leg, Notice
from tracking.notifications.bounces import MailResult, process_mail
from tracking.notifications.delivery import deliver_due_notices
from tracking.vocabulary import NoticeKind

pytestmark = [pytest.mark.django_db, pytest.mark.database]

BOUNCE_REPORT = """From: MAILER-DAEMON@mail.example.net
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
Diagnostic-Code: smtp; {diagnostic}

--b1
Content-Type: {kind}

{returned}
--b1--
"""


@pytest.fixture
def sent_headers(leg: Leg, contact: Contact, mail_server: MailServer) -> str:
    """Return the headers of a mail that was really sent."""
    let_page_say(NoticeKind.ARRIVED, leg.shipment)
    Notice.objects.create(contact=contact, shipment=leg.shipment, kind="arrived", due_at=timezone.now())
    deliver_due_notices("email", timezone.now())
    return "".join(f"{name}: {value}\n" for name, value in mail_server.mails[0].items())


def make_report(
    headers: str, status: str = "5.1.1", diagnostic: str = "550 5.1.1 <ana@example.com> unknown", **overrides: str
) -> bytes:
    fields = {"action": "failed", "kind": "text/rfc822-headers", **overrides}
    return BOUNCE_REPORT.format(status=status, diagnostic=diagnostic, returned=headers, **fields).encode()


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_contact_of_a_missing_mailbox_is_disabled(sent_headers: str, contact: Contact, kind: str) -> None:
    assert process_mail(make_report(sent_headers, kind=kind)) is MailResult.ADDRESS_DISABLED

    contact.refresh_from_db()
    assert contact.disabled_reason == "bounced"
    assert contact.disabled_detail.startswith("500 5.1.1")
    assert "ana@" not in contact.disabled_detail


@pytest.mark.parametrize(
    ("status", "action", "result", "failures"),
    [
        ("5.7.1", "failed", MailResult.FAILURE_COUNTED, 1),
        ("5.2.2", "failed", MailResult.TEMPORARY, 0),
        ("4.4.7", "failed", MailResult.TEMPORARY, 0),
        ("4.4.1", "delayed", MailResult.TEMPORARY, 0),
        ("2.0.0", "delivered", MailResult.TEMPORARY, 0),
    ],
)
def test_each_status_of_a_report_has_its_result(
    sent_headers: str, contact: Contact, status: str, action: str, result: MailResult, failures: int
) -> None:
    assert process_mail(make_report(sent_headers, status, "no", action=action)) is result

    contact.refresh_from_db()
    assert (contact.consecutive_failures, contact.disabled_at) == (failures, None)


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\xff\xfe not a mail",
        b"From: ana@example.com\nSubject: Where is my parcel?\n\nHello",
        b"From: ana@example.com\nSubject: unsubscribe 1:forged\n\n",
        make_report("From: x@example.com\nSubject: not ours\n"),
        make_report("List-Unsubscribe: <https://example.com/stop/1:forged/>\n"),
    ],
)
def test_mail_without_our_signature_changes_nothing(contact: Contact, mail: bytes) -> None:
    assert process_mail(mail) is MailResult.IGNORED

    contact.refresh_from_db()
    assert (contact.consecutive_failures, contact.disabled_at) == (0, None)


def test_reader_can_unsubscribe_by_mail(leg: Leg, contact: Contact, mail_server: MailServer, settings: Any) -> None:
    settings.UNSUBSCRIBE_MAILBOX = "stop@example.com"
    let_page_say(NoticeKind.ARRIVED, leg.shipment)
    Notice.objects.create(contact=contact, shipment=leg.shipment, kind="arrived", due_at=timezone.now())
    deliver_due_notices("email", timezone.now())
    subject = str(mail_server.mails[0]["List-Unsubscribe"]).partition("?subject=")[2].rstrip(">").replace("%20", " ")

    assert process_mail(f"From: ana@example.com\nSubject: {subject}\n\n".encode()) is MailResult.UNSUBSCRIBED

    contact.refresh_from_db()
    assert contact.disabled_reason == "unsubscribed"


def test_mail_server_can_pipe_mails_into_the_command() -> None:
    command = [sys.executable, str(site.BASE_DIR / "manage.py"), "take_mail"]

    process = subprocess.run(command, input=b"Subject: Hello\n\n", capture_output=True, check=True)

    assert process.stdout.decode().strip().endswith(MailResult.IGNORED)
