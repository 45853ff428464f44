"""The line to the mail server: kept between mails, aware of how far a conversation came, and what its answers mean."""

from __future__ import annotations

import re
import smtplib
import threading
import time
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from tracking.notifications.channels.channel import (
    DeadAddressError,
    DeliveryError,
    DeliveryReceipt,
    MessageRejectedError,
    TemporaryDeliveryError,
    UnconfirmedDeliveryError,
)

DJANGO_SMTP_BACKEND: Final = "django.core.mail.backends.smtp.EmailBackend"
LAST_REPLY_BACKEND: Final = "tracking.notifications.channels.smtp.LastReplyEmailBackend"
MAX_IDLE_SECONDS: Final = 20
"""Servers hang up on who is silent for long."""
START_MAIL_INPUT: Final = 354
ENHANCED_STATUS_PATTERN: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
DEAD_ADDRESS_STATUSES: Final = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
"""No such mailbox, no such system, no address, moved away, takes no mail, disabled (RFC 3463, RFC 7505)."""
MAILBOX_FULL_STATUS: Final = "5.2.2"
UNKNOWN_RECIPIENT_PATTERN: Final = re.compile(
    r"(user|recipient|mailbox|address|account)\b.*\b(unknown|not found|unavailable|does(n't| not) exist|disabled)"
    r"|(unknown|no such) (user|recipient|mailbox|address|account)|not a valid (user|recipient|mailbox)",
    re.IGNORECASE | re.DOTALL,
)


class LastReplySmtp(smtplib.SMTP):
    """Remembers the server's last answer. After 354 the mail is under way, and only the next answer tells its fate."""

    last_code = 0
    last_reply = b""

    def getreply(self) -> tuple[int, bytes]:
        self.last_code, self.last_reply = super().getreply()
        return self.last_code, self.last_reply


class LastReplySmtpTls(LastReplySmtp, smtplib.SMTP_SSL):
    """The same under TLS from the first byte."""


class LastReplyEmailBackend(EmailBackend):
    """Django's own, with lines that remember."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return LastReplySmtpTls if self.use_ssl else LastReplySmtp


class ThreadConnection(threading.local):
    """Each thread's open line, the settings that it was opened with, and when it was used (seconds, monotonic)."""

    backend: BaseEmailBackend | None = None
    opened_with: tuple[Any, ...] = ()
    used_at = 0.0


THREAD_CONNECTION: Final = ThreadConnection()


def send_mail(mail: EmailMessage) -> DeliveryReceipt:
    """Send a mail to its one recipient. Raise `Later`, `Doubtful`, `Gone` or `Refused`, without the address in it."""
    try:
        mail.connection = backend = open_connection()
    except (smtplib.SMTPException, OSError) as trouble:
        raise TemporaryDeliveryError(
            f"the mail server cannot be used: {type(trouble).__name__}: {trouble}"[:300]
        ) from trouble
    try:
        mail.send()
    except (smtplib.SMTPException, OSError) as trouble:
        meaning = delivery_error_from(trouble, backend)
        if not isinstance(trouble, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError):
            close_connection()
        raise without_address(mail.to[0], meaning) from trouble
    THREAD_CONNECTION.used_at = time.monotonic()
    line = smtp_connection_of(backend)
    return DeliveryReceipt(line.last_reply.decode(errors="replace") if line else "")


def open_connection() -> BaseEmailBackend:
    """Return a line that is open, or a new one. Raises what `smtplib` raises."""
    wanted = (settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_HOST_USER)
    stale = THREAD_CONNECTION.opened_with != wanted or time.monotonic() - THREAD_CONNECTION.used_at > MAX_IDLE_SECONDS
    if THREAD_CONNECTION.backend is None or stale or not is_connected(THREAD_CONNECTION.backend):
        close_connection()
        backend = get_connection(
            LAST_REPLY_BACKEND if settings.EMAIL_BACKEND == DJANGO_SMTP_BACKEND else settings.EMAIL_BACKEND
        )
        backend.open()
        THREAD_CONNECTION.backend, THREAD_CONNECTION.opened_with, THREAD_CONNECTION.used_at = (
            backend,
            wanted,
            time.monotonic(),
        )
    return THREAD_CONNECTION.backend


def is_connected(backend: BaseEmailBackend) -> bool:
    """Tell whether the server still answers on a line; a backend that is no SMTP has none that could break."""
    line = smtp_connection_of(backend)
    try:
        return line is None or line.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def close_connection() -> None:
    """Close this thread's line, without a farewell that a broken one would wait for."""
    if THREAD_CONNECTION.backend and (line := smtp_connection_of(THREAD_CONNECTION.backend)):
        line.close()
    THREAD_CONNECTION.backend = None


def smtp_connection_of(backend: BaseEmailBackend) -> LastReplySmtp | None:
    """Return the line of a backend, if it has one."""
    line = getattr(backend, "connection", None)
    return line if isinstance(line, LastReplySmtp) else None


def delivery_error_from(error: Exception, backend: BaseEmailBackend) -> DeliveryError:
    """Return what a trouble means: the server's code decides, and where it gave none, how far we were."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return error_from_reply(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPDataError):
        return error_from_reply(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return MessageRejectedError(str(error))
    line, words = smtp_connection_of(backend), f"{type(error).__name__}: {error}"[:300]
    # What is left is no fault of the recipient's: our name is not taken as a sender, or the line broke.
    return (
        UnconfirmedDeliveryError(words)
        if line and line.last_code == START_MAIL_INPUT
        else TemporaryDeliveryError(words)
    )


def error_from_reply(code: int, reply: bytes | str) -> DeliveryError:
    """Return what a server's answer means. The extended status (RFC 3463) weighs more than the code: 550 is said of
    strangers and of spam alike."""
    words = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    status = found.group() if (found := ENHANCED_STATUS_PATTERN.match(words)) else ""
    told = f"{code} {words}"[:300]
    if code < 500 or status == MAILBOX_FULL_STATUS or (code == 552 and not status):
        return TemporaryDeliveryError(told)
    dead = (
        status in DEAD_ADDRESS_STATUSES
        if status
        else code in (550, 551, 553) and UNKNOWN_RECIPIENT_PATTERN.search(words)
    )
    return DeadAddressError(told) if dead else MessageRejectedError(told)


def without_address(address: str, error: DeliveryError) -> DeliveryError:
    """Return a trouble without the address in its words."""
    error.args = (re.sub(re.escape(address), "…", str(error), flags=re.IGNORECASE),)
    return error
