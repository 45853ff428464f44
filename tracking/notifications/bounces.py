"""Process mails sent to us: delivery reports (RFC 3464) and requests to unsubscribe.

Anybody can write to a mailbox, so neither the sender nor the address in a report proves anything. The proof is our own
signed link: each of our mails has it in `List-Unsubscribe`, and a report returns it with the headers of that mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from email.message import Message as Mail
from email.policy import default
from enum import StrEnum
from typing import Final

from django.core.signing import BadSignature

from tracking.models import Contact
from tracking.models.texts import DisabledReason
from tracking.notifications.channels.channel import DeadAddressError, MessageRejectedError
from tracking.notifications.channels.smtp import error_from_reply
from tracking.notifications.delivery import count_failure, disable_contact
from tracking.notifications.texts import contact_id_from_token

UNSUBSCRIBE_LINK_PATTERN: Final = re.compile(r"/stop/([\w:-]+)")
UNSUBSCRIBE_SUBJECT_PATTERN: Final = re.compile(r"^unsubscribe ([\w:-]+)$")


class MailResult(StrEnum):
    """What a processed mail changed; `manage.py take_mail` prints the values."""

    UNSUBSCRIBED = "the reader gets no more"
    ADDRESS_DISABLED = "the address is used no more"
    FAILURE_COUNTED = "a failure more for the address"
    TEMPORARY = "a delay, which will pass"
    IGNORED = "neither a report about a mail of ours nor a wish"


def process_mail(raw_mail: bytes) -> MailResult:
    """Process one raw mail: unsubscribe, disable an address, count a failure, or do nothing."""
    mail = message_from_bytes(raw_mail, policy=default)
    if match := UNSUBSCRIBE_SUBJECT_PATTERN.match(str(mail.get("Subject", "")).strip()):
        return unsubscribe(match.group(1))
    contact = contact_of_report(mail)
    if contact is None:
        return MailResult.IGNORED
    for error in delivery_failures(mail):
        if isinstance(error, DeadAddressError):
            disable_contact(contact, DisabledReason.BOUNCED, str(error))
            return MailResult.ADDRESS_DISABLED
        if isinstance(error, MessageRejectedError):
            count_failure(contact, str(error))
            return MailResult.FAILURE_COUNTED
    return MailResult.TEMPORARY


def unsubscribe(token: str) -> MailResult:
    """Disable the contact that a signed token names."""
    try:
        pk = contact_id_from_token(token)
    except BadSignature:
        return MailResult.IGNORED
    disabled_count = Contact.objects.filter(pk=pk).disable(DisabledReason.UNSUBSCRIBED)
    return MailResult.UNSUBSCRIBED if disabled_count else MailResult.IGNORED


def contact_of_report(mail: Mail) -> Contact | None:
    """Return the contact that a report is about, by the signed link in the returned headers; None if there is none."""
    for headers in returned_headers(mail):
        if link := UNSUBSCRIBE_LINK_PATTERN.search(str(headers.get("List-Unsubscribe", ""))):
            try:
                return Contact.objects.filter(pk=contact_id_from_token(link.group(1))).first()
            except BadSignature:
                return None
    return None


def returned_headers(mail: Mail) -> Iterator[Mail]:
    """Yield the original mails that a report returns, complete or headers only."""
    for part in mail.walk():
        if part.get_content_type() == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            yield message_from_string(text.decode(errors="replace") if isinstance(text, bytes) else "", policy=default)
        elif part.get_content_type() == "message/rfc822" and part.is_multipart():
            original = part.get_payload(0)
            if isinstance(original, Mail):
                yield original


def delivery_failures(mail: Mail) -> Iterator[Exception]:
    """Yield the delivery error of each failed recipient in a report."""
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status" or not part.is_multipart():
            continue
        for block in part.get_payload():
            if isinstance(block, Mail) and str(block.get("Action", "")).strip().lower() == "failed":
                status = str(block.get("Status", "5.0.0")).split()[0]
                diagnostic = re.sub(r"\S+@\S+", "…", str(block.get("Diagnostic-Code", "")))
                yield error_from_reply(400 if status.startswith("4") else 500, f"{status} {diagnostic}".strip())
