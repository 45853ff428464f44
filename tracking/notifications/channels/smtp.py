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

from tracking.notifications.channels.channel import Doubtful, Gone, Later, Receipt, Refused, Trouble

DJANGOS: Final = "django.core.mail.backends.smtp.EmailBackend"
OURS: Final = "tracking.notifications.channels.smtp.Backend"
IDLE_SECONDS: Final = 20
"""Servers hang up on who is silent for long."""
SEND_THE_TEXT: Final = 354
STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
DEAD: Final = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
"""No such mailbox, no such system, no address, moved away, takes no mail, disabled (RFC 3463, RFC 7505)."""
FULL: Final = "5.2.2"
UNKNOWN: Final = re.compile(
    r"(user|recipient|mailbox|address|account)\b.*\b(unknown|not found|unavailable|does(n't| not) exist|disabled)"
    r"|(unknown|no such) (user|recipient|mailbox|address|account)|not a valid (user|recipient|mailbox)",
    re.IGNORECASE | re.DOTALL,
)


class Attentive(smtplib.SMTP):
    """Remembers the server's last answer. After 354 the mail is under way, and only the next answer tells its fate."""

    code = 0
    said = b""

    def getreply(self) -> tuple[int, bytes]:
        self.code, self.said = super().getreply()
        return self.code, self.said


class AttentiveTls(Attentive, smtplib.SMTP_SSL):
    """The same under TLS from the first byte."""


class Backend(EmailBackend):
    """Django's own, with lines that remember."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return AttentiveTls if self.use_ssl else Attentive


class Lines(threading.local):
    """Each thread's open line, the settings that it was opened with, and when it was used (seconds, monotonic)."""

    backend: BaseEmailBackend | None = None
    settings: tuple[Any, ...] = ()
    used_at = 0.0


LINES: Final = Lines()


def send(mail: EmailMessage) -> Receipt:
    """Send a mail to its one recipient. Raise `Later`, `Doubtful`, `Gone` or `Refused`, without the address in it."""
    try:
        mail.connection = backend = open_line()
    except (smtplib.SMTPException, OSError) as trouble:
        raise Later(f"the mail server cannot be used: {type(trouble).__name__}: {trouble}"[:300]) from trouble
    try:
        mail.send()
    except (smtplib.SMTPException, OSError) as trouble:
        meaning = meaning_of(trouble, backend)
        if not isinstance(trouble, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError):
            drop()
        raise hiding(mail.to[0], meaning) from trouble
    LINES.used_at = time.monotonic()
    line = line_of(backend)
    return Receipt(line.said.decode(errors="replace") if line else "")


def open_line() -> BaseEmailBackend:
    """Return a line that is open, or a new one. Raises what `smtplib` raises."""
    wanted = (settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_HOST_USER)
    stale = LINES.settings != wanted or time.monotonic() - LINES.used_at > IDLE_SECONDS
    if LINES.backend is None or stale or not stands(LINES.backend):
        drop()
        backend = get_connection(OURS if settings.EMAIL_BACKEND == DJANGOS else settings.EMAIL_BACKEND)
        backend.open()
        LINES.backend, LINES.settings, LINES.used_at = backend, wanted, time.monotonic()
    return LINES.backend


def stands(backend: BaseEmailBackend) -> bool:
    """Tell whether the server still answers on a line; a backend that is no SMTP has none that could break."""
    line = line_of(backend)
    try:
        return line is None or line.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def drop() -> None:
    """Close this thread's line, without a farewell that a broken one would wait for."""
    if LINES.backend and (line := line_of(LINES.backend)):
        line.close()
    LINES.backend = None


def line_of(backend: BaseEmailBackend) -> Attentive | None:
    """Return the line of a backend, if it has one."""
    line = getattr(backend, "connection", None)
    return line if isinstance(line, Attentive) else None


def meaning_of(trouble: Exception, backend: BaseEmailBackend) -> Trouble:
    """Return what a trouble means: the server's code decides, and where it gave none, how far we were."""
    if isinstance(trouble, smtplib.SMTPRecipientsRefused):
        return verdict(*next(iter(trouble.recipients.values())))
    if isinstance(trouble, smtplib.SMTPDataError):
        return verdict(trouble.smtp_code, trouble.smtp_error)
    if isinstance(trouble, smtplib.SMTPNotSupportedError):
        return Refused(str(trouble))
    line, words = line_of(backend), f"{type(trouble).__name__}: {trouble}"[:300]
    # What is left is no fault of the recipient's: our name is not taken as a sender, or the line broke.
    return Doubtful(words) if line and line.code == SEND_THE_TEXT else Later(words)


def verdict(code: int, said: bytes | str) -> Trouble:
    """Return what a server's answer means. The extended status (RFC 3463) weighs more than the code: 550 is said of
    strangers and of spam alike."""
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    status = found.group() if (found := STATUS.match(words)) else ""
    told = f"{code} {words}"[:300]
    if code < 500 or status == FULL or (code == 552 and not status):
        return Later(told)
    dead = status in DEAD if status else code in (550, 551, 553) and UNKNOWN.search(words)
    return Gone(told) if dead else Refused(told)


def hiding(address: str, trouble: Trouble) -> Trouble:
    """Return a trouble without the address in its words."""
    trouble.args = (re.sub(re.escape(address), "…", str(trouble), flags=re.IGNORECASE),)
    return trouble
