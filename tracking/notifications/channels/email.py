"""E-mail: plain text and HTML, threaded by parcel, with one-click unsubscription (RFC 8058)."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from email.mime.text import MIMEText
from email.utils import formataddr, parseaddr
from typing import Any, Final
from urllib.parse import urlsplit

import idna
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.notifications.channels import smtp
from tracking.notifications.channels.channel import BadAddress, Message, Receipt

METHOD: Final = re.compile(rb"^METHOD:([A-Z]+)\s*$", re.MULTILINE)
NO_TAGS: Final = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}


class Email:
    """Mails through the site's own mail server."""

    name = "email"
    label = gettext_lazy("E-mail")
    knows_copies = True
    at_once = 1

    def ready(self) -> bool:
        return bool(settings.EMAIL_BACKEND)

    def clean(self, address: str) -> str:
        """Return the address in lower case, its domain as ASCII (IDNA 2008), so that any mail server takes it."""
        name, at, domain = address.strip().lower().rpartition("@")
        if at and name and not name.isascii():
            raise BadAddress(_("Our mails cannot reach addresses with letters beyond a–z before the @ yet."))
        try:
            plain = name + at + (domain if domain.isascii() else idna.encode(domain, uts46=True).decode())
            validate_email(plain)
        except (ValidationError, idna.IDNAError) as trouble:
            raise BadAddress(_("This is no e-mail address.")) from trouble
        return plain

    def shown(self, address: str) -> str:
        return address

    def send(self, message: Message, address: str) -> Receipt:
        return smtp.send(mail_of(message, address))


def mail_of(message: Message, address: str) -> EmailMultiAlternatives:
    """Return the mail. Its Message-ID is the same at every try, so that a second copy is known as one."""
    _name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    context = {"message": message, "structured": as_script(message.structured)}
    mail = EmailMultiAlternatives(
        one_line(message.subject),
        render_to_string("emails/notice.txt", context),
        formataddr((one_line(message.sender), sender)),
        [address],
        headers=headers(message),
    )
    mail.attach_alternative(render_to_string("emails/notice.html", context), "text/html")
    if message.calendar:
        mail.attach(invitation(message.calendar))
    return mail


def headers(message: Message) -> dict[str, str]:
    """Return the headers. All mails about one parcel answer one that nobody ever sent: they make a thread."""
    domain = urlsplit(settings.SITE_URL).hostname or "localhost"
    thread = f"<{digest(message.thread)}@{domain}>"
    found = {
        "Message-ID": f"<{digest(message.identity)}@{domain}>",
        "In-Reply-To": thread,
        "References": thread,
        "Auto-Submitted": "auto-generated",
        "Content-Language": message.language,
        "List-Unsubscribe": ways_to_stop(message),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return {name: one_line(value) for name, value in found.items()}


def ways_to_stop(message: Message) -> str:
    """Return the address that takes one POST and, where the site reads one, the mailbox."""
    mailbox = settings.UNSUBSCRIBE_MAILBOX
    token = message.unsubscribe.rstrip("/").rpartition("/")[2]
    written = f", <mailto:{mailbox}?subject=unsubscribe%20{token}>" if mailbox else ""
    return f"<{message.unsubscribe}>{written}"


def invitation(calendar: bytes) -> MIMEText:
    """Return a calendar file as an attachment that says its method, as calendars want it (RFC 6047)."""
    part = MIMEText(calendar.decode(), "calendar", "utf-8")
    if found := METHOD.search(calendar):
        part.set_param("method", found.group(1).decode())
    part.add_header("Content-Disposition", "attachment", filename="arrival.ics")
    return part


def as_script(structured: Mapping[str, Any] | None) -> str:
    """Return data as JSON that cannot end the script it stands in."""
    return json.dumps(structured).translate(NO_TAGS) if structured else ""


def digest(words: str) -> str:
    """Return a short name for any words."""
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def one_line(words: str) -> str:
    """Return words without line breaks and other control signs: no header can be slipped in."""
    return " ".join("".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in words).split())
