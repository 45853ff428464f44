"""A notice in words: what happened, when and where, what it means, what to do. Nothing personal, and never a number."""

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

from tracking.localization import clocks
from tracking.localization import reader as readers
from tracking.localization.bidi import isolated
from tracking.localization.places import place_line
from tracking.localization.reader import Reader, direction_of, today_in, zone_for
from tracking.models import Notice, Order, Shipment, Subscriber
from tracking.models.buyer_tasks import RECEIPT_SIGNS
from tracking.notifications.calendar import calendar_of, window_of
from tracking.notifications.channels.channel import Link, Message
from tracking.notifications.structured import parcel_delivery
from tracking.notifications.triggers import URGENT
from tracking.vocabulary import NoticeKind, Scan

MEANS: Final[Mapping[NoticeKind, Promise]] = {
    NoticeKind.SHIPPED: gettext_lazy("The carrier has your parcel. From now on it moves by itself."),
    NoticeKind.DEPARTED: gettext_lazy("It is on its way between the countries. For some days there may be no news."),
    NoticeKind.ARRIVED: gettext_lazy("It is in your country. Customs comes next."),
    NoticeKind.CUSTOMS_STARTED: gettext_lazy("Customs looks at it. Most parcels pass without anybody's help."),
    NoticeKind.CUSTOMS_RELEASED: gettext_lazy("Customs is done with it. The local delivery company gets it next."),
    NoticeKind.ASKED: gettext_lazy("It waits until you answer. The page says what is needed and by when."),
    NoticeKind.OUT_FOR_DELIVERY: gettext_lazy("The courier has it on the round today."),
    NoticeKind.ARRIVING_TOMORROW: gettext_lazy("It most likely comes tomorrow. The page shows the window."),
    NoticeKind.DELIVERED: gettext_lazy("Not there? Look with neighbours and in safe places; the page helps further."),
    NoticeKind.ATTEMPTED: gettext_lazy("The courier could not hand it over. The page shows what you can choose now."),
    NoticeKind.READY: gettext_lazy("You can collect it. Bring a proof of identity."),
    NoticeKind.PICKUP_EXPIRING: gettext_lazy("Collect it soon: after the last day it goes back to the sender."),
    NoticeKind.DELAY: gettext_lazy("It will probably come later than promised. The page shows when we expect it."),
    NoticeKind.DATE_MOVED: gettext_lazy("The page says why, and how often such dates come true."),
    NoticeKind.PROBLEM: gettext_lazy("The page says what is known, what happens next, and what helps."),
    NoticeKind.RETURNED: gettext_lazy("It goes back to the sender. Ask the shop about a new parcel or your money."),
}


STOP_SALT: Final = "stop notices"
UNDATED: Final = frozenset(
    {NoticeKind.OUT_FOR_DELIVERY, NoticeKind.ATTEMPTED, NoticeKind.READY, NoticeKind.DELIVERED, NoticeKind.RETURNED}
)
"""Kinds that say all about the date themselves; a forecast made before them would say something else."""


def message_of(notices: list[Notice], reader: Reader, language: str) -> Message:
    """Return one message for the notices of one contact, the heaviest first; several parcels make it a digest.

    `shipment.order.shop`, `shipment.forecast` and `contact.subscriber` must be at hand, the language switched on.
    """
    first = notices[0]
    order, subscriber = first.shipment.order, first.contact.subscriber
    kind = NoticeKind(first.kind)
    several = len({notice.shipment_id for notice in notices}) > 1
    headline = _("News of your parcels") if several else headline_of(first)
    site = settings.SITE_URL
    return Message(
        kind=kind.value,
        language=language,
        direction=direction_of(language),
        sender=order.shop.name,
        subject=_("%(headline)s · order %(number)s") % {"headline": headline, "number": order.number},
        headline=headline,
        lines=tuple(digest_lines(notices, reader)) if several else (str(MEANS[kind]),),
        facts=() if several else tuple(facts_of(first, reader)),
        action=Link(_("See where it is"), site + order.get_absolute_url()),
        more=(
            Link(_("What you are told of, and when"), site + subscriber.get_absolute_url()),
            Link(_("Stop these messages"), site + stop_path(first)),
        ),
        footer=(
            _("You get this because this address follows the order."),
            _("Check code %(code)s: type it at %(site)s to be sure that this message is ours. We never ask for money.")
            % {
                "code": isolated(check_code(first), reader.locale),
                "site": isolated(site + reverse("genuine"), reader.locale),
            },
        ),
        unsubscribe=site + stop_path(first),
        thread=f"parcel {first.shipment.token}",
        identity=f"notice {first.pk} {first.contact_id}",
        structured=None if several else parcel_delivery(first.shipment),
        calendar=calendar_for(notices) if subscriber.calendar else None,
        preheader="" if several else str(MEANS[kind]),
        urgency="high" if kind in URGENT else "normal",
        tag=f"parcel {first.shipment.token}",
    )


def calendar_for(notices: list[Notice]) -> bytes | None:
    """Return the windows of the parcels that a message is about, where one of them has a window."""
    shipments = {notice.shipment_id: notice.shipment for notice in notices}.values()
    return calendar_of(shipments, settings.SITE_NAME) if any(map(window_of, shipments)) else None


def headline_of(notice: Notice) -> str:
    """Return what happened in a few words: the carrier's scan as we say it, else the kind."""
    kind = NoticeKind(notice.kind)
    scan = notice.facts.get("scan")
    if kind in (NoticeKind.ATTEMPTED, NoticeKind.DELIVERED) and scan:
        return str(Scan(scan).label)
    return str(kind.label)


def facts_of(notice: Notice, reader: Reader) -> Iterator[tuple[str, str]]:
    """Yield when and where it happened, on that place's own clock, and when it is expected."""
    facts = notice.facts
    if facts.get("at"):
        at = datetime.fromisoformat(facts["at"]).astimezone(zone_of(facts) or UTC)
        yield _("When"), f"{clocks.day(at.date(), reader)} {clocks.clock_time(at, reader)}"
    place = facts.get("place") or ""
    if where := place_line(place, "", facts.get("country") or "", place, reader.locale):
        yield _("Where"), where
    if notice.kind not in UNDATED and (days := expected(notice.shipment, reader)):
        yield _("Expected"), days
    yield _("Order"), isolated(notice.shipment.order.number, reader.locale)


def zone_of(facts: Mapping[str, Any]) -> tzinfo | None:
    """Return the clock of the place of a scan, as far as it is known."""
    if zone := zone_for(facts.get("zone")):
        return zone
    minutes = facts.get("offset")
    return timezone(timedelta(minutes=minutes)) if minutes is not None else None


def expected(shipment: Shipment, reader: Reader) -> str:
    """Return the window in force, or nothing where none can still come true."""
    forecast = shipment.forecast
    today = today_in(shipment.order.country, datetime.now(UTC))
    if forecast is None or forecast.last_on < today:
        return ""
    return clocks.days(max(forecast.first_on, today), forecast.last_on, reader)


def digest_lines(notices: list[Notice], reader: Reader) -> Iterator[str]:
    """Yield one line a parcel: its order, and the heaviest of its news."""
    told: set[int] = set()
    for notice in notices:
        if notice.shipment_id in told:
            continue
        told.add(notice.shipment_id)
        days = expected(notice.shipment, reader)
        line = {
            "number": isolated(notice.shipment.order.number, reader.locale),
            "news": headline_of(notice),
            "days": days,
        }
        yield _("%(number)s: %(news)s, expected %(days)s") % line if days else _("%(number)s: %(news)s") % line


def check_code(notice: Notice) -> str:
    """Return the code by which the site knows a message as its own."""
    mac = hmac.new(settings.SECRET_KEY.encode(), f"notice {notice.pk}".encode(), hashlib.sha256).digest()
    signs = "".join(RECEIPT_SIGNS[byte % len(RECEIPT_SIGNS)] for byte in mac[:6])
    return f"{notice.pk}-{signs}"


def stop_path(notice: Notice) -> str:
    """Return the path that ends all notices to one address, by one POST."""
    return reverse("stop", args=[stop_token(notice.contact_id)])


def stop_token(contact_id: int) -> str:
    """Return the signed name of a contact."""
    return Signer(salt=STOP_SALT).sign(str(contact_id))


def contact_of_token(token: str) -> int:
    """Return the key of a contact by its signed name. Raises `BadSignature`."""
    return int(Signer(salt=STOP_SALT).unsign(token))


def language_for(subscriber: Subscriber, order: Order) -> str:
    """Return the language of ours to write in: the reader's, else the order's, the shop's, the site's."""
    wanted = (subscriber.language, order.language, order.shop.language)
    return readers.first_supported(wanted, dict(settings.LANGUAGES)) or settings.LANGUAGE_CODE


def reader_of(subscriber: Subscriber, language: str, country: str) -> Reader:
    """Return a reader of notices: the choices of their account and their zone, else the habits of the destination."""
    chosen = {**(subscriber.user.preferences if subscriber.user else {})}
    if zone_for(subscriber.zone):
        chosen["zone"] = subscriber.zone
    return readers.reader_of(chosen, language, country)
