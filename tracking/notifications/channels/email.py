"""E-mail: plain text and HTML, threaded by parcel, with one-click unsubscription (RFC 8058)."""

from __future__ import annotations

import hashlib
import smtplib
from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.notifications.channels.channel import BadAddress, Gone, Later, Message, Refused

NO_SUCH_USER = (550, 551, 553)


class Email:
    """Mails through the site's own mail server."""

    name = "email"
    label = gettext_lazy("E-mail")

    def ready(self) -> bool:
        return bool(settings.EMAIL_BACKEND)

    def clean(self, address: str) -> str:
        """Return the address in lower case."""
        try:
            validate_email(address.strip())
        except ValidationError as trouble:
            raise BadAddress(_("This is no e-mail address.")) from trouble
        return address.strip().lower()

    def send(self, message: Message, address: str) -> None:
        mail = mail_of(message, address)
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as trouble:
            code, said = next(iter(trouble.recipients.values()))
            raise troubled(code, said) from trouble
        except smtplib.SMTPResponseException as trouble:
            raise troubled(trouble.smtp_code, trouble.smtp_error) from trouble
        except (smtplib.SMTPException, OSError) as trouble:
            raise Later(f"{type(trouble).__name__}: {trouble}"[:300]) from trouble


def troubled(code: int, said: bytes | str) -> Exception:
    """Return what an SMTP answer means: 4xx later, an unknown user gone, any other 5xx refused."""
    words = f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"[:300]
    if code in NO_SUCH_USER:
        return Gone(words)
    return Refused(words) if code >= 500 else Later(words)


def mail_of(message: Message, address: str) -> EmailMultiAlternatives:
    """Return the mail. Its Message-ID is the same at every try, so that a second copy is known as one."""
    domain = urlsplit(settings.SITE_URL).hostname or "localhost"
    _name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    thread = f"<{digest(message.thread)}@{domain}>"
    headers = {
        "Message-ID": f"<{digest(message.identity)}@{domain}>",
        "In-Reply-To": thread,
        "References": thread,
        "Auto-Submitted": "auto-generated",
        "Content-Language": message.language,
        "List-Unsubscribe": f"<{message.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    context = {"message": message}
    mail = EmailMultiAlternatives(
        one_line(message.subject),
        render_to_string("emails/notice.txt", context),
        formataddr((one_line(message.sender), sender)),
        [address],
        headers=headers,
    )
    mail.attach_alternative(render_to_string("emails/notice.html", context), "text/html")
    return mail


def digest(words: str) -> str:
    """Return a short name for any words."""
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def one_line(words: str) -> str:
    """Return words without line breaks: no header can be slipped in."""
    return " ".join(words.split())
