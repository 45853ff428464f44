"""E-mail through a real mail server: content, headers, and the meaning of each reply."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notifications.channels import sample_messages
from tests.notifications.channels.sample_messages import ARABIC, CHINESE, ENGLISH, make_message
from tests.notifications.mail_server import MailServer, html_body, plain_body
from tests.test_start import free_port
from tracking.notifications.channels import CHANNELS, smtp
from tracking.notifications.channels.channel import (
    DeadAddressError,
    InvalidContactAddressError,
    Link,
    MessageRejectedError,
    NotificationMessage,
    TemporaryDeliveryError,
    UnconfirmedDeliveryError,
)
from tracking.notifications.channels.email import build_mail

EMAIL = CHANNELS["email"]
RECIPIENT = "ana@example.com"
TEXTS = st.text(max_size=60)
ADDRESSES = st.just("https://parcels.example.com/x/")
LINKS = st.builds(Link, TEXTS, ADDRESSES)


def render_mail(notification: NotificationMessage) -> EmailMessage:
    """Return a message as a mail program parses it."""
    mail = message_from_bytes(build_mail(notification, RECIPIENT).message().as_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def delivery_error(notification: NotificationMessage = ENGLISH) -> Exception:
    """Send a message that must fail, and return the error."""
    with pytest.raises((TemporaryDeliveryError, DeadAddressError, MessageRejectedError)) as caught:
        EMAIL.send(notification, RECIPIENT)
    return caught.value


def test_receipt_contains_the_servers_reply(mail_server: MailServer) -> None:
    mail_server.replies = ["250 OK queued as 4XyZ"]

    receipt = EMAIL.send(ENGLISH, RECIPIENT)

    (mail,) = mail_server.mails
    assert "queued as 4XyZ" in receipt.response_text
    assert mail["To"] == RECIPIENT
    assert mail["From"] == "Nordlicht Outdoor <parcels@localhost>"
    assert mail["Content-Language"] == "en"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_plain_text_and_html_have_the_same_content() -> None:
    mail = render_mail(ENGLISH)

    for text in (plain_body(mail), html_body(mail)):
        for part in (ENGLISH.headline, *ENGLISH.lines, *ENGLISH.footer, *(value for _, value in ENGLISH.facts)):
            assert part in text
        for link in (ENGLISH.action, *ENGLISH.secondary_links):
            assert link.url in text


def test_a_mail_that_was_asked_for_once_has_nothing_to_unsubscribe() -> None:
    mail = render_mail(make_message(unsubscribe_url=""))

    assert mail["List-Unsubscribe"] is None and mail["List-Unsubscribe-Post"] is None


def test_mail_has_one_click_unsubscribe(settings: Any) -> None:
    mail = render_mail(ENGLISH)
    assert mail["List-Unsubscribe"] == f"<{ENGLISH.unsubscribe_url}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    settings.UNSUBSCRIBE_MAILBOX = "stop@example.com"
    both = render_mail(ENGLISH)["List-Unsubscribe"].replace("\r\n", "")
    token = ENGLISH.unsubscribe_url.rstrip("/").rpartition("/")[2]
    assert both == f"<{ENGLISH.unsubscribe_url}>, <mailto:stop@example.com?subject=unsubscribe%20{token}>"


def test_message_id_is_the_same_for_each_attempt_of_a_notice() -> None:
    first, second, other = (
        render_mail(ENGLISH),
        render_mail(ENGLISH),
        render_mail(make_message(idempotency_key="notice 319 7")),
    )

    assert first["Message-ID"] == second["Message-ID"] != other["Message-ID"]
    assert first["References"] == other["References"] == other["In-Reply-To"]


def test_each_parcel_has_its_own_thread() -> None:
    assert render_mail(ENGLISH)["References"] != render_mail(make_message(thread_key="parcel other"))["References"]


def test_mail_loads_no_remote_content() -> None:
    text = html_body(render_mail(ENGLISH))

    assert not re.search(r"<(img|link|iframe|object|video|audio)\b|url\(|\bsrc=|@import|background=", text)


def test_preheader_comes_first_and_is_hidden() -> None:
    before, _, after = html_body(render_mail(ENGLISH)).partition(ENGLISH.preheader)

    assert before.endswith('mso-hide:all;">')
    assert "<h1" in after
    assert ENGLISH.preheader not in plain_body(render_mail(ENGLISH))


@pytest.mark.parametrize(("notification", "side"), [(ENGLISH, "left"), (CHINESE, "left"), (ARABIC, "right")])
def test_mail_has_the_text_direction_of_its_language(notification: NotificationMessage, side: str) -> None:
    text = html_body(render_mail(notification))

    assert f'<html lang="{notification.language}" dir="{notification.direction}">' in text
    assert text.count(f'dir="{notification.direction}"') >= 4, "mail programs drop the html element"
    assert f'align="{side}"' in text
    assert render_mail(notification)["Subject"].strip() == notification.subject


def test_mail_supports_dark_mode() -> None:
    text = html_body(render_mail(ENGLISH))

    assert 'name="color-scheme" content="light dark"' in text
    assert "prefers-color-scheme: dark" in text


def test_structured_data_is_embedded_safely() -> None:
    json_ld = {**sample_messages.PARCEL_JSON_LD, "name": "</script><b>&"}

    script = re.search(
        r'<script type="application/ld\+json">(.*?)</script>',
        html_body(render_mail(make_message(json_ld=json_ld))),
    )

    assert script
    assert json.loads(script.group(1)) == json_ld


def test_message_without_structured_data_has_no_script() -> None:
    assert "<script" not in html_body(render_mail(make_message(json_ld=None)))


def test_calendar_file_is_attached_with_its_method() -> None:
    mail = render_mail(make_message(calendar_file=sample_messages.CALENDAR))

    (part,) = mail.iter_attachments()
    assert part.get_content_type() == "text/calendar"
    assert part.get_param("method") == "PUBLISH"
    assert part.get_filename() == "arrival.ics"
    assert "DTSTART;VALUE=DATE:20260304" in part.get_content()


@given(
    notification=st.builds(
        NotificationMessage,
        **{field.name: TEXTS for field in fields(NotificationMessage) if field.type == "str"},
        lines=st.tuples(TEXTS, TEXTS),
        facts=st.tuples(st.tuples(TEXTS, TEXTS)),
        action=LINKS,
        secondary_links=st.tuples(LINKS),
        footer=st.tuples(TEXTS),
        json_ld=st.dictionaries(TEXTS, TEXTS) | st.none(),
        calendar_file=st.none(),
    )
)
def test_no_text_injects_headers_or_markup(notification: NotificationMessage) -> None:
    mail = render_mail(notification)

    assert {name.lower() for name in mail} == {
        *("content-type", "mime-version", "subject", "from", "to", "date", "message-id", "in-reply-to", "references"),
        *("auto-submitted", "content-language"),
        *(("list-unsubscribe", "list-unsubscribe-post") if notification.unsubscribe_url else ()),
    }
    assert mail["To"] == RECIPIENT
    text = html_body(mail)
    plain_html = html_body(
        render_mail(make_message(preheader="x" if notification.preheader else "", json_ld=notification.json_ld))
    )
    assert text.count("<script") == plain_html.count("<script")
    assert text.count("<a ") == 2
    assert text.count("<p ") == 1 + len(notification.lines) + len(notification.facts)


@pytest.mark.parametrize(
    "injected", ["Hello\r\nBcc: all@example.com", "Hello\nBcc: all@example.com", "a\x0bb\x0cc\x85d\u2028e", "x\x00y"]
)
def test_names_and_subjects_cannot_inject_headers(mail_server: MailServer, injected: str) -> None:
    EMAIL.send(make_message(subject=injected, sender=injected, language=injected, unsubscribe_url=injected), RECIPIENT)

    (mail,) = mail_server.mails
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]


REPLIES = [
    ("451 4.3.0 try later", TemporaryDeliveryError),
    ("421 4.7.0 too many connections", TemporaryDeliveryError),
    ("452 4.2.2 mailbox full", TemporaryDeliveryError),
    ("552 5.2.2 over quota", TemporaryDeliveryError),
    ("552 too much", TemporaryDeliveryError),
    ("550 5.1.1 <ana@example.com>: user unknown", DeadAddressError),
    ("550 5.1.10 null MX", DeadAddressError),
    ("550 5.2.1 mailbox disabled", DeadAddressError),
    ("550 No such user here", DeadAddressError),
    ("553 sorry, that mailbox does not exist", DeadAddressError),
    ("550 5.7.1 looks like spam", MessageRejectedError),
    ("550 rejected by policy", MessageRejectedError),
    ("554 5.7.1 blocked", MessageRejectedError),
    ("554 no thanks", MessageRejectedError),
]


@pytest.mark.parametrize(("reply", "meaning"), REPLIES)
@pytest.mark.parametrize("stage", ["recipient_replies", "replies"])
def test_each_reply_has_its_error(mail_server: MailServer, stage: str, reply: str, meaning: type[Exception]) -> None:
    setattr(mail_server, stage, [reply])

    error = delivery_error()

    assert type(error) is meaning
    assert RECIPIENT not in str(error)
    assert mail_server.mails == []


@pytest.mark.parametrize("reply", ["530 5.7.0 sign in first", "553 5.7.1 not your address", "451 greylisted"])
def test_rejected_sender_is_a_temporary_error(mail_server: MailServer, reply: str) -> None:
    mail_server.sender_replies = [reply]

    assert type(delivery_error()) is TemporaryDeliveryError


@pytest.mark.parametrize("stage", ["sender_replies", "recipient_replies"])
@pytest.mark.parametrize("failure", ["drop", "hang"])
def test_connection_lost_before_the_text_is_a_temporary_error(
    mail_server: MailServer, settings: Any, stage: str, failure: str
) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    setattr(mail_server, stage, [failure])

    assert type(delivery_error()) is TemporaryDeliveryError


@pytest.mark.parametrize("failure", ["drop", "250 drop", "hang"])
def test_connection_lost_after_the_text_is_unconfirmed(mail_server: MailServer, settings: Any, failure: str) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    mail_server.replies = [failure]

    assert type(delivery_error()) is UnconfirmedDeliveryError


def test_unreachable_server_is_a_temporary_error(settings: Any) -> None:
    settings.EMAIL_BACKEND = smtp.DJANGO_SMTP_BACKEND
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()

    assert type(delivery_error()) is TemporaryDeliveryError


def test_refused_login_is_a_temporary_error(mail_server: MailServer, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "me", "secret"

    error = delivery_error()

    assert type(error) is TemporaryDeliveryError
    assert "secret" not in str(error)


def test_many_mails_share_one_connection(mail_server: MailServer) -> None:
    for number in range(5):
        EMAIL.send(make_message(idempotency_key=str(number)), RECIPIENT)

    assert len(mail_server.mails) == 5
    assert len(mail_server.connections) == 1


def test_rejected_mail_keeps_the_connection(mail_server: MailServer) -> None:
    mail_server.recipient_replies = ["550 5.1.1 unknown"]
    assert type(delivery_error()) is DeadAddressError

    EMAIL.send(ENGLISH, RECIPIENT)

    assert len(mail_server.connections) == 1


@pytest.mark.parametrize("failure", ["drop", "hang", "421 4.7.0 enough for now"])
def test_broken_connection_is_replaced_for_the_next_mail(mail_server: MailServer, settings: Any, failure: str) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    mail_server.replies = [failure]
    delivery_error()

    EMAIL.send(ENGLISH, RECIPIENT)

    assert len(mail_server.mails) == 1
    assert len(mail_server.connections) == 2


def test_connection_closed_between_mails_is_reopened(mail_server: MailServer) -> None:
    EMAIL.send(ENGLISH, RECIPIENT)
    connection = smtp.smtp_connection_of(smtp.open_connection())
    assert connection and connection.sock
    connection.sock.close()

    EMAIL.send(ENGLISH, RECIPIENT)

    assert len(mail_server.mails) == 2


def test_idle_connection_is_reopened(mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    EMAIL.send(ENGLISH, RECIPIENT)
    monkeypatch.setattr(smtp, "MAX_IDLE_SECONDS", 0)

    EMAIL.send(ENGLISH, RECIPIENT)

    assert len(mail_server.connections) == 2


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        (" Ana@Example.com ", "ana@example.com"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@straße.de", "ana@xn--strae-oqa.de"),
        ("ana@邮件.中国", "ana@xn--5nq051n.xn--fiqs8s"),
    ],
)
def test_domain_is_stored_in_ascii(typed: str, cleaned: str) -> None:
    assert EMAIL.clean_address(typed) == cleaned


def test_non_ascii_local_part_is_refused_with_the_reason() -> None:
    with pytest.raises(InvalidContactAddressError, match="before the @"):
        EMAIL.clean_address("安娜@example.com")


@pytest.mark.parametrize(
    "typed", ["", "@", "ana", "ana@", "@example.com", "a b@example.com", "ana@-.example", "ana@☃.☃"]
)
def test_invalid_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidContactAddressError):
        EMAIL.clean_address(typed)


@given(typed=st.text() | st.text().map(lambda text: f"{text}@example.com") | st.emails())
def test_every_accepted_address_can_be_sent_to(typed: str) -> None:
    try:
        cleaned = EMAIL.clean_address(typed)
    except InvalidContactAddressError:
        return
    assert cleaned.isascii()
    assert EMAIL.clean_address(cleaned) == cleaned
    assert build_mail(ENGLISH, cleaned).message()["To"]
