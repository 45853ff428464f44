"""E-mail at a real mail server: what it says, what it is called, and what each of the server's answers means."""

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
LINES = st.text(max_size=60)
ADDRESSES = st.just("https://parcels.example.com/x/")
LINKS = st.builds(Link, LINES, ADDRESSES)


def render_mail(notification: NotificationMessage) -> EmailMessage:
    """Return a message as a mail program reads it."""
    mail = message_from_bytes(build_mail(notification, RECIPIENT).message().as_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def delivery_error(notification: NotificationMessage = ENGLISH) -> Exception:
    """Send, and return what goes wrong."""
    with pytest.raises((TemporaryDeliveryError, DeadAddressError, MessageRejectedError)) as caught:
        EMAIL.send(notification, RECIPIENT)
    return caught.value


def test_a_mail_is_taken_and_the_receipt_says_what_the_server_said(mail_server: MailServer) -> None:
    mail_server.replies = ["250 OK queued as 4XyZ"]

    receipt = EMAIL.send(ENGLISH, RECIPIENT)

    (mail,) = mail_server.mails
    assert "queued as 4XyZ" in receipt.response_text
    assert mail["To"] == RECIPIENT
    assert mail["From"] == "Nordlicht Outdoor <parcels@localhost>"
    assert mail["Content-Language"] == "en"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_both_texts_say_everything() -> None:
    mail = render_mail(ENGLISH)

    for text in (plain_body(mail), html_body(mail)):
        for words in (ENGLISH.headline, *ENGLISH.lines, *ENGLISH.footer, *(value for _, value in ENGLISH.facts)):
            assert words in text
        for link in (ENGLISH.action, *ENGLISH.secondary_links):
            assert link.url in text


def test_one_tap_stops_them(settings: Any) -> None:
    mail = render_mail(ENGLISH)
    assert mail["List-Unsubscribe"] == f"<{ENGLISH.unsubscribe_url}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    settings.UNSUBSCRIBE_MAILBOX = "stop@example.com"
    both = render_mail(ENGLISH)["List-Unsubscribe"].replace("\r\n", "")
    token = ENGLISH.unsubscribe_url.rstrip("/").rpartition("/")[2]
    assert both == f"<{ENGLISH.unsubscribe_url}>, <mailto:stop@example.com?subject=unsubscribe%20{token}>"


def test_a_second_try_bears_the_same_name_and_another_notice_another() -> None:
    first, again, other = (
        render_mail(ENGLISH),
        render_mail(ENGLISH),
        render_mail(make_message(idempotency_key="notice 319 7")),
    )

    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["References"] == other["References"] == other["In-Reply-To"]


def test_parcels_do_not_share_a_thread() -> None:
    assert render_mail(ENGLISH)["References"] != render_mail(make_message(thread_key="parcel other"))["References"]


def test_nothing_is_fetched_when_a_mail_is_opened() -> None:
    text = html_body(render_mail(ENGLISH))

    assert not re.search(r"<(img|link|iframe|object|video|audio)\b|url\(|\bsrc=|@import|background=", text)


def test_the_list_of_mails_shows_the_preheader() -> None:
    before, _, after = html_body(render_mail(ENGLISH)).partition(ENGLISH.preheader)

    assert before.endswith('mso-hide:all;">')
    assert "<h1" in after
    assert ENGLISH.preheader not in plain_body(render_mail(ENGLISH))


@pytest.mark.parametrize(("letter", "side"), [(ENGLISH, "left"), (CHINESE, "left"), (ARABIC, "right")])
def test_it_is_written_in_the_readers_direction(letter: NotificationMessage, side: str) -> None:
    text = html_body(render_mail(letter))

    assert f'<html lang="{letter.language}" dir="{letter.direction}">' in text
    assert text.count(f'dir="{letter.direction}"') >= 4, "mail programs throw the frame away"
    assert f'align="{side}"' in text
    assert render_mail(letter)["Subject"].strip() == letter.subject


def test_the_dark_is_thought_of() -> None:
    text = html_body(render_mail(ENGLISH))

    assert 'name="color-scheme" content="light dark"' in text
    assert "prefers-color-scheme: dark" in text


def test_mail_programs_read_the_delivery_as_data() -> None:
    structured = {**sample_messages.PARCEL_JSON_LD, "name": "</script><b>&"}

    found = re.search(
        r'<script type="application/ld\+json">(.*?)</script>',
        html_body(render_mail(make_message(json_ld=structured))),
    )

    assert found
    assert json.loads(found.group(1)) == structured


def test_a_message_without_data_has_no_script() -> None:
    assert "<script" not in html_body(render_mail(make_message(json_ld=None)))


def test_calendars_can_take_it_up() -> None:
    mail = render_mail(make_message(calendar_file=sample_messages.CALENDAR))

    (part,) = mail.iter_attachments()
    assert part.get_content_type() == "text/calendar"
    assert part.get_param("method") == "PUBLISH"
    assert part.get_filename() == "arrival.ics"
    assert "DTSTART;VALUE=DATE:20260304" in part.get_content()


@given(
    letter=st.builds(
        NotificationMessage,
        **{field.name: LINES for field in fields(NotificationMessage) if field.type == "str"},
        lines=st.tuples(LINES, LINES),
        facts=st.tuples(st.tuples(LINES, LINES)),
        action=LINKS,
        secondary_links=st.tuples(LINKS),
        footer=st.tuples(LINES),
        json_ld=st.dictionaries(LINES, LINES) | st.none(),
        calendar_file=st.none(),
    )
)
def test_no_words_break_out_of_their_place(letter: NotificationMessage) -> None:
    mail = render_mail(letter)

    assert {name.lower() for name in mail} == {
        *("content-type", "mime-version", "subject", "from", "to", "date", "message-id", "in-reply-to", "references"),
        *("auto-submitted", "content-language", "list-unsubscribe", "list-unsubscribe-post"),
    }
    assert mail["To"] == RECIPIENT
    text = html_body(mail)
    bones = html_body(render_mail(make_message(preheader="x" if letter.preheader else "", json_ld=letter.json_ld)))
    assert text.count("<script") == bones.count("<script")
    assert text.count("<a ") == 2
    assert text.count("<p ") == 3 + len(letter.lines)


@pytest.mark.parametrize(
    "evil", ["Hello\r\nBcc: all@example.com", "Hello\nBcc: all@example.com", "a\x0bb\x0cc\x85d\u2028e", "x\x00y"]
)
def test_names_and_subjects_cannot_write_headers(mail_server: MailServer, evil: str) -> None:
    EMAIL.send(make_message(subject=evil, sender=evil, language=evil, unsubscribe_url=evil), RECIPIENT)

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


@pytest.mark.parametrize(("answer", "meaning"), REPLIES)
@pytest.mark.parametrize("stage", ["recipient_replies", "replies"])
def test_each_answer_has_its_meaning(
    mail_server: MailServer, stage: str, answer: str, meaning: type[Exception]
) -> None:
    setattr(mail_server, stage, [answer])

    trouble = delivery_error()

    assert type(trouble) is meaning
    assert RECIPIENT not in str(trouble)
    assert mail_server.mails == []


@pytest.mark.parametrize("answer", ["530 5.7.0 sign in first", "553 5.7.1 not your address", "451 greylisted"])
def test_a_sender_that_is_not_taken_is_no_fault_of_the_readers(mail_server: MailServer, answer: str) -> None:
    mail_server.sender_replies = [answer]

    assert type(delivery_error()) is TemporaryDeliveryError


@pytest.mark.parametrize("stage", ["sender_replies", "recipient_replies"])
@pytest.mark.parametrize("how", ["drop", "hang"])
def test_a_line_that_breaks_before_the_text_took_nothing(
    mail_server: MailServer, settings: Any, stage: str, how: str
) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    setattr(mail_server, stage, [how])

    assert type(delivery_error()) is TemporaryDeliveryError


@pytest.mark.parametrize("how", ["drop", "250 drop", "hang"])
def test_a_line_that_breaks_after_the_text_leaves_a_doubt(mail_server: MailServer, settings: Any, how: str) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    mail_server.replies = [how]

    assert type(delivery_error()) is UnconfirmedDeliveryError


def test_a_server_that_is_away_is_tried_later(settings: Any) -> None:
    settings.EMAIL_BACKEND = smtp.DJANGO_SMTP_BACKEND
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()

    assert type(delivery_error()) is TemporaryDeliveryError


def test_a_password_that_is_not_taken_is_tried_later(mail_server: MailServer, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "me", "secret"

    trouble = delivery_error()

    assert type(trouble) is TemporaryDeliveryError
    assert "secret" not in str(trouble)


def test_many_mails_go_over_one_line(mail_server: MailServer) -> None:
    for number in range(5):
        EMAIL.send(make_message(idempotency_key=str(number)), RECIPIENT)

    assert len(mail_server.mails) == 5
    assert len(mail_server.connections) == 1


def test_a_refused_mail_does_not_cost_the_line(mail_server: MailServer) -> None:
    mail_server.recipient_replies = ["550 5.1.1 unknown"]
    assert type(delivery_error()) is DeadAddressError

    EMAIL.send(ENGLISH, RECIPIENT)

    assert len(mail_server.connections) == 1


@pytest.mark.parametrize("how", ["drop", "hang", "421 4.7.0 enough for now"])
def test_after_a_broken_line_the_next_mail_gets_a_new_one(mail_server: MailServer, settings: Any, how: str) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    mail_server.replies = [how]
    delivery_error()

    EMAIL.send(ENGLISH, RECIPIENT)

    assert len(mail_server.mails) == 1
    assert len(mail_server.connections) == 2


def test_a_line_that_the_server_hung_up_between_mails_is_opened_anew(mail_server: MailServer) -> None:
    EMAIL.send(ENGLISH, RECIPIENT)
    line = smtp.smtp_connection_of(smtp.open_connection())
    assert line and line.sock
    line.sock.close()

    EMAIL.send(ENGLISH, RECIPIENT)

    assert len(mail_server.mails) == 2


def test_a_line_long_idle_is_not_trusted(mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    EMAIL.send(ENGLISH, RECIPIENT)
    monkeypatch.setattr(smtp, "MAX_IDLE_SECONDS", 0)

    EMAIL.send(ENGLISH, RECIPIENT)

    assert len(mail_server.connections) == 2


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ana@Example.com ", "ana@example.com"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@straße.de", "ana@xn--strae-oqa.de"),
        ("ana@邮件.中国", "ana@xn--5nq051n.xn--fiqs8s"),
    ],
)
def test_domains_are_kept_as_every_server_takes_them(typed: str, kept: str) -> None:
    assert EMAIL.clean_address(typed) == kept


def test_names_in_other_scripts_are_refused_with_the_reason() -> None:
    with pytest.raises(InvalidContactAddressError, match="before the @"):
        EMAIL.clean_address("安娜@example.com")


@pytest.mark.parametrize(
    "typed", ["", "@", "ana", "ana@", "@example.com", "a b@example.com", "ana@-.example", "ana@☃.☃"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidContactAddressError):
        EMAIL.clean_address(typed)


@given(typed=st.text() | st.text().map(lambda words: f"{words}@example.com") | st.emails())
def test_an_address_that_is_kept_can_be_written_to(typed: str) -> None:
    try:
        kept = EMAIL.clean_address(typed)
    except InvalidContactAddressError:
        return
    assert kept.isascii()
    assert EMAIL.clean_address(kept) == kept
    assert build_mail(ENGLISH, kept).message()["To"]
