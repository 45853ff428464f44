"""The text of a notice: what happened, when, where, what it means, what to do. No personal data, no tracking number."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final

from django.conf import settings
from django.core.signing import Signer
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.localization import datetimes
from tracking.localization import reader as readers
from tracking.localization.bidi import isolate_left_to_right
from tracking.localization.places import format_place
from tracking.localization.reader import Reader, text_direction_of, today_in, zone_for
from tracking.models import Notice, Order, Shipment, Subscriber
from tracking.models.buyer_tasks import RECEIPT_CODE_CHARACTERS
from tracking.notifications.calendar import build_calendar
from tracking.notifications.channels.channel import Link, NotificationMessage
from tracking.notifications.json_ld import build_parcel_delivery
from tracking.notifications.page_state import is_past, page_state_of
from tracking.notifications.triggers import URGENT_KINDS
from tracking.vocabulary import NoticeKind, Scan

EXPLANATIONS: Final[Mapping[NoticeKind, Promise]] = {
    NoticeKind.SHIPPED: gettext_lazy("The carrier has your parcel. From now on it moves by itself."),
    NoticeKind.DEPARTED: gettext_lazy("It is on its way between the countries. For some days there may be no news."),
    NoticeKind.ARRIVED: gettext_lazy("It is in your country. Customs comes next."),
    NoticeKind.CUSTOMS_STARTED: gettext_lazy("Customs looks at it. Most parcels pass without anybody's help."),
    NoticeKind.CUSTOMS_RELEASED: gettext_lazy("Customs is done with it. The local delivery company gets it next."),
    NoticeKind.BUYER_TASK_OPENED: gettext_lazy("It waits until you answer. The page says what is needed and by when."),
    NoticeKind.OUT_FOR_DELIVERY: gettext_lazy("The courier has it on the round today."),
    NoticeKind.ARRIVING_TOMORROW: gettext_lazy("It most likely comes tomorrow. The page shows the window."),
    NoticeKind.DELIVERED: gettext_lazy("Not there? Look with neighbours and in safe places; the page helps further."),
    NoticeKind.ATTEMPTED: gettext_lazy("The courier could not hand it over. The page shows what you can choose now."),
    NoticeKind.READY: gettext_lazy("You can collect it. Bring a proof of identity."),
    NoticeKind.PICKUP_EXPIRING: gettext_lazy("Collect it soon: after the last day it goes back to the sender."),
    NoticeKind.DELAY: gettext_lazy("It will probably come later than promised. The page shows when we expect it."),
    NoticeKind.DATE_MOVED: gettext_lazy("The page says why, and how often such dates come true."),
    NoticeKind.PROBLEM: gettext_lazy("The page says what is known, what happens next, and what helps."),
    NoticeKind.NUMBER_CHANGED: gettext_lazy("The shop changed the tracking number. The page follows the new one."),
    NoticeKind.RETURNING: gettext_lazy("It goes back to the sender. Ask the shop about a new parcel or your money."),
    NoticeKind.RETURNED: gettext_lazy("The sender has it again. The page shows its way there."),
    NoticeKind.SENT_AGAIN: gettext_lazy("It came back, and now it's on its way to you again. The page shows when."),
    NoticeKind.SENT_BACK: gettext_lazy("The carrier has your return. The page shows its way to the shop."),
    NoticeKind.DELIVERY_WITHDRAWN: gettext_lazy(
        "It hasn't been delivered yet. The page shows what the carrier says now."
    ),
}
PAST_EXPLANATION: Final = gettext_lazy("Since then it has moved on. The page shows where it is now.")


FORECAST_CLAIM: Final = timedelta(minutes=10)
"""How far ahead a worker that makes a forecast moves `forecast_due_at` meanwhile."""
UNSUBSCRIBE_SALT: Final = "stop notices"
KINDS_WITHOUT_FORECAST: Final = frozenset(
    {
        *(NoticeKind.OUT_FOR_DELIVERY, NoticeKind.ATTEMPTED, NoticeKind.READY, NoticeKind.DELIVERED),
        *(NoticeKind.RETURNING, NoticeKind.RETURNED, NoticeKind.SENT_BACK, NoticeKind.DELIVERY_WITHDRAWN),
    }
)
"""Kinds that settle the date themselves; an older forecast would contradict them."""


def build_message(notices: list[Notice], reader: Reader, language: str) -> NotificationMessage:
    """Return one message for notices of one contact, highest priority first; several parcels make it a digest.

    `shipment.order.shop`, `shipment.forecast` and `contact.subscriber` must be loaded, and `language` must be active.
    """
    first = notices[0]
    order, subscriber = first.shipment.order, first.contact.subscriber
    kind = NoticeKind(first.kind)
    is_digest = len({notice.shipment_id for notice in notices}) > 1
    headline = _("News of your parcels") if is_digest else headline_of(first)
    site = settings.SITE_URL
    return NotificationMessage(
        kind=kind.value,
        language=language,
        direction=text_direction_of(language),
        sender=order.shop.name,
        subject=_("%(headline)s · order %(number)s") % {"headline": headline, "number": order.number},
        headline=headline,
        lines=tuple(digest_lines(notices, reader)) if is_digest else (explanation_of(first),),
        facts=() if is_digest else tuple(message_facts(first, reader)),
        action=Link(_("See where it is"), site + (order if is_digest else first.shipment).get_absolute_url()),
        secondary_links=(
            Link(_("What you are told of, and when"), site + subscriber.get_absolute_url()),
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
        json_ld=None if is_digest else build_parcel_delivery(first.shipment),
        calendar_file=calendar_for(notices) if subscriber.attach_calendar else None,
        preheader="" if is_digest else explanation_of(first),
        urgency="high" if kind in URGENT_KINDS else "normal",
        tag=f"parcel {first.shipment.token}",
    )


def calendar_for(notices: list[Notice]) -> bytes | None:
    """Return a calendar file with the arrival windows of a message's parcels; None if none has a window."""
    shipments = {notice.shipment_id: notice.shipment for notice in notices}.values()
    has_window = any(shipment.arrival_forecast for shipment in shipments)
    return build_calendar(shipments, settings.SITE_NAME) if has_window else None


def explanation_of(notice: Notice) -> str:
    """Return what a notice means, or that the parcel has moved on since."""
    kind = NoticeKind(notice.kind)
    return str(PAST_EXPLANATION if is_past(kind, page_state_of(notice.shipment)) else EXPLANATIONS[kind])


def headline_of(notice: Notice) -> str:
    """Return the headline of a notice: our label of the scan for attempts and deliveries, else of the kind."""
    kind = NoticeKind(notice.kind)
    scan = notice.facts.get("scan")
    if kind in (NoticeKind.ATTEMPTED, NoticeKind.DELIVERED) and scan:
        return str(Scan(scan).label)
    return str(kind.label)


def message_facts(notice: Notice, reader: Reader) -> Iterator[tuple[str, str]]:
    """Yield (label, value) pairs: local time and place of the event, expected days, order number."""
    facts = notice.facts
    if facts.get("at"):
        local = datetime.fromisoformat(facts["at"]).astimezone(zone_of(facts) or UTC)
        yield _("When"), f"{datetimes.format_day(local.date(), reader)} {datetimes.format_time_of_day(local, reader)}"
    place = facts.get("place") or ""
    if place_name := format_place(place, "", facts.get("country") or "", place, reader.locale):
        yield _("Where"), place_name
    if notice.kind not in KINDS_WITHOUT_FORECAST and (days := expected_days(notice.shipment, reader)):
        yield _("Expected"), days
    yield _("Order"), isolate_left_to_right(notice.shipment.order.number, reader.locale)


def zone_of(facts: Mapping[str, Any]) -> tzinfo | None:
    """Return the time zone of a scan, or its fixed UTC offset; None if neither is known."""
    if zone := zone_for(facts.get("zone")):
        return zone
    minutes = facts.get("offset")
    return timezone(timedelta(minutes=minutes)) if minutes is not None else None


def expected_days(shipment: Shipment, reader: Reader) -> str:
    """Return the arrival window from today on as text; '' if there is none or it has passed."""
    forecast, now = shipment.arrival_forecast, datetime.now(UTC)
    today = today_in(shipment.order.country, now)
    # After a scan the forecast is made again within seconds: until then the old one would contradict the new stage.
    is_outdated = shipment.forecast_due_at is not None and shipment.forecast_due_at < now + FORECAST_CLAIM
    if forecast is None or forecast.latest_on < today or is_outdated:
        return ""
    return datetimes.format_day_range(max(forecast.earliest_on, today), forecast.latest_on, reader)


def digest_lines(notices: list[Notice], reader: Reader) -> Iterator[str]:
    """Yield one line per parcel: its order number, its most important notice, and its expected days."""
    seen_shipments: set[int] = set()
    for notice in notices:
        if notice.shipment_id in seen_shipments:
            continue
        seen_shipments.add(notice.shipment_id)
        days = expected_days(notice.shipment, reader)
        values = {
            "number": isolate_left_to_right(notice.shipment.order.number, reader.locale),
            "news": headline_of(notice),
            "days": days,
        }
        yield _("%(number)s: %(news)s, expected %(days)s") % values if days else _("%(number)s: %(news)s") % values


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
