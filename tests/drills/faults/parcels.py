"""Parcels with their true scans, and the webhooks that report them: several scans each, shuffled, some twice."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Final, NamedTuple

from tests import factories


class Step(NamedTuple):
    """A step of a journey: 17TRACK's code, where it is scanned, and the milestone that it means."""

    code: str
    country: str
    milestone: str
    max_scans: int


# What each step means is written down here, not derived from the code tables, so that the drill can contradict them.
JOURNEY: Final = (
    Step("InfoReceived", "CN", "info_received", 1),
    Step("InTransit_PickedUp", "CN", "accepted", 2),
    Step("InTransit_CustomsProcessing", "CN", "export_customs", 3),
    Step("InTransit_TransportDeparted", "CN", "linehaul", 3),
    Step("InTransit_Arrival", "US", "linehaul", 3),
    Step("InTransit_CustomsProcessing", "US", "import_customs", 3),
    Step("InTransit_CustomsReleased", "US", "import_customs", 1),
    Step("InTransit_Departure", "US", "last_mile", 4),
    Step("OutForDelivery_Other", "US", "out_for_delivery", 1),
    Step("Delivered_Other", "US", "delivered", 1),
)
MIN_STEPS: Final = 4
UTC_OFFSET_HOURS: Final = {"CN": 8, "US": -5}
MAX_SCANS_PER_MESSAGE: Final = 3
OVERLAP_SHARE: Final = 0.15
"""Scans that a second message reports again."""
DUPLICATE_SHARE: Final = 0.15
"""Messages that are sent again with the same bytes."""
COHORT_SIZE: Final = 100
"""Parcels whose messages are mixed, so that workers meet on the same parcels."""


class TrueEvent(NamedTuple):
    """One scan that really happened. Its text is unique, so that it can be found again wherever it was stored."""

    text: str
    code: str
    country: str
    milestone: str
    occurred_at: datetime


class TrueParcel(NamedTuple):
    """A parcel and all its scans in their order."""

    number: str
    events: tuple[TrueEvent, ...]


class Message(NamedTuple):
    """One webhook: its raw body with signature, the parcel's number and the texts of the scans in it."""

    body: bytes
    signature: str
    number: str
    texts: tuple[str, ...]


def generate_parcel(index: int, started_at: datetime, rng: random.Random) -> TrueParcel:
    """Return a parcel that has gone some steps of the journey since `started_at`, an hour or more between scans."""
    at = started_at
    events: list[TrueEvent] = []
    for step in JOURNEY[: rng.randint(MIN_STEPS, len(JOURNEY))]:
        for _ in range(rng.randint(1, step.max_scans)):
            at += timedelta(minutes=rng.randint(60, 400))
            text = f"Scan {index}/{len(events)}"
            events.append(TrueEvent(text, step.code, step.country, step.milestone, at.replace(microsecond=0)))
    return TrueParcel(f"LZ{index:09d}CN", tuple(events))


def build_message(number: str, events: Sequence[TrueEvent]) -> Message:
    """Return a signed webhook that reports some scans of one parcel in the given order."""
    listed = []
    for event in events:
        local = event.occurred_at.astimezone(timezone(timedelta(hours=UTC_OFFSET_HOURS[event.country])))
        listed.append(factories.build_event_json(local.isoformat(), event.code, event.text, event.country))
    body = factories.build_push_body(number, *listed)
    return Message(body, factories.sign_body(body), number, tuple(event.text for event in events))


def build_messages(parcel: TrueParcel, rng: random.Random) -> list[Message]:
    """Return the webhooks of a parcel: each scan in one of them or more, each webhook once or more, in any order."""
    events = [*parcel.events, *rng.sample(parcel.events, round(len(parcel.events) * OVERLAP_SHARE))]
    rng.shuffle(events)
    messages = []
    while events:
        size = rng.randint(1, MAX_SCANS_PER_MESSAGE)
        batch, events = list(dict.fromkeys(events[:size])), events[size:]
        messages += [build_message(parcel.number, batch)] * (2 if rng.random() < DUPLICATE_SHARE else 1)
    rng.shuffle(messages)
    return messages


def generate_traffic(
    message_count: int, started_at: datetime, rng: random.Random
) -> tuple[list[TrueParcel], list[Message]]:
    """Return as many parcels as `message_count` messages need, and the messages in the order of sending."""
    parcels: list[TrueParcel] = []
    messages: list[Message] = []
    while len(messages) < message_count:
        cohort = [generate_parcel(len(parcels) + offset, started_at, rng) for offset in range(COHORT_SIZE)]
        mixed = [message for parcel in cohort for message in build_messages(parcel, rng)]
        rng.shuffle(mixed)
        parcels += cohort
        messages += mixed
    return parcels, messages[:message_count]


def scan_texts(body: bytes) -> list[str]:
    """Return the texts of the scans in the body of a webhook."""
    providers = json.loads(body)["data"]["track_info"]["tracking"]["providers"]
    return [event["description"] for provider in providers for event in provider["events"]]
