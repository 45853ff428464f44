"""Mails that come back: a report that one could not be delivered (RFC 3464), or a wish to get no more.

Anybody can write to a mailbox, so neither the sender nor the address in a report proves anything. What proves it is our
own signed link, which each of our mails bears in `List-Unsubscribe` and a report returns with the mail's headers.
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
from tracking.models.texts import Disabled
from tracking.notifications.channels.channel import Gone, Refused
from tracking.notifications.channels.smtp import verdict
from tracking.notifications.delivery import count_failure, disable
from tracking.notifications.texts import contact_of_token

LINK: Final = re.compile(r"/stop/([\w:-]+)")
WISH: Final = re.compile(r"^unsubscribe ([\w:-]+)$")


class Taken(StrEnum):
    """What a mail that came back was worth."""

    STOPPED = "the reader gets no more"
    DISABLED = "the address is used no more"
    COUNTED = "a failure more for the address"
    PASSING = "a delay, which will pass"
    UNKNOWN = "neither a report about a mail of ours nor a wish"


def take(raw: bytes) -> Taken:
    """Read one mail and do what it says."""
    mail = message_from_bytes(raw, policy=default)
    if wish := WISH.match(str(mail.get("Subject", "")).strip()):
        return stop(wish.group(1))
    contact = contact_of(mail)
    if contact is None:
        return Taken.UNKNOWN
    for status in failures(mail):
        if isinstance(status, Gone):
            disable(contact, Disabled.BOUNCED, str(status))
            return Taken.DISABLED
        if isinstance(status, Refused):
            count_failure(contact, str(status))
            return Taken.COUNTED
    return Taken.PASSING


def stop(token: str) -> Taken:
    """End all notices to the address that a signed wish names."""
    try:
        pk = contact_of_token(token)
    except BadSignature:
        return Taken.UNKNOWN
    found = Contact.objects.filter(pk=pk).disable(Disabled.STOPPED)
    return Taken.STOPPED if found else Taken.UNKNOWN


def contact_of(mail: Mail) -> Contact | None:
    """Return the address that a report is about, known by the link in the headers that came back."""
    for headers in returned(mail):
        if link := LINK.search(str(headers.get("List-Unsubscribe", ""))):
            try:
                return Contact.objects.filter(pk=contact_of_token(link.group(1))).first()
            except BadSignature:
                return None
    return None


def returned(mail: Mail) -> Iterator[Mail]:
    """Yield the headers of the mails that a report gives back, whole or without their text."""
    for part in mail.walk():
        if part.get_content_type() == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            yield message_from_string(text.decode(errors="replace") if isinstance(text, bytes) else "", policy=default)
        elif part.get_content_type() == "message/rfc822" and part.is_multipart():
            inner = part.get_payload(0)
            if isinstance(inner, Mail):
                yield inner


def failures(mail: Mail) -> Iterator[Exception]:
    """Yield what a report says of each recipient whose mail failed: dead, refused, or only late."""
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status" or not part.is_multipart():
            continue
        for block in part.get_payload():
            if isinstance(block, Mail) and str(block.get("Action", "")).strip().lower() == "failed":
                status = str(block.get("Status", "5.0.0")).split()[0]
                said = re.sub(r"\S+@\S+", "…", str(block.get("Diagnostic-Code", "")))
                yield verdict(400 if status.startswith("4") else 500, f"{status} {said}".strip())
