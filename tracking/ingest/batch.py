"""The shipments that some messages speak of, all in hand at once: locked, worked on in memory, and saved together.

A handful of statements serves any number of messages; one after the other each would need some twenty of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from django.db.models import Q

from tracking.carriers.parsed import ToldLeg
from tracking.ingest.handover import carriers_for
from tracking.ingest.loaded import READ_FIELDS, Case, Known, NewEvent
from tracking.live import publish
from tracking.models import Carrier, Event, Leg, Payload, PayloadNumber, Shipment, bulk
from tracking.models.locks import locked
from tracking.models.payloads import Outcome
from tracking.models.shipments import PASSAGES

SHIPMENT_FIELDS: Final = (
    *("origin_country", "milestone", "overlay", "first_event_at", "last_event_at", "delivered_at", "news_at"),
    *PASSAGES.values(),
    *("carrier_first_on", "carrier_last_on", "carrier_date_source"),
    *("weighed_grams", "length_mm", "width_mm", "height_mm"),
    *("last_scan", "last_offset_minutes", "liveliness", "forecast_due_at", "look_at", "revision"),
)
ANSWER_FIELDS: Final = ("last_answer_at", "failures", "trouble", "registered_at", "next_check_at", "tracker")
PLACE_FIELDS: Final = ("carrier_id", "position")


class Casebook:
    """All cases of one piece of work. To be opened and saved within one transaction."""

    def __init__(self, shipments: Iterable[Shipment]) -> None:
        self.cases = {shipment.pk: Case(shipment) for shipment in shipments}
        self.carriers: dict[str, Carrier] = {}
        self.by_number: defaultdict[str, list[tuple[Case, Leg]]] = defaultdict(list)
        self.take_legs()
        self.take_events()

    @classmethod
    def on(cls, number_keys: Collection[str]) -> Casebook:
        """Take in hand the shipments that travel under these numbers."""
        return cls.of(Q(pk__in=Leg.objects.filter(number_key__in=number_keys).values("shipment")))

    @classmethod
    def of(cls, which: Q) -> Casebook:
        """Take in hand, and lock in the order of their keys, the shipments that `which` selects."""
        found = Shipment.objects.filter(which).select_related("order", "forecast").defer("forecast__days")
        return cls(locked(found.order_by("pk")))

    def take_legs(self) -> None:
        """Fetch the legs, with carriers that are shared and not fetched for each."""
        legs = list(Leg.objects.filter(shipment__in=self.cases).order_by("position", "pk")) if self.cases else []
        ids = {key for leg in legs for key in (leg.carrier_id, leg.source_id) if key is not None}
        companies = Carrier.objects.in_bulk(ids) if ids else {}
        self.carriers.update({carrier.slug: carrier for carrier in companies.values()})
        for leg in legs:
            case = self.cases[leg.shipment_id]
            leg.shipment = case.shipment
            leg.carrier = companies[leg.carrier_id] if leg.carrier_id else None
            leg.source = companies[leg.source_id] if leg.source_id else None
            case.legs.append(leg)
            self.by_number[leg.number_key].append((case, leg))

    def take_events(self) -> None:
        """Fetch what is known of each event."""
        if not self.cases:
            return
        told = Event.objects.filter(shipment__in=self.cases).order_by()
        for shipment, leg, mark, pk, sequence, teller, *reading in told.values_list(
            "shipment_id", "leg_id", "fingerprint", "pk", "sequence", "payload__carrier_id", *READ_FIELDS
        ):
            self.cases[shipment].events[leg, mark] = Known(pk, sequence, teller, tuple(reading))

    def meant(self, number: str, feed: int) -> list[tuple[Case, Leg]]:
        """Return what a message of a feed about a number speaks of: on each shipment the legs that this feed is asked
        about; else one that another feed is; else one that was only told of."""
        found: dict[Case, list[Leg]] = {}
        for case, leg in self.by_number.get(number, ()):
            if leg in case.legs and feed not in leg.distrusts:
                found.setdefault(case, []).append(leg)
        return [(case, leg) for case, legs in found.items() for leg in heard_by(legs, feed)]

    def meet(self, case: Case) -> None:
        """Let the messages that are read after this one find the legs which it opened."""
        for leg in case.opened:
            if (case, leg) not in self.by_number[leg.number_key]:
                self.by_number[leg.number_key].append((case, leg))

    def carriers_of(self, legs: Iterable[ToldLeg]) -> dict[str, Carrier]:
        """Return carriers by slug, those of `legs` among them; one never heard of gets its row."""
        if missing := [leg for leg in legs if leg.carrier and leg.carrier not in self.carriers]:
            self.carriers.update(carriers_for(missing))
        return self.carriers

    def save(self) -> None:
        """Write all that changed, and ring for the pages that show it."""
        cases = list(self.cases.values())
        bulk.insert(Event, NewEvent._fields, [event for case in cases for event in case.fresh])
        reread = [(case.events[key].pk, *reading) for case in cases for key, reading in case.reread.items()]
        bulk.update(Event, READ_FIELDS, reread)
        moved = [case.shipment for case in cases if case.moved]
        bulk.update(Shipment, SHIPMENT_FIELDS, list(values(moved, SHIPMENT_FIELDS)))
        bulk.update(Leg, PLACE_FIELDS, list(values((leg for case in cases for leg in case.placed), PLACE_FIELDS)))
        bulk.update(Leg, ANSWER_FIELDS, list(values((leg for case in cases for leg in case.answered), ANSWER_FIELDS)))
        call_waiting({leg.number_key for case in cases for leg in case.opened})
        publish.ring_after_commit(moved)


def heard_by(legs: list[Leg], feed: int) -> list[Leg]:
    """Return the legs of one number and shipment that a message of a feed speaks of."""
    asked = [leg for leg in legs if leg.told_by_id is None]
    return [leg for leg in asked if leg.source_id == feed] or asked[:1] or legs[:1]


def call_waiting(numbers: Collection[str]) -> None:
    """Have the messages read again that told of these numbers before any shipment had them."""
    if numbers:
        told = PayloadNumber.objects.filter(number_key__in=numbers).values("payload")
        Payload.objects.filter(pk__in=told, outcome=Outcome.WAITING).update(outcome=Outcome.STORED)


def values(found: Iterable[Shipment | Leg], names: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the key and the named values of each row."""
    for row in found:
        yield (row.pk, *(getattr(row, name) for name in names))
