"""The shipments that some messages speak of, all in hand at once: locked, worked on in memory, and saved together.

A handful of statements serves any number of messages; one after the other each would need some twenty of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from django.db.models import Q

from tracking.carriers.parsed import ParsedLeg
from tracking.ingest.handover import get_or_create_carriers
from tracking.ingest.loaded import INTERPRETATION_FIELDS, LoadedShipment, NewEvent, StoredEvent
from tracking.live import publish
from tracking.models import Carrier, Event, Leg, Payload, PayloadNumber, Shipment, bulk
from tracking.models.locks import lock_rows
from tracking.models.payloads import PayloadStatus
from tracking.models.shipments import MILESTONE_TIME_FIELDS

SHIPMENT_FIELDS: Final = (
    *("origin_country", "milestone", "overlay", "first_event_at", "last_event_at", "delivered_at", "last_received_at"),
    *MILESTONE_TIME_FIELDS.values(),
    *("carrier_earliest_on", "carrier_latest_on", "carrier_date_source"),
    *("weight_grams", "length_mm", "width_mm", "height_mm"),
    *("last_scan", "last_scan_offset_minutes", "activity_factor", "forecast_due_at", "alerts_due_at", "revision"),
)
LEG_ANSWER_FIELDS: Final = (
    *("last_answer_at", "consecutive_failures", "last_error"),
    *("registered_at", "next_check_at", "feed_state"),
)
LEG_ORDER_FIELDS: Final = ("carrier_id", "position")


class ShipmentBatch:
    """All cases of one piece of work. To be opened and saved within one transaction."""

    def __init__(self, shipments: Iterable[Shipment]) -> None:
        self.loaded = {shipment.pk: LoadedShipment(shipment) for shipment in shipments}
        self.carriers: dict[str, Carrier] = {}
        self.legs_by_number: defaultdict[str, list[tuple[LoadedShipment, Leg]]] = defaultdict(list)
        self.load_legs()
        self.load_events()

    @classmethod
    def for_numbers(cls, number_keys: Collection[str]) -> ShipmentBatch:
        """Take in hand the shipments that travel under these numbers."""
        return cls.matching(Q(pk__in=Leg.objects.filter(number_key__in=number_keys).values("shipment")))

    @classmethod
    def matching(cls, condition: Q) -> ShipmentBatch:
        """Take in hand, and lock in the order of their keys, the shipments that `which` selects."""
        found = (
            Shipment.objects.filter(condition).select_related("order", "forecast").defer("forecast__raw_remaining_days")
        )
        return cls(lock_rows(found.order_by("pk")))

    def load_legs(self) -> None:
        """Fetch the legs, with carriers that are shared and not fetched for each."""
        legs = list(Leg.objects.filter(shipment__in=self.loaded).order_by("position", "pk")) if self.loaded else []
        ids = {key for leg in legs for key in (leg.carrier_id, leg.feed_id) if key is not None}
        companies = Carrier.objects.in_bulk(ids) if ids else {}
        self.carriers.update({carrier.slug: carrier for carrier in companies.values()})
        for leg in legs:
            case = self.loaded[leg.shipment_id]
            leg.shipment = case.shipment
            leg.carrier = companies[leg.carrier_id] if leg.carrier_id else None
            leg.feed = companies[leg.feed_id] if leg.feed_id else None
            case.legs.append(leg)
            self.legs_by_number[leg.number_key].append((case, leg))

    def load_events(self) -> None:
        """Fetch what is known of each event."""
        if not self.loaded:
            return
        told = Event.objects.filter(shipment__in=self.loaded).order_by()
        for shipment, leg, mark, pk, sequence, teller, *reading in told.values_list(
            "shipment_id", "leg_id", "fingerprint", "pk", "sequence", "payload__carrier_id", *INTERPRETATION_FIELDS
        ):
            self.loaded[shipment].events[leg, mark] = StoredEvent(pk, sequence, teller, tuple(reading))

    def legs_for(self, number: str, feed_id: int) -> list[tuple[LoadedShipment, Leg]]:
        """Return what a message of a feed about a number speaks of: on each shipment the legs that this feed is asked
        about; else one that another feed is; else one that was only told of."""
        found: dict[LoadedShipment, list[Leg]] = {}
        for case, leg in self.legs_by_number.get(number, ()):
            if leg in case.legs and feed_id not in leg.ignored_feeds:
                found.setdefault(case, []).append(leg)
        return [(case, leg) for case, legs in found.items() for leg in pick_legs(legs, feed_id)]

    def register_new_legs(self, loaded: LoadedShipment) -> None:
        """Let the messages that are read after this one find the legs which it opened."""
        for leg in loaded.new_legs:
            if (loaded, leg) not in self.legs_by_number[leg.number_key]:
                self.legs_by_number[leg.number_key].append((loaded, leg))

    def ensure_carriers(self, parsed_legs: Iterable[ParsedLeg]) -> dict[str, Carrier]:
        """Return carriers by slug, those of `legs` among them; one never heard of gets its row."""
        if missing := [leg for leg in parsed_legs if leg.carrier and leg.carrier not in self.carriers]:
            self.carriers.update(get_or_create_carriers(missing))
        return self.carriers

    def save(self) -> None:
        """Write all that changed, and ring for the pages that show it."""
        cases = list(self.loaded.values())
        bulk.insert_rows(Event, NewEvent._fields, [event for case in cases for event in case.new_events])
        reread = [
            (case.events[key].pk, *reading) for case in cases for key, reading in case.reinterpreted_events.items()
        ]
        bulk.update_rows(Event, INTERPRETATION_FIELDS, reread)
        moved = [case.shipment for case in cases if case.has_changed]
        bulk.update_rows(Shipment, SHIPMENT_FIELDS, list(row_values(moved, SHIPMENT_FIELDS)))
        bulk.update_rows(
            Leg,
            LEG_ORDER_FIELDS,
            list(row_values((leg for case in cases for leg in case.reordered_legs), LEG_ORDER_FIELDS)),
        )
        bulk.update_rows(
            Leg,
            LEG_ANSWER_FIELDS,
            list(row_values((leg for case in cases for leg in case.answered_legs), LEG_ANSWER_FIELDS)),
        )
        requeue_waiting({leg.number_key for case in cases for leg in case.new_legs})
        publish.publish_after_commit(moved)


def pick_legs(legs: list[Leg], feed_id: int) -> list[Leg]:
    """Return the legs of one number and shipment that a message of a feed speaks of."""
    asked = [leg for leg in legs if leg.reported_by_id is None]
    return [leg for leg in asked if leg.feed_id == feed_id] or asked[:1] or legs[:1]


def requeue_waiting(number_keys: Collection[str]) -> None:
    """Have the messages read again that told of these numbers before any shipment had them."""
    if number_keys:
        told = PayloadNumber.objects.filter(number_key__in=number_keys).values("payload")
        Payload.objects.filter(pk__in=told, status=PayloadStatus.UNMATCHED).update(status=PayloadStatus.STORED)


def row_values(instances: Iterable[Shipment | Leg], field_names: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the key and the named values of each row."""
    for row in instances:
        yield (row.pk, *(getattr(row, name) for name in field_names))
