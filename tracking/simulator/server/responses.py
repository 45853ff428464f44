"""A journey in the shape of a 17TRACK v2.4 answer, every key of it, as far as it has been told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zlib import crc32
from zoneinfo import ZoneInfo

from ..clock import Clock
from ..parcels.companies import Company
from ..parcels.journey import Journey, Scan
from ..parcels.phrases import CODES, ENDS, STAGES
from ..parcels.places import Place
from .state import Entry

Json = dict[str, Any]
ASKED_OF_SHOPS: Final = (
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
"""Fields that 17TRACK repeats from the registration; nobody tells the simulator any."""


def parcel(entry: Entry, journey: Journey, clock: Clock) -> Json | None:
    """Return one item of `data.accepted` (the `data` of a push), or None when nothing has been told yet."""
    scans = journey.told(clock.journey())
    if not scans:
        return None
    return {
        "number": entry.number,
        "carrier": carrier_key(entry, journey),
        "param": entry.param,
        "tag": entry.tag,
        "lang": entry.lang,
        **dict.fromkeys(ASKED_OF_SHOPS),
        "track_info": _track_info(journey, scans, clock),
    }


def carrier_key(entry: Entry, journey: Journey) -> int:
    """Return 17TRACK's key of the carrier that the number is followed with: the one asked for, else the first."""
    return entry.carrier or journey.scans[0].company.key


def _track_info(journey: Journey, scans: Sequence[Scan], clock: Clock) -> Json:
    events = {scan: _event(scan, journey.origin, clock) for scan in scans}
    sub_status = CODES[_telling_most(scans).kind][1]
    return {
        "shipping_info": {
            "shipper_address": _address(journey.origin),
            "recipient_address": _address(journey.destination),
        },
        "latest_status": {
            "status": sub_status.partition("_")[0],
            "sub_status": sub_status,
            "sub_status_descr": None,
        },
        "latest_event": events[scans[0]],
        "time_metrics": _time_metrics(journey, scans, clock),
        "milestone": _milestones(scans, events),
        "misc_info": _misc_info(journey, scans),
        "tracking": _tracking(journey, scans, events, clock),
    }


def _telling_most(scans: Sequence[Scan]) -> Scan:
    """Return the scan that gives the status: an end is not undone by what follows, nor a journey by a label."""
    ends = (scan for scan in scans if scan.kind in ENDS)
    return next(ends, None) or next((scan for scan in scans if scan.kind != "label"), scans[0])


def _event(scan: Scan, origin: Place, clock: Clock) -> Json:
    stage, sub_status = CODES[scan.kind]
    return {
        **_times(scan, origin, clock),
        "description": scan.words,
        "description_translation": {"lang": "en", "description": scan.english},
        "location": f"{scan.place.city.upper()}, {scan.place.region}",
        "stage": stage,
        "sub_status": sub_status,
        # A carrier too careless to give its zone gives no coordinates either.
        "address": _address(scan.place, exact=scan.stamp != "naive"),
    }


def _times(scan: Scan, origin: Place, clock: Clock) -> Json:
    zone = ZoneInfo((origin if scan.stamp == "origin" else scan.place).zone)
    at = clock.stamp(scan.happened_at).astimezone(zone)
    naive = scan.stamp == "naive"
    return {
        "time_iso": None if naive else at.isoformat(),
        "time_utc": None if naive else _utc(at),
        "time_raw": {
            "date": f"{at:%Y-%m-%d}",
            "time": f"{at:%H:%M:%S}",
            "timezone": None if naive else at.isoformat()[19:],
        },
    }


def _address(place: Place, *, exact: bool = True) -> Json:
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


def _milestones(scans: Sequence[Scan], events: dict[Scan, Json]) -> list[Json]:
    """Return the first time of every stage reached, in 17TRACK's order of stages."""
    first = {CODES[scan.kind][0]: events[scan] for scan in scans}
    times = ("time_iso", "time_utc", "time_raw")
    return [{"key_stage": stage} | {name: first[stage][name] for name in times} for stage in STAGES if stage in first]


def _time_metrics(journey: Journey, scans: Sequence[Scan], clock: Clock) -> Json:
    now, newest, oldest = clock.stamp(clock.journey()), clock.stamp(scans[0].happened_at), scans[-1]
    picked_up = next((clock.stamp(scan.happened_at) for scan in scans if scan.kind == "picked_up"), None)
    ended = any(scan.kind in ENDS for scan in scans)
    until = newest if ended else now
    transit = (until - picked_up).days if picked_up else 0
    return {
        "days_after_order": (until - clock.stamp(oldest.happened_at)).days,
        "days_of_transit": transit,
        "days_of_transit_done": transit if ended else 0,
        "days_after_last_update": (now - newest).days,
        "estimated_delivery_date": _estimate(journey, clock if picked_up and not ended else None),
    }


def _estimate(journey: Journey, clock: Clock | None) -> Json:
    """Return the carrier's forecast as 17TRACK gives days: midnights in the destination's zone."""
    if clock is None or journey.promise is None:
        return {"source": None, "from": None, "to": None}
    zone = ZoneInfo(journey.destination.zone)
    first, last = (clock.stamp(moment).astimezone(zone) for moment in journey.promise)
    return {"source": "Official", "from": _midnight(first), "to": _midnight(last)}


def _midnight(moment: datetime) -> str:
    return moment.replace(hour=0, minute=0, second=0).isoformat()


def _misc_info(journey: Journey, scans: Sequence[Scan]) -> Json:
    number, company = _now_with(journey, scans)
    grams, *sides = journey.carton or (0,)
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
        "local_provider": company.name,
        "local_key": company.key,
    }


def _now_with(journey: Journey, scans: Sequence[Scan]) -> tuple[str, Company]:
    """Return who has the parcel and under which number: the next carrier's once the hand-over has been told."""
    if journey.onward and any(scan.kind == "handed_over" for scan in scans):
        return journey.onward.number, journey.onward.scans[0].company
    return journey.number, scans[0].company


def _tracking(journey: Journey, scans: Sequence[Scan], events: dict[Scan, Json], clock: Clock) -> Json:
    heard = {scan.company for scan in scans}
    providers = [
        _provider(journey, company, [events[scan] for scan in scans if scan.company is company], clock)
        for company in journey.companies
        if company in heard
    ]
    return {"providers_hash": _hash([provider["events_hash"] for provider in providers]), "providers": providers}


def _provider(journey: Journey, company: Company, events: list[Json], clock: Clock) -> Json:
    return {
        "provider": {
            "key": company.key,
            "name": company.name,
            "alias": company.name.upper(),
            "tel": None,
            "homepage": company.homepage,
            "country": company.country,
        },
        "service_type": journey.service,
        "latest_sync_status": "Success",
        "latest_sync_time": _utc(clock.stamp(clock.journey())),
        "provider_lang": company.lang,
        "provider_tips": None,
        "events_hash": _hash(events),
        "events": events,
    }


def _hash(value: object) -> int:
    """Return a signed 32-bit number that changes with the value, as 17TRACK gives for telling news from no news."""
    unsigned = crc32(json.dumps(value, sort_keys=True).encode())
    return unsigned - 2**32 if unsigned >= 2**31 else unsigned


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
