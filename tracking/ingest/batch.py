"""Load the shipments that some payloads are about, work on them in memory, and save them together.

A handful of statements serves any number of payloads; one after the other each would need some twenty of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, Final

from django.db.models import Q, Value
from django.db.models.functions import Coalesce, NullIf

from tracking.carriers.parsed import ParsedLeg
from tracking.ingest.handover import get_or_create_carriers
from tracking.ingest.loaded import Interpretation, LoadedShipment, NewEvent, StoredEvent, save_changed_events
from tracking.journey import JourneySummary, ShipmentStatus, build_statement_step
from tracking.live import publish
from tracking.models import Carrier, Event, Leg, OperatorStatement, Payload, PayloadNumber, Shipment, bulk
from tracking.models.locks import lock_rows
from tracking.models.payloads import PayloadStatus
from tracking.models.shipments import STAGE_TIME_FIELDS
from tracking.vocabulary import JourneyStage, StatementKind


def stage_time(status: ShipmentStatus, stage: JourneyStage) -> datetime | None:
    """Return when a parcel reached a stage; None if it has not, or at an unknown time."""
    return status.stage_times.get(stage)


def journey_as_json(journey: JourneySummary) -> dict[str, str | None]:
    """Return a journey as `Shipment.journeys` holds it."""
    times = {name: getattr(journey, name) for name in ("started_at", "ended_at", "ended_on")}
    return {"kind": journey.kind.value, **{name: value and value.isoformat() for name, value in times.items()}}


CONCLUDED_VALUES: Final[Mapping[str, Callable[[ShipmentStatus], Any]]] = {
    "milestone": lambda status: status.milestone.value,
    "overlay": lambda status: status.overlay.value if status.overlay else "",
    "journey": lambda status: status.journey.value,
    "journeys": lambda status: [journey_as_json(journey) for journey in status.journeys],
    "problem_scan": lambda status: status.problem.scan.value if status.problem else "",
    "status_due_at": lambda status: status.due_at,
    **{
        name: attrgetter(name)
        for name in (
            *("first_event_at", "last_event_at", "delivered_at", "delivered_on", "delivery_doubted_at"),
            *("delivery_withdrawn_at", "has_only_earlier_use", "has_other_parcel"),
            *("is_cancelled_by_operator", "is_untracked", "problem_on"),
        )
    },
    **{column: partial(stage_time, stage=stage) for stage, column in STAGE_TIME_FIELDS.items()},
}
"""The fields of a shipment that hold its conclusion, each with its value for one."""
SHIPMENT_FIELDS: Final = (
    *CONCLUDED_VALUES,
    *("cancelled_at", "last_received_at", "origin_country"),
    *("carrier_earliest_on", "carrier_latest_on", "carrier_date_source", "carrier_date_said_at"),
    *("weight_grams", "length_mm", "width_mm", "height_mm"),
    *("last_scan", "last_scan_offset_minutes", "last_leg_id", "activity_factor"),
    *("forecast_due_at", "alerts_due_at", "revision"),
)
"""The fields that are written when a shipment has changed."""
LEG_ANSWER_FIELDS: Final = (
    *("last_answer_at", "consecutive_failures", "last_error"),
    *("registered_at", "next_check_at", "feed_state", "complete_answers", "details"),
)
LEG_HISTORY_FIELDS: Final = ("complete_answers", "details")
LEG_ORDER_FIELDS: Final = ("carrier_id", "position")


class ShipmentBatch:
    """The loaded shipments of one unit of work. Create and save it within one transaction.

    `legs_by_number` holds each leg with its shipment under the leg's number key; `carriers` all carriers by slug.
    """

    def __init__(self, shipments: Iterable[Shipment]) -> None:
        self.loaded = {shipment.pk: LoadedShipment(shipment) for shipment in shipments}
        self.carriers: dict[str, Carrier] = {}
        self.legs_by_number: defaultdict[str, list[tuple[LoadedShipment, Leg]]] = defaultdict(list)
        self.load_legs()
        self.load_events()
        self.load_statements()

    @classmethod
    def for_numbers(cls, number_keys: Collection[str]) -> ShipmentBatch:
        """Load and lock the shipments that have a leg with one of these numbers."""
        return cls.matching(Q(pk__in=Leg.objects.filter(number_key__in=number_keys).values("shipment")))

    @classmethod
    def matching(cls, condition: Q) -> ShipmentBatch:
        """Load and lock the shipments that `condition` selects."""
        selected = Shipment.objects.filter(condition).select_related("order", "forecast")
        # Locked in the order of their keys: two workers that lock the same shipments in two orders would deadlock.
        return cls(lock_rows(selected.defer("forecast__raw_remaining_days").order_by("pk")))

    def load_legs(self) -> None:
        """Fetch the legs, and each carrier once, however many legs name it."""
        legs = list(Leg.objects.filter(shipment__in=self.loaded).order_by("position", "pk")) if self.loaded else []
        carrier_ids = {key for leg in legs for key in (leg.carrier_id, leg.feed_id) if key is not None}
        carriers = Carrier.objects.in_bulk(carrier_ids) if carrier_ids else {}
        self.carriers.update({carrier.slug: carrier for carrier in carriers.values()})
        for leg in legs:
            loaded = self.loaded[leg.shipment_id]
            leg.shipment = loaded.shipment
            leg.carrier = carriers[leg.carrier_id] if leg.carrier_id else None
            leg.feed = carriers[leg.feed_id] if leg.feed_id else None
            loaded.legs.append(leg)
            self.legs_by_number[leg.number_key].append((loaded, leg))

    def load_events(self) -> None:
        """Fetch the identity and interpretation of each event; texts and places are loaded where alerts need them."""
        if not self.loaded:
            return
        events = (
            Event.objects.filter(shipment__in=self.loaded)
            .order_by()
            .annotate(town=Coalesce(NullIf("city", Value("")), "raw_place"))
        )
        key = ("shipment_id", "leg_id", "fingerprint")
        columns = ("pk", "sequence", "feed_id", "payload_id", "last_reported_at")
        state = ("town", "exclusion", "missing_since")
        read = len(columns) + len(state)
        for shipment_id, leg_id, fingerprint, *row in events.values_list(
            *key, *columns, *state, *Interpretation._fields
        ):
            event = StoredEvent._make(
                (*row[: len(columns)], Interpretation._make(row[read:]), *row[len(columns) : read])
            )
            self.loaded[shipment_id].events[leg_id, fingerprint] = event

    def load_statements(self) -> None:
        """Fetch what operators state: one query, if there is anything."""
        if shipment_ids := [pk for pk, loaded in self.loaded.items() if loaded.shipment.has_statements]:
            for statement in OperatorStatement.objects.in_force().filter(shipment__in=shipment_ids):
                step = build_statement_step(StatementKind(statement.kind), statement.effective_at, statement.pk)
                self.loaded[statement.shipment_id].statements.append(step)

    def legs_for(self, number_key: str, feed_id: int) -> list[tuple[LoadedShipment, Leg]]:
        """Return the legs that an answer of a feed about a number applies to: `pick_legs` of each shipment."""
        candidates: dict[LoadedShipment, list[Leg]] = {}
        for loaded, leg in self.legs_by_number.get(number_key, ()):
            if leg in loaded.legs and leg.removed_at is None and feed_id not in leg.ignored_feeds:
                candidates.setdefault(loaded, []).append(leg)
        return [(loaded, leg) for loaded, legs in candidates.items() for leg in pick_legs(legs, feed_id)]

    def register_new_legs(self, loaded: LoadedShipment) -> None:
        """Let later payloads of this batch find the legs that an earlier one has created."""
        for leg in loaded.new_legs:
            if (loaded, leg) not in self.legs_by_number[leg.number_key]:
                self.legs_by_number[leg.number_key].append((loaded, leg))

    def ensure_carriers(self, parsed_legs: Iterable[ParsedLeg]) -> dict[str, Carrier]:
        """Return carriers by slug, those of `parsed_legs` among them; create the rows that are missing."""
        if missing := [leg for leg in parsed_legs if leg.carrier and leg.carrier not in self.carriers]:
            self.carriers.update(get_or_create_carriers(missing))
        return self.carriers

    def save(self) -> None:
        """Write all changes, and publish the pages that show them after commit."""
        self.save_events()
        self.save_legs()
        changed = [loaded.shipment for loaded in self.loaded.values() if loaded.has_changed]
        bulk.update_rows(Shipment, SHIPMENT_FIELDS, list(row_values(changed, SHIPMENT_FIELDS)))
        publish.publish_after_commit(changed)

    def save_events(self) -> None:
        """Update the events that have changed, then insert the new ones: one may have the former wording of another."""
        shipments = self.loaded.values()
        save_changed_events(shipments)
        bulk.insert_rows(
            Event, NewEvent._fields, [event for loaded in shipments for event in loaded.events_to_insert()]
        )

    def save_legs(self) -> None:
        """Write the order of legs and what their feeds answered; requeue payloads that waited for a new leg."""
        shipments = self.loaded.values()
        reordered = (leg for loaded in shipments for leg in loaded.reordered_legs)
        bulk.update_rows(Leg, LEG_ORDER_FIELDS, list(row_values(reordered, LEG_ORDER_FIELDS)))
        answered = (leg for loaded in shipments for leg in loaded.answered_legs)
        bulk.update_rows(Leg, LEG_ANSWER_FIELDS, list(row_values(answered, LEG_ANSWER_FIELDS)))
        completed = (leg for loaded in shipments for leg in loaded.completed_legs - loaded.answered_legs)
        bulk.update_rows(Leg, LEG_HISTORY_FIELDS, list(row_values(completed, LEG_HISTORY_FIELDS)))
        requeue_waiting({leg.number_key for loaded in shipments for leg in loaded.new_legs})


def pick_legs(legs: list[Leg], feed_id: int) -> list[Leg]:
    """Return the legs, of one number and shipment, that an answer of a feed applies to.

    Those that this feed is polled for; else the first that another feed is polled for; else the first reported one.
    """
    polled = [leg for leg in legs if leg.reported_by_id is None]
    return [leg for leg in polled if leg.feed_id == feed_id] or polled[:1] or legs[:1]


def requeue_waiting(number_keys: Collection[str]) -> None:
    """Mark payloads as unread that reported these numbers before any shipment had them."""
    if number_keys:
        payload_ids = PayloadNumber.objects.filter(number_key__in=number_keys).values("payload")
        waiting = Payload.objects.filter(pk__in=payload_ids, status=PayloadStatus.UNMATCHED)
        waiting.update(status=PayloadStatus.STORED)


def row_values(instances: Iterable[Shipment | Leg], field_names: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the primary key and the named values of each instance."""
    for instance in instances:
        yield (instance.pk, *(getattr(instance, name) for name in field_names))
