"""The text of a notice: the answer of the page, and what caused the notice. No personal data, no tracking number."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core.signing import Signer
from django.urls import reverse
from django.utils.translation import gettext as _

from tracking.localization import reader as readers
from tracking.localization.bidi import isolate_left_to_right
from tracking.localization.reader import Reader, text_direction_of, zone_for
from tracking.models import Notice, Order, Subscriber
from tracking.models.buyer_tasks import RECEIPT_CODE_CHARACTERS
from tracking.notifications.calendar import build_calendar, calendar_days
from tracking.notifications.cards import brand_of, build_card, contact_links, next_sentence
from tracking.notifications.channels.channel import AnswerCard, Link, NotificationMessage
from tracking.notifications.json_ld import build_parcel_delivery
from tracking.notifications.parcels import NotifiedParcel
from tracking.notifications.triggers import URGENT_KINDS
from tracking.vocabulary import NoticeKind

UNSUBSCRIBE_SALT: Final = "stop notices"


def build_message(
    notices: list[Notice], parcels: Mapping[int, NotifiedParcel], reader: Reader, language: str, now: datetime
) -> NotificationMessage:
    """Return one message for notices of one contact, highest priority first; several parcels make it a digest.

    `parcels` holds the parcel of each notice by the key of its shipment, and `language` must be active.
    """
    first = notices[0]
    order, subscriber = first.shipment.order, first.contact.subscriber
    cards = cards_of(notices, parcels, reader, now)
    is_digest, card = len(cards) > 1, cards[0]
    headline = _("News of your parcels") if is_digest else card.title
    orders = {notice.shipment.order_id for notice in notices}
    shops = {notice.shipment.order.shop_id for notice in notices}
    values = {"headline": headline, "number": order.number}
    kind, site = NoticeKind(first.kind), settings.SITE_URL
    return NotificationMessage(
        kind=kind.value,
        language=language,
        direction=text_direction_of(language),
        sender=order.shop.name if len(shops) == 1 else settings.SITE_NAME,
        subject=headline if len(orders) > 1 else _("%(headline)s · order %(number)s") % values,
        headline=headline,
        lines=tuple(f"{row.order}: {row.title}" for row in cards) if is_digest else lines_of(card),
        facts=() if is_digest else facts_of(card, order, reader),
        action=Link(_("See where it is"), site + order.get_absolute_url()) if is_digest else action_of(card),
        secondary_links=(
            Link(_("What we tell you, and when"), site + subscriber.get_absolute_url()),
            Link(_("Stop these messages"), site + unsubscribe_path(first)),
        ),
        footer=(
            _("You get this because this address follows the order."),
            _("Check code %(code)s: type it at %(site)s to be sure that this message is ours. We never ask for money.")
            % {
                "code": isolate_left_to_right(authenticity_code(first), reader.locale),
                "site": isolate_left_to_right(site + reverse("verify_message"), reader.locale),
            },
        ),
        unsubscribe_url=site + unsubscribe_path(first),
        thread_key=f"parcel {first.shipment.token}",
        idempotency_key=f"notice {first.pk} {first.contact_id}",
        json_ld=None if is_digest else build_parcel_delivery(parcels[first.shipment_id]),
        calendar_file=calendar_for(notices, parcels, reader) if subscriber.attach_calendar else None,
        preheader=f"{card.order}: {card.title}" if is_digest else next_sentence(card),
        cards=cards,
        brand=brand_of(order.shop) if len(shops) == 1 else None,
        contact=contact_links(order, reader) if len(orders) == 1 else (),
        urgency="high" if kind in URGENT_KINDS else "normal",
        tag=f"parcel {first.shipment.token}",
    )


def cards_of(
    notices: list[Notice], parcels: Mapping[int, NotifiedParcel], reader: Reader, now: datetime
) -> tuple[AnswerCard, ...]:
    """Return the card of each parcel, for its most important notice."""
    most_important = {notice.shipment_id: notice for notice in reversed(notices)}
    shipment_ids = dict.fromkeys(notice.shipment_id for notice in notices)
    return tuple(build_card(parcels[pk], most_important[pk], reader, now) for pk in shipment_ids)


def lines_of(card: AnswerCard) -> tuple[str, ...]:
    """Return the sentences of a card as plain text: of a task first, then those below the answer."""
    task = (card.task.reason, card.task.deadline, *card.task.documents) if card.task else ()
    headline = card.headline.text if card.headline.text != card.title else ""
    likely = card.likely.text if card.likely else ""
    return tuple(filter(None, (*task, headline, likely, *card.documents, *card.lines)))


def facts_of(card: AnswerCard, order: Order, reader: Reader) -> tuple[tuple[str, str], ...]:
    """Return (label, value) pairs: the pick-up code, what happened and when, what is in the parcel, the order."""
    facts = (
        (_("Your code"), isolate_left_to_right(card.code, reader.locale)),
        (_("What happened"), card.news.what if card.news else ""),
        (_("When"), card.news.when if card.news else ""),
        (_("In this parcel"), ", ".join(card.articles)),
        (_("Order"), isolate_left_to_right(order.number, reader.locale)),
    )
    return tuple((label, value) for label, value in facts if value)


def action_of(card: AnswerCard) -> Link:
    """Return the one button of a message: to the task, else to the parcel."""
    return Link(card.link_label, card.link)


def calendar_for(notices: list[Notice], parcels: Mapping[int, NotifiedParcel], reader: Reader) -> bytes | None:
    """Return a calendar file with the parcels of a message; None if none has an event."""
    shown = [parcels[pk] for pk in dict.fromkeys(notice.shipment_id for notice in notices)]
    return build_calendar(shown, settings.SITE_NAME, reader) if any(map(calendar_days, shown)) else None


def authenticity_code(notice: Notice) -> str:
    """Return the check code of a message: its number and six characters of an HMAC, which `/genuine/` verifies."""
    mac = hmac.new(settings.SECRET_KEY.encode(), f"notice {notice.pk}".encode(), hashlib.sha256).digest()
    code = "".join(RECEIPT_CODE_CHARACTERS[byte % len(RECEIPT_CODE_CHARACTERS)] for byte in mac[:6])
    return f"{notice.pk}-{code}"


def unsubscribe_path(notice: Notice) -> str:
    """Return the path that unsubscribes a contact from all notices by one POST (RFC 8058)."""
    return reverse("unsubscribe", args=[unsubscribe_token(notice.contact_id)])


def unsubscribe_token(contact_id: int) -> str:
    """Return the signed id of a contact."""
    return Signer(salt=UNSUBSCRIBE_SALT).sign(str(contact_id))


def contact_id_from_token(token: str) -> int:
    """Return the id of a contact from its signed token; raise `BadSignature`."""
    return int(Signer(salt=UNSUBSCRIBE_SALT).unsign(token))


def language_for(subscriber: Subscriber, order: Order) -> str:
    """Return the supported language to write in: the reader's, else the order's, the shop's, the site's."""
    preferred = (subscriber.language, order.language, order.shop.language)
    return readers.first_supported_language(preferred, dict(settings.LANGUAGES)) or settings.LANGUAGE_CODE


def reader_for_subscriber(subscriber: Subscriber, language: str, country: str) -> Reader:
    """Return the formats for a subscriber: account preferences and own zone, else defaults of the destination."""
    preferences = {**(subscriber.user.preferences if subscriber.user else {})}
    if zone_for(subscriber.zone):
        preferences["zone"] = subscriber.zone
    return readers.build_reader(preferences, language, country)
