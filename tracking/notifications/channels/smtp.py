"""The connection to the mail server: kept open between mails, with the meaning of each reply and of a break."""

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
"""Servers close idle connections; after this time ours is opened again."""
START_MAIL_INPUT: Final = 354
ENHANCED_STATUS_PATTERN: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
DEAD_ADDRESS_STATUSES: Final = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
"""Bad mailbox, bad system, bad syntax, moved, null MX, disabled (RFC 3463, RFC 7505)."""
MAILBOX_FULL_STATUS: Final = "5.2.2"
UNKNOWN_RECIPIENT_PATTERN: Final = re.compile(
    r"(user|recipient|mailbox|address|account)\b.*\b(unknown|not found|unavailable|does(n't| not) exist|disabled)"
    r"|(unknown|no such) (user|recipient|mailbox|address|account)|not a valid (user|recipient|mailbox)",
    re.IGNORECASE | re.DOTALL,
)


class LastReplySmtp(smtplib.SMTP):
    """Remembers the last reply: after 354 the text is being sent, and only the next reply tells whether it arrived."""

    last_code = 0
    last_reply = b""

    def getreply(self) -> tuple[int, bytes]:
        self.last_code, self.last_reply = super().getreply()
        return self.last_code, self.last_reply


class LastReplySmtpTls(LastReplySmtp, smtplib.SMTP_SSL):
    """The same with implicit TLS."""


class LastReplyEmailBackend(EmailBackend):
    """Django's SMTP backend with connections that remember the last reply."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return LastReplySmtpTls if self.use_ssl else LastReplySmtp


class ThreadConnection(threading.local):
    """One thread's open connection, the settings it was opened with, and when it was last used (monotonic seconds)."""

    backend: BaseEmailBackend | None = None
    opened_with: tuple[Any, ...] = ()
    used_at = 0.0


THREAD_CONNECTION: Final = ThreadConnection()


def send_mail(mail: EmailMessage) -> DeliveryReceipt:
    """Send a mail to its one recipient; raise a `DeliveryError` whose text does not contain the address."""
    try:
        mail.connection = backend = open_connection()
    except (smtplib.SMTPException, OSError) as error:
        raise TemporaryDeliveryError(
            f"the mail server cannot be used: {type(error).__name__}: {error}"[:300]
        ) from error
    try:
        mail.send()
    except (smtplib.SMTPException, OSError) as error:
        delivery_error = delivery_error_from(error, backend)
        # After these two replies the server still accepts commands, so the connection can be kept.
        if not isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError):
            close_connection()
        raise without_address(mail.to[0], delivery_error) from error
    THREAD_CONNECTION.used_at = time.monotonic()
    connection = smtp_connection_of(backend)
    return DeliveryReceipt(connection.last_reply.decode(errors="replace") if connection else "")


def open_connection() -> BaseEmailBackend:
    """Return this thread's open connection, or a new one; raise what `smtplib` raises."""
    current_settings = (settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_HOST_USER)
    stale = (
        THREAD_CONNECTION.opened_with != current_settings
        or time.monotonic() - THREAD_CONNECTION.used_at > MAX_IDLE_SECONDS
    )
    if THREAD_CONNECTION.backend is None or stale or not is_connected(THREAD_CONNECTION.backend):
        close_connection()
        backend = get_connection(
            LAST_REPLY_BACKEND if settings.EMAIL_BACKEND == DJANGO_SMTP_BACKEND else settings.EMAIL_BACKEND
        )
        backend.open()
        THREAD_CONNECTION.backend, THREAD_CONNECTION.opened_with = backend, current_settings
        THREAD_CONNECTION.used_at = time.monotonic()
    return THREAD_CONNECTION.backend


def is_connected(backend: BaseEmailBackend) -> bool:
    """Return whether the server still answers; always true for a backend without SMTP, such as the console one."""
    connection = smtp_connection_of(backend)
    try:
        return connection is None or connection.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def close_connection() -> None:
    """Close this thread's connection without QUIT, which would wait for a reply on a broken one."""
    if THREAD_CONNECTION.backend and (connection := smtp_connection_of(THREAD_CONNECTION.backend)):
        connection.close()
    THREAD_CONNECTION.backend = None


def smtp_connection_of(backend: BaseEmailBackend) -> LastReplySmtp | None:
    """Return the SMTP connection of a backend, if it has one."""
    connection = getattr(backend, "connection", None)
    return connection if isinstance(connection, LastReplySmtp) else None


def delivery_error_from(error: Exception, backend: BaseEmailBackend) -> DeliveryError:
    """Return the delivery error for an exception: by the reply code, or without one by how far the dialogue was."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return error_from_reply(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPDataError):
        return error_from_reply(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return MessageRejectedError(str(error))
    connection, text = smtp_connection_of(backend), f"{type(error).__name__}: {error}"[:300]
    # What is left is not the recipient's fault: our sender address was rejected, or the connection broke.
    if connection and connection.last_code == START_MAIL_INPUT:
        return UnconfirmedDeliveryError(text)
    return TemporaryDeliveryError(text)


def error_from_reply(code: int, reply: bytes | str) -> DeliveryError:
    """Return the delivery error for a server's reply.

    The enhanced status (RFC 3463) decides before the code: 550 means an unknown mailbox as well as spam.
    """
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    status = match.group() if (match := ENHANCED_STATUS_PATTERN.match(text)) else ""
    reason = f"{code} {text}"[:300]
    if code < 500 or status == MAILBOX_FULL_STATUS or (code == 552 and not status):
        return TemporaryDeliveryError(reason)
    is_dead = (
        status in DEAD_ADDRESS_STATUSES
        if status
        else code in (550, 551, 553) and UNKNOWN_RECIPIENT_PATTERN.search(text)
    )
    return DeadAddressError(reason) if is_dead else MessageRejectedError(reason)


def without_address(address: str, error: DeliveryError) -> DeliveryError:
    """Return a delivery error with the address removed from its text."""
    error.args = (re.sub(re.escape(address), "…", str(error), flags=re.IGNORECASE),)
    return error
