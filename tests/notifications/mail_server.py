"""A real mail server for tests: accepts, rejects or drops mails as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.test_start import free_port


class MailServer:
    """The mails that arrived, and the next replies to the text, the sender and the recipient.

    A reply is one SMTP line, `hang`, or `drop` (the connection closes; `250 drop`: after accepting the mail).
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.replies: list[str] = []
        self.sender_replies: list[str] = []
        self.recipient_replies: list[str] = []
        self.connections: set[str] = set()
        self.port = 0

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        assert session.peer
        self.connections.add(session.peer)
        reply = await next_reply(self.sender_replies, server)
        if reply.startswith("250"):
            envelope.mail_from = address
        return reply

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await next_reply(self.recipient_replies, server)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = await next_reply(self.replies, server)
        if reply.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
        return reply


async def next_reply(replies: list[str], server: SMTP) -> str:
    """Return the next reply, `250 OK` if none is left; `drop` closes the connection, `hang` waits."""
    reply = replies.pop(0) if replies else "250 OK"
    if reply.endswith("drop"):
        assert server.transport
        server.transport.close()
    if reply == "hang":
        await asyncio.sleep(30)
    return reply


@contextmanager
def running_mail_server(settings: Any) -> Iterator[MailServer]:
    """Run a mail server on this machine and let Django send through it."""
    mail_server = MailServer()
    mail_server.port = free_port()
    controller = Controller(mail_server, hostname="127.0.0.1", port=mail_server.port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", mail_server.port, 5
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    try:
        yield mail_server
    finally:
        controller.stop()


def plain_body(mail: EmailMessage) -> str:
    """Return a mail's plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html_body(mail: EmailMessage) -> str:
    """Return a mail's HTML."""
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())
