"""E-mail: plain text and HTML, threaded by parcel, with one-click unsubscribe (RFC 8058)."""

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

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.notifications.channels import smtp
from tracking.notifications.channels.channel import DeliveryReceipt, InvalidContactAddressError, NotificationMessage
from tracking.notifications.channels.mail_look import mail_context
from tracking.typed_input.email_addresses import normalize_email_address

CALENDAR_METHOD_PATTERN: Final = re.compile(rb"^METHOD:([A-Z]+)\s*$", re.MULTILINE)
JSON_SCRIPT_ESCAPES: Final = {ord(character): f"\\u{ord(character):04X}" for character in "<>&"}


class EmailChannel:
    """Sends mails through the site's own mail server."""

    name = "email"
    label = gettext_lazy("Email")
    is_idempotent = True
    max_concurrent = 1

    def is_configured(self) -> bool:
        return bool(settings.EMAIL_BACKEND)

    def clean_address(self, address: str) -> str:
        """Return the address in lower case with an ASCII domain (IDNA 2008), which every mail server accepts."""
        cleaned = normalize_email_address(address)
        if not cleaned.rpartition("@")[0].isascii():
            raise InvalidContactAddressError(
                _("Our emails cannot reach addresses with letters beyond a–z before the @ yet.")
            )
        try:
            validate_email(cleaned)
        except ValidationError as error:
            raise InvalidContactAddressError(_("This is not an email address.")) from error
        if not cleaned.isascii():
            raise InvalidContactAddressError(_("This is not an email address."))
        return cleaned

    def display_address(self, address: str) -> str:
        return address

    def send(self, message: NotificationMessage, address: str) -> DeliveryReceipt:
        return smtp.send_mail(build_mail(message, address))


def build_mail(message: NotificationMessage, address: str) -> EmailMultiAlternatives:
    """Return the mail for a message. Its Message-ID is the same at every attempt, so mailboxes can drop a copy."""
    _name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    context = {**mail_context(message), "json_ld": json_for_script(message.json_ld)}
    mail = EmailMultiAlternatives(
        strip_control_characters(message.subject),
        render(message, "emails/notice.txt", context),
        formataddr((strip_control_characters(message.sender), sender)),
        [address],
        headers=build_headers(message),
    )
    mail.attach_alternative(render(message, "emails/notice.html", context), "text/html")
    if message.calendar_file:
        mail.attach(calendar_attachment(message.calendar_file))
    return mail


def render(message: NotificationMessage, template: str, context: Mapping[str, Any]) -> str:
    """Return a template in the language of a message; a mail is sent while another language may be active."""
    with translation.override(message.language or None):
        return render_to_string(template, dict(context))


def build_headers(message: NotificationMessage) -> dict[str, str]:
    """Return the extra headers of a mail."""
    domain = urlsplit(settings.SITE_URL).hostname or "localhost"
    # All mails about a parcel reply to the same Message-ID, which was never sent: mail programs show them as a thread.
    thread = f"<{short_hash(message.thread_key)}@{domain}>"
    headers = {
        "Message-ID": f"<{short_hash(message.idempotency_key)}@{domain}>",
        "In-Reply-To": thread,
        "References": thread,
        "Auto-Submitted": "auto-generated",
        "Content-Language": message.language,
    }
    if message.unsubscribe_url:
        headers["List-Unsubscribe"] = list_unsubscribe_header(message)
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return {name: strip_control_characters(value) for name, value in headers.items()}


def list_unsubscribe_header(message: NotificationMessage) -> str:
    """Return the one-click URL and, if the site has `UNSUBSCRIBE_MAILBOX`, a mailto link."""
    mailbox = settings.UNSUBSCRIBE_MAILBOX
    token = message.unsubscribe_url.rstrip("/").rpartition("/")[2]
    mailto = f", <mailto:{mailbox}?subject=unsubscribe%20{token}>" if mailbox else ""
    return f"<{message.unsubscribe_url}>{mailto}"


def calendar_attachment(calendar: bytes) -> MIMEText:
    """Return a calendar file as an attachment with its method in the content type (RFC 6047)."""
    part = MIMEText(calendar.decode(), "calendar", "utf-8")
    if match := CALENDAR_METHOD_PATTERN.search(calendar):
        part.set_param("method", match.group(1).decode())
    part.add_header("Content-Disposition", "attachment", filename="arrival.ics")
    return part


def json_for_script(json_ld: Mapping[str, Any] | None) -> str:
    """Return data as JSON that cannot end its `<script>` element; '' without data."""
    return json.dumps(json_ld).translate(JSON_SCRIPT_ESCAPES) if json_ld else ""


def short_hash(text: str) -> str:
    """Return the first 32 hex digits of a SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def strip_control_characters(text: str) -> str:
    """Return text without line breaks and other control characters, so that it cannot inject a header."""
    return " ".join("".join(" " if unicodedata.category(char) == "Cc" else char for char in text).split())
