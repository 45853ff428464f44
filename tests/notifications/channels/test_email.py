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

from tests.notifications.channels import letters
from tests.notifications.channels.letters import ARABIC, CHINESE, ENGLISH, message
from tests.notifications.post import Post, html, plain
from tests.test_start import free_port
from tracking.notifications.channels import CHANNELS, smtp
from tracking.notifications.channels.channel import BadAddress, Doubtful, Gone, Later, Link, Message, Refused
from tracking.notifications.channels.email import mail_of

EMAIL = CHANNELS["email"]
ANA = "ana@example.com"
LINES = st.text(max_size=60)
ADDRESSES = st.just("https://parcels.example.com/x/")
LINKS = st.builds(Link, LINES, ADDRESSES)


def read(letter: Message) -> EmailMessage:
    """Return a message as a mail program reads it."""
    mail = message_from_bytes(mail_of(letter, ANA).message().as_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def trouble_in(letter: Message = ENGLISH) -> Exception:
    """Send, and return what goes wrong."""
    with pytest.raises((Later, Gone, Refused)) as caught:
        EMAIL.send(letter, ANA)
    return caught.value


def test_a_mail_is_taken_and_the_receipt_says_what_the_server_said(post: Post) -> None:
    post.answers = ["250 OK queued as 4XyZ"]

    receipt = EMAIL.send(ENGLISH, ANA)

    (mail,) = post.mails
    assert "queued as 4XyZ" in receipt.said
    assert mail["To"] == ANA
    assert mail["From"] == "Nordlicht Outdoor <parcels@localhost>"
    assert mail["Content-Language"] == "en"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_both_texts_say_everything() -> None:
    mail = read(ENGLISH)

    for text in (plain(mail), html(mail)):
        for words in (ENGLISH.headline, *ENGLISH.lines, *ENGLISH.footer, *(value for _, value in ENGLISH.facts)):
            assert words in text
        for link in (ENGLISH.action, *ENGLISH.more):
            assert link.address in text


def test_one_tap_stops_them(settings: Any) -> None:
    mail = read(ENGLISH)
    assert mail["List-Unsubscribe"] == f"<{ENGLISH.unsubscribe}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    settings.UNSUBSCRIBE_MAILBOX = "stop@example.com"
    both = read(ENGLISH)["List-Unsubscribe"].replace("\r\n", "")
    token = ENGLISH.unsubscribe.rstrip("/").rpartition("/")[2]
    assert both == f"<{ENGLISH.unsubscribe}>, <mailto:stop@example.com?subject=unsubscribe%20{token}>"


def test_a_second_try_bears_the_same_name_and_another_notice_another() -> None:
    first, again, other = read(ENGLISH), read(ENGLISH), read(message(identity="notice 319 7"))

    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["References"] == other["References"] == other["In-Reply-To"]


def test_parcels_do_not_share_a_thread() -> None:
    assert read(ENGLISH)["References"] != read(message(thread="parcel other"))["References"]


def test_nothing_is_fetched_when_a_mail_is_opened() -> None:
    text = html(read(ENGLISH))

    assert not re.search(r"<(img|link|iframe|object|video|audio)\b|url\(|\bsrc=|@import|background=", text)


def test_the_list_of_mails_shows_the_preheader() -> None:
    before, _, after = html(read(ENGLISH)).partition(ENGLISH.preheader)

    assert before.endswith('mso-hide:all;">')
    assert "<h1" in after
    assert ENGLISH.preheader not in plain(read(ENGLISH))


@pytest.mark.parametrize(("letter", "side"), [(ENGLISH, "left"), (CHINESE, "left"), (ARABIC, "right")])
def test_it_is_written_in_the_readers_direction(letter: Message, side: str) -> None:
    text = html(read(letter))

    assert f'<html lang="{letter.language}" dir="{letter.direction}">' in text
    assert text.count(f'dir="{letter.direction}"') >= 4, "mail programs throw the frame away"
    assert f'align="{side}"' in text
    assert read(letter)["Subject"].strip() == letter.subject


def test_the_dark_is_thought_of() -> None:
    text = html(read(ENGLISH))

    assert 'name="color-scheme" content="light dark"' in text
    assert "prefers-color-scheme: dark" in text


def test_mail_programs_read_the_delivery_as_data() -> None:
    structured = {**letters.PARCEL, "name": "</script><b>&"}

    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html(read(message(structured=structured))))

    assert found
    assert json.loads(found.group(1)) == structured


def test_a_message_without_data_has_no_script() -> None:
    assert "<script" not in html(read(message(structured=None)))


def test_calendars_can_take_it_up() -> None:
    mail = read(message(calendar=letters.CALENDAR))

    (part,) = mail.iter_attachments()
    assert part.get_content_type() == "text/calendar"
    assert part.get_param("method") == "PUBLISH"
    assert part.get_filename() == "arrival.ics"
    assert "DTSTART;VALUE=DATE:20260304" in part.get_content()


@given(
    letter=st.builds(
        Message,
        **{field.name: LINES for field in fields(Message) if field.type == "str"},
        lines=st.tuples(LINES, LINES),
        facts=st.tuples(st.tuples(LINES, LINES)),
        action=LINKS,
        more=st.tuples(LINKS),
        footer=st.tuples(LINES),
        structured=st.dictionaries(LINES, LINES) | st.none(),
        calendar=st.none(),
    )
)
def test_no_words_break_out_of_their_place(letter: Message) -> None:
    mail = read(letter)

    assert {name.lower() for name in mail} == {
        *("content-type", "mime-version", "subject", "from", "to", "date", "message-id", "in-reply-to", "references"),
        *("auto-submitted", "content-language", "list-unsubscribe", "list-unsubscribe-post"),
    }
    assert mail["To"] == ANA
    text = html(mail)
    bones = html(read(message(preheader="x" if letter.preheader else "", structured=letter.structured)))
    assert text.count("<script") == bones.count("<script")
    assert text.count("<a ") == 2
    assert text.count("<p ") == 3 + len(letter.lines)


@pytest.mark.parametrize(
    "evil", ["Hello\r\nBcc: all@example.com", "Hello\nBcc: all@example.com", "a\x0bb\x0cc\x85d\u2028e", "x\x00y"]
)
def test_names_and_subjects_cannot_write_headers(post: Post, evil: str) -> None:
    EMAIL.send(message(subject=evil, sender=evil, language=evil, unsubscribe=evil), ANA)

    (mail,) = post.mails
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]


ANSWERS = [
    ("451 4.3.0 try later", Later),
    ("421 4.7.0 too many connections", Later),
    ("452 4.2.2 mailbox full", Later),
    ("552 5.2.2 over quota", Later),
    ("552 too much", Later),
    ("550 5.1.1 <ana@example.com>: user unknown", Gone),
    ("550 5.1.10 null MX", Gone),
    ("550 5.2.1 mailbox disabled", Gone),
    ("550 No such user here", Gone),
    ("553 sorry, that mailbox does not exist", Gone),
    ("550 5.7.1 looks like spam", Refused),
    ("550 rejected by policy", Refused),
    ("554 5.7.1 blocked", Refused),
    ("554 no thanks", Refused),
]


@pytest.mark.parametrize(("answer", "meaning"), ANSWERS)
@pytest.mark.parametrize("stage", ["to_recipient", "answers"])
def test_each_answer_has_its_meaning(post: Post, stage: str, answer: str, meaning: type[Exception]) -> None:
    setattr(post, stage, [answer])

    trouble = trouble_in()

    assert type(trouble) is meaning
    assert ANA not in str(trouble)
    assert post.mails == []


@pytest.mark.parametrize("answer", ["530 5.7.0 sign in first", "553 5.7.1 not your address", "451 greylisted"])
def test_a_sender_that_is_not_taken_is_no_fault_of_the_readers(post: Post, answer: str) -> None:
    post.to_sender = [answer]

    assert type(trouble_in()) is Later


@pytest.mark.parametrize("stage", ["to_sender", "to_recipient"])
@pytest.mark.parametrize("how", ["drop", "hang"])
def test_a_line_that_breaks_before_the_text_took_nothing(post: Post, settings: Any, stage: str, how: str) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    setattr(post, stage, [how])

    assert type(trouble_in()) is Later


@pytest.mark.parametrize("how", ["drop", "250 drop", "hang"])
def test_a_line_that_breaks_after_the_text_leaves_a_doubt(post: Post, settings: Any, how: str) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    post.answers = [how]

    assert type(trouble_in()) is Doubtful


def test_a_server_that_is_away_is_tried_later(settings: Any) -> None:
    settings.EMAIL_BACKEND = smtp.DJANGOS
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()

    assert type(trouble_in()) is Later


def test_a_password_that_is_not_taken_is_tried_later(post: Post, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "me", "secret"

    trouble = trouble_in()

    assert type(trouble) is Later
    assert "secret" not in str(trouble)


def test_many_mails_go_over_one_line(post: Post) -> None:
    for number in range(5):
        EMAIL.send(message(identity=str(number)), ANA)

    assert len(post.mails) == 5
    assert len(post.lines) == 1


def test_a_refused_mail_does_not_cost_the_line(post: Post) -> None:
    post.to_recipient = ["550 5.1.1 unknown"]
    assert type(trouble_in()) is Gone

    EMAIL.send(ENGLISH, ANA)

    assert len(post.lines) == 1


@pytest.mark.parametrize("how", ["drop", "hang", "421 4.7.0 enough for now"])
def test_after_a_broken_line_the_next_mail_gets_a_new_one(post: Post, settings: Any, how: str) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    post.answers = [how]
    trouble_in()

    EMAIL.send(ENGLISH, ANA)

    assert len(post.mails) == 1
    assert len(post.lines) == 2


def test_a_line_that_the_server_hung_up_between_mails_is_opened_anew(post: Post) -> None:
    EMAIL.send(ENGLISH, ANA)
    line = smtp.line_of(smtp.open_line())
    assert line and line.sock
    line.sock.close()

    EMAIL.send(ENGLISH, ANA)

    assert len(post.mails) == 2


def test_a_line_long_idle_is_not_trusted(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    EMAIL.send(ENGLISH, ANA)
    monkeypatch.setattr(smtp, "IDLE_SECONDS", 0)

    EMAIL.send(ENGLISH, ANA)

    assert len(post.lines) == 2


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
    assert EMAIL.clean(typed) == kept


def test_names_in_other_scripts_are_refused_with_the_reason() -> None:
    with pytest.raises(BadAddress, match="before the @"):
        EMAIL.clean("安娜@example.com")


@pytest.mark.parametrize(
    "typed", ["", "@", "ana", "ana@", "@example.com", "a b@example.com", "ana@-.example", "ana@☃.☃"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        EMAIL.clean(typed)


@given(typed=st.text() | st.text().map(lambda words: f"{words}@example.com") | st.emails())
def test_an_address_that_is_kept_can_be_written_to(typed: str) -> None:
    try:
        kept = EMAIL.clean(typed)
    except BadAddress:
        return
    assert kept.isascii()
    assert EMAIL.clean(kept) == kept
    assert mail_of(ENGLISH, kept).message()["To"]
