"""Build the items of a 17TRACK v2.4 answer, with every key, from the scans reported so far."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zlib import crc32
from zoneinfo import ZoneInfo

from ..clock import JourneyClock
from ..parcels.carriers import SimulatedCarrier
from ..parcels.journey_types import Journey, SimulatedScan
from ..parcels.places import SimulatedPlace
from ..parcels.scan_texts import FINAL_KINDS, STAGES, STATUS_CODES
from .state import RegisteredNumber

Json = dict[str, Any]
UNSET_REGISTRATION_FIELDS: Final = (
    "destination_postal_code",
    "origin_country",
    "destination_country",
    "destination_city",
    "ship_date",
    "shipper",
    "consignee",
    "phone_number_last_4",
    "phone_number",
    "cpf_or_cnpj",
    "special_tracking_info",
)
"""Fields that 17TRACK repeats from the registration; the simulator takes none of them."""


def build_track_item(registration: RegisteredNumber, journey: Journey, clock: JourneyClock) -> Json | None:
    """Return one item of `data.accepted` (the `data` of a webhook), or None when nothing has been reported yet."""
    scans = journey.scans_reported_by(clock.journey_time())
    if not scans:
        return None
    return {
        "number": registration.number,
        "carrier": carrier_key_of(registration, journey),
        "param": registration.param,
        "tag": registration.tag,
        "lang": registration.lang,
        **dict.fromkeys(UNSET_REGISTRATION_FIELDS),
        "track_info": _build_track_info(journey, scans, clock),
    }


def carrier_key_of(registration: RegisteredNumber, journey: Journey) -> int:
    """Return 17TRACK's key of the carrier that a number is tracked with: the registered one, else the first to scan."""
    return registration.carrier or journey.scans[0].carrier.key


def _build_track_info(journey: Journey, scans: Sequence[SimulatedScan], clock: JourneyClock) -> Json:
    events = {scan: _build_event(scan, journey.origin, clock) for scan in scans}
    sub_status = STATUS_CODES[_status_scan(scans).kind][1]
    return {
        "shipping_info": {
            "shipper_address": _build_address(journey.origin),
            "recipient_address": _build_address(journey.destination),
        },
        "latest_status": {
            "status": sub_status.partition("_")[0],
            "sub_status": sub_status,
            "sub_status_descr": None,
        },
        "latest_event": events[scans[0]],
        "time_metrics": _build_time_metrics(journey, scans, clock),
        "milestone": _build_milestones(scans, events),
        "misc_info": _build_misc_info(journey, scans),
        "tracking": _build_tracking(journey, scans, events, clock),
    }


def _status_scan(scans: Sequence[SimulatedScan]) -> SimulatedScan:
    """Return the scan that gives the status: a final one if any, else the latest that is not just a label."""
    final_scans = (scan for scan in scans if scan.kind in FINAL_KINDS)
    return next(final_scans, None) or next((scan for scan in scans if scan.kind != "label"), scans[0])


def _build_event(scan: SimulatedScan, origin: SimulatedPlace, clock: JourneyClock) -> Json:
    stage, sub_status = STATUS_CODES[scan.kind]
    return {
        **_build_times(scan, origin, clock),
        "description": scan.text,
        "description_translation": {"lang": "en", "description": scan.english_text},
        "location": f"{scan.place.city.upper()}, {scan.place.region}",
        "stage": stage,
        "sub_status": sub_status,
        # A carrier that does not give its time zone gives no coordinates either.
        "address": _build_address(scan.place, exact=scan.time_reference != "naive"),
    }


def _build_times(scan: SimulatedScan, origin: SimulatedPlace, clock: JourneyClock) -> Json:
    zone = ZoneInfo((origin if scan.time_reference == "origin" else scan.place).zone)
    at = clock.real_time_of(scan.happened_at).astimezone(zone)
    naive = scan.time_reference == "naive"
    return {
        "time_iso": None if naive else at.isoformat(),
        "time_utc": None if naive else _format_utc(at),
        "time_raw": {
            "date": f"{at:%Y-%m-%d}",
            "time": f"{at:%H:%M:%S}",
            "timezone": None if naive else at.isoformat()[19:],
        },
    }


def _build_address(place: SimulatedPlace, *, exact: bool = True) -> Json:
    return {
        "country": place.country,
        "state": place.region,
        "city": place.city.upper(),
        "street": None,
        "postal_code": None,
        "coordinates": {
            "longitude": str(place.lon) if exact else None,
            "latitude": str(place.lat) if exact else None,
        },
    }


def _build_milestones(scans: Sequence[SimulatedScan], events: dict[SimulatedScan, Json]) -> list[Json]:
    """Return the time at which each stage was first reached, in 17TRACK's order of stages."""
    # Scans are newest first, so the earliest one of each stage remains.
    first = {STATUS_CODES[scan.kind][0]: events[scan] for scan in scans}
    times = ("time_iso", "time_utc", "time_raw")
    return [{"key_stage": stage} | {name: first[stage][name] for name in times} for stage in STAGES if stage in first]


def _build_time_metrics(journey: Journey, scans: Sequence[SimulatedScan], clock: JourneyClock) -> Json:
    now, newest, oldest = clock.real_time_of(clock.journey_time()), clock.real_time_of(scans[0].happened_at), scans[-1]
    picked_up = next((clock.real_time_of(scan.happened_at) for scan in scans if scan.kind == "picked_up"), None)
    # A parcel that came back may have been sent again.
    is_final = scans[0].kind in FINAL_KINDS
    until = newest if is_final else now
    transit = (until - picked_up).days if picked_up else 0
    return {
        "days_after_order": (until - clock.real_time_of(oldest.happened_at)).days,
        "days_of_transit": transit,
        "days_of_transit_done": transit if is_final else 0,
        "days_after_last_update": (now - newest).days,
        "estimated_delivery_date": _build_delivery_estimate(journey, clock if picked_up and not is_final else None),
    }


def _build_delivery_estimate(journey: Journey, clock: JourneyClock | None) -> Json:
    """Return the carrier's own estimate as 17TRACK gives days: midnights in the destination's zone."""
    if clock is None or journey.delivery_estimate is None:
        return {"source": None, "from": None, "to": None}
    zone = ZoneInfo(journey.destination.zone)
    first, last = (clock.real_time_of(moment).astimezone(zone) for moment in journey.delivery_estimate)
    return {"source": "Official", "from": _midnight(first), "to": _midnight(last)}


def _midnight(moment: datetime) -> str:
    return moment.replace(hour=0, minute=0, second=0).isoformat()


def _build_misc_info(journey: Journey, scans: Sequence[SimulatedScan]) -> Json:
    number, carrier = _current_carrier(journey, scans)
    grams, *sides = journey.measurements or (0,)
    return {
        "risk_factor": 0,
        "service_type": journey.service,
        "weight_raw": f"{grams / 1000:.3f} KG" if grams else None,
        "weight_kg": f"{grams / 1000:.3f}" if grams else None,
        "pieces": None,
        "dimensions": " x ".join(map(str, sides)) + " cm" if sides else None,
        "customer_number": None,
        "reference_number": None,
        "local_number": number,
        "local_provider": carrier.name,
        "local_key": carrier.key,
    }


def _current_carrier(journey: Journey, scans: Sequence[SimulatedScan]) -> tuple[str, SimulatedCarrier]:
    """Return the number and the carrier that has the parcel: the next one's once the handover has been reported."""
    if journey.next_journey and any(scan.kind == "handed_over" for scan in scans):
        return journey.next_journey.number, journey.next_journey.scans[0].carrier
    return journey.number, scans[0].carrier


def _build_tracking(
    journey: Journey, scans: Sequence[SimulatedScan], events: dict[SimulatedScan, Json], clock: JourneyClock
) -> Json:
    reported_by = {scan.carrier for scan in scans}
    providers = [
        _build_provider(journey, carrier, [events[scan] for scan in scans if scan.carrier is carrier], clock)
        for carrier in journey.carriers
        if carrier in reported_by
    ]
    return {"providers_hash": _hash([provider["events_hash"] for provider in providers]), "providers": providers}


def _build_provider(journey: Journey, carrier: SimulatedCarrier, events: list[Json], clock: JourneyClock) -> Json:
    return {
        "provider": {
            "key": carrier.key,
            "name": carrier.name,
            "alias": carrier.name.upper(),
            "tel": None,
            "homepage": carrier.homepage,
            "country": carrier.country,
        },
        "service_type": journey.service,
        "latest_sync_status": "Success",
        "latest_sync_time": _format_utc(clock.real_time_of(clock.journey_time())),
        "provider_lang": carrier.lang,
        "provider_tips": None,
        "events_hash": _hash(events),
        "events": events,
    }


def _hash(value: object) -> int:
    """Return a signed 32-bit hash of a value, as 17TRACK gives so that clients can detect a change."""
    unsigned = crc32(json.dumps(value, sort_keys=True).encode())
    return unsigned - 2**32 if unsigned >= 2**31 else unsigned


def _format_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
