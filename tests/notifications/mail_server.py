"""A real mail server for tests: takes, refuses, or drops mails as a test has it do."""

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
    """What arrived, and the answers to come, to the text and before it to the sender or recipient.

    Each is one SMTP reply, `drop` for a connection that ends, with or without a reply thought of, or `hang`.
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
        answer = await next_reply(self.sender_replies, server)
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await next_reply(self.recipient_replies, server)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await next_reply(self.replies, server)
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
        return answer


async def next_reply(replies: list[str], server: SMTP) -> str:
    """Return the next answer, 250 where none is left; first close the connection, or let it wait."""
    answer = replies.pop(0) if replies else "250 OK"
    if answer.endswith("drop"):
        assert server.transport
        server.transport.close()
    if answer == "hang":
        await asyncio.sleep(30)
    return answer


@contextmanager
def running_mail_server(settings: Any) -> Iterator[MailServer]:
    """Run a mail server on this machine and have Django send through it."""
    post = MailServer()
    post.port = free_port()
    controller = Controller(post, hostname="127.0.0.1", port=post.port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", post.port, 5
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    try:
        yield post
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
