"""The answer of a parcel as a card in a message: the same state and the same words as on its page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _

from tracking.localization import datetimes
from tracking.localization.bidi import isolate_left_to_right
from tracking.localization.places import format_place
from tracking.localization.reader import Reader, zone_for
from tracking.models import BuyerTask, Notice, Order, Shop
from tracking.notifications.channels.channel import AnswerCard, Brand, Link, NewsItem, ProgressStep, TaskCard
from tracking.notifications.parcels import NotifiedParcel
from tracking.page_state import ENDED_KINDS, StateKind, Step
from tracking.page_state.alert_sentences import ALERTS_OF_STATE
from tracking.page_state.answer import ParcelAnswer
from tracking.page_state.days_strip import days_of_answer
from tracking.page_state.messages import STEP_NAMES, STEP_WORDS
from tracking.page_state.parts import carrier_date_text, documents_asked, pickup_code, shows_carrier_date
from tracking.shops import policy_of
from tracking.shops.pictures import logo_links
from tracking.vocabulary import AlertKind, NoticeKind, Scan

MAX_ARTICLES: Final = 5
DATELESS_KINDS: Final = frozenset({StateKind.NO_DATE, StateKind.LABEL_ONLY})
"""States whose headline only says that there is no date yet: in a subject their chip says more."""
KINDS_NAMED_BY_SCAN: Final = frozenset({NoticeKind.ATTEMPTED, NoticeKind.DELIVERED})


def build_card(parcel: NotifiedParcel, notice: Notice, reader: Reader, now: datetime) -> AnswerCard:
    """Return the card of a parcel for a notice about it, in the active language."""
    answer, task, shipment = parcel.answer(reader), parcel.task, parcel.shipment
    carrier_date = carrier_date_text(shipment, reader, now) if shows_carrier_date(parcel.state) else ""
    documents = tuple(documents_asked(parcel.state, parcel.facts))
    return AnswerCard(
        title=task.title if task else title_of(parcel, answer),
        tone=parcel.state.tone.value,
        chip=answer.chip,
        headline=answer.headline,
        likely=answer.likely,
        lines=tuple(filter(None, (*answer.lines, carrier_date))),
        days=tuple(days_of_answer(parcel.state, parcel.facts, reader)),
        steps=tuple(progress_step(step) for step in parcel.state.steps),
        articles=tuple(line.title for line in shipment.lines.all()[:MAX_ARTICLES]),
        documents=() if task else documents,
        code=pickup_code(parcel.state, parcel.facts),
        task=task_card(task, documents, reader, now) if task else None,
        news=news_item(parcel, notice, reader),
        order=order_label(shipment.order, reader),
        link=settings.SITE_URL + (task or shipment).get_absolute_url(),
        link_label=link_label(parcel),
    )


def title_of(parcel: NotifiedParcel, answer: ParcelAnswer) -> str:
    """Return the answer in short, for a subject or the title of a push."""
    return answer.chip if parcel.state.kind in DATELESS_KINDS else answer.headline.text


def link_label(parcel: NotifiedParcel) -> str:
    """Return the text of the link to the task, else to the parcel."""
    if parcel.task:
        return _("Answer now")
    return _("Show my order") if parcel.state.kind in ENDED_KINDS else _("See where it is")


def progress_step(step: Step) -> ProgressStep:
    """Return one step of the progress, with its name and how far it is."""
    return ProgressStep(str(STEP_NAMES[step.name]), step.state.value, str(STEP_WORDS[step.state]))


def task_card(task: BuyerTask, documents: tuple[str, ...], reader: Reader, now: datetime) -> TaskCard:
    """Return what the buyer is asked for; `documents` are those that customs names."""
    reason = task.localized_rejection_reason or task.localized_reason
    return TaskCard(task.title, reason, documents, deadline_text(task.deadline_at, reader, now))


def deadline_text(deadline_at: datetime | None, reader: Reader, now: datetime) -> str:
    """Return until when an answer is needed; without the days left, because a message is read later."""
    if deadline_at is None:
        return ""
    values = {
        "by": datetimes.format_instant(deadline_at, reader),
        "zone": datetimes.zone_name(reader.zone.key, reader.locale),
    }
    if deadline_at < now:
        return _("It was due %(by)s, %(zone)s. An answer can still help.") % values
    return _("Please answer by %(by)s, %(zone)s.") % values


def news_item(parcel: NotifiedParcel, notice: Notice, reader: Reader) -> NewsItem | None:
    """Return what happened, when and where; None where the answer says it already."""
    facts, state = notice.facts, parcel.state
    is_explained = facts.get("alert") in ALERTS_OF_STATE.get(state.kind, ())
    is_said_by_task = notice.kind == NoticeKind.BUYER_TASK_OPENED and state.task is not None
    if state.kind in ENDED_KINDS or is_explained or is_said_by_task:
        return None
    place = facts.get("place") or ""
    where = format_place(place, "", facts.get("country") or "", place, reader.locale)
    return NewsItem(" · ".join(filter(None, (what_happened(notice), where))), when_it_happened(facts, reader))


def what_happened(notice: Notice) -> str:
    """Return the name of what caused a notice: its alert, the scan of an attempt or a delivery, or its kind."""
    kind, facts = NoticeKind(notice.kind), notice.facts
    if facts.get("alert"):
        return str(AlertKind(facts["alert"]).label)
    if kind in KINDS_NAMED_BY_SCAN and facts.get("scan"):
        return str(Scan(facts["scan"]).label)
    return str(kind.label)


def when_it_happened(facts: Mapping[str, Any], reader: Reader) -> str:
    """Return day, time and zone of a scan: at its place, or all in the reader's zone if that was chosen."""
    if not facts.get("at"):
        return ""
    zone, zone_name = zone_of_news(facts, reader)
    local = datetime.fromisoformat(facts["at"]).astimezone(zone)
    values = {"day": datetimes.format_day(local.date(), reader), "time": datetimes.format_time_of_day(local, reader)}
    return _("%(day)s, %(time)s") % {"day": _("%(day)s, %(time)s") % values, "time": zone_name}


def zone_of_news(facts: Mapping[str, Any], reader: Reader) -> tuple[tzinfo, str]:
    """Return the zone to show a scan in, and its name."""
    own_zone = reader.zone if reader.uses_own_zone else None
    if zone := own_zone or zone_for(facts.get("zone")):
        return zone, datetimes.zone_name(zone.key, reader.locale)
    minutes = facts.get("offset")
    if minutes:
        return timezone(timedelta(minutes=minutes)), datetimes.offset_name(minutes)
    return UTC, "UTC"


def order_label(order: Order, reader: Reader) -> str:
    """Return the number of an order as its heading."""
    return _("Order %(number)s") % {"number": isolate_left_to_right(order.number, reader.locale)}


def next_sentence(card: AnswerCard) -> str:
    """Return the one sentence that stands after the headline where there is no room for more."""
    likely = card.likely.text if card.likely else ""
    deadline = card.task.deadline if card.task else ""
    news = card.news.what if card.news else ""
    first_news = news if card.title == card.chip else ""
    return next(filter(None, (deadline, likely, first_news, *card.lines, news, ", ".join(card.articles))), "")


def brand_of(shop: Shop) -> Brand:
    """Return how a shop looks. It reads the shop's row only."""
    logo = logo_links(shop)
    return Brand(shop.name, settings.SITE_URL + logo.small if logo else "", shop.colours)


def contact_links(order: Order, reader: Reader) -> tuple[Link, ...]:
    """Return the ways to reach the shop of an order; none where it has named none."""
    contact = policy_of(order.shop).contact
    if contact is None:
        return ()
    links = (
        (contact.email, _("Write to us"), f"mailto:{contact.email}?subject={quote(order.number)}"),
        (contact.phone, f"{_('Call')} {isolate_left_to_right(contact.phone, reader.locale)}", f"tel:{contact.phone}"),
        (contact.chat_url, _("Chat"), contact.chat_url),
    )
    return tuple(Link(label, url) for is_given, label, url in links if is_given)
