"""TrackingMore, API v4: an aggregator with one list of checkpoints per end of the route.

Source: TrackingMore's SDKs for Python, Go and .NET (paths, fields, error codes), its webhook page and public captures.
Header `Tracking-Api-Key`; 10 calls a second, 40 numbers a call. Answers are `{"meta": {"code", "message"}, "data"}`,
errors come so too, with 400 and a code of their own. A registration (`/trackings/batch`) needs each number's courier,
so that is detected first, one free call a number. Checkpoints come newest first under `origin_info` and
`destination_info`, each with its `courier_code`; `destination_track_number` is the second courier's own number.
`checkpoint_date` is a clock without a zone, read by the checkpoint's `country_iso2` where that is told. Customer's
fields, `signed_by` and `scheduled_address` are never read.

Not settled by public material: whose an offset in a time would be (so: taken for TrackingMore's idea), what is answered
for a number that was never registered (4102 or an empty list: both are read so), what `exchange_number` names (not
read), and the push. Its page calls the signature the base64 HMAC-SHA256 of the body, but its example is the hex
HMAC-SHA256 of a timestamp alone (recomputed: it is right), and public receivers find that in the headers `signature`
and `timestamp`. Both are accepted. The second says nothing of the body, so it holds for ten minutes only.
"""

from __future__ import annotations

import hmac
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import parsed, timestamps
from tracking.carriers.adapter import Adapter, CarrierTrouble, Credential, Line
from tracking.carriers.countries import country_of
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import (
    RefusedAnswer,
    UnreadableAnswer,
    day_of,
    first,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.parsed import CarrierDate, Place, Reading, Refusal, ToldLeg, ToldParcel, ToldScan
from tracking.vocabulary import Tracker

TABLE: Final = Table.load("trackingmore")
REASONS: Final[dict[str, str]] = {
    "4101": parsed.ALREADY_REGISTERED,
    "4102": parsed.NOT_REGISTERED,
    "4110": parsed.INVALID_NUMBER,
    "4111": parsed.INVALID_NUMBER,
    "4120": parsed.CARRIER_UNKNOWN,
    "4121": parsed.CARRIER_UNKNOWN,
    "4190": parsed.QUOTA_SPENT,
}
OF_THE_NUMBER: Final = ("4101", "4102")
FRESH_SECONDS: Final = 600
Route = tuple[str | None, str | None]


class TrackingMore(Adapter):
    slug = "trackingmore"
    name = "TrackingMore"
    version = TABLE.version
    base_url = "https://api.trackingmore.com"
    homepage = "https://www.trackingmore.com"
    credentials = (
        Credential("key", "API key (Tracking-Api-Key)"),
        Credential("webhook_secret", "Webhook secret", required=False),
    )
    batch_size = 40
    aggregates = True
    calls_per_second = 10.0
    registers = True
    register_batch_size = 10

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        meta, data = mapping(answer.get("meta"), "meta"), answer.get("data")
        code, words = text(meta.get("code")), text(meta.get("message"))
        if code in OF_THE_NUMBER:
            return Reading((), (Refusal("", REASONS[code], words),))
        if code not in ("", "200", "201") or data is None:
            raise RefusedAnswer(f"TrackingMore refused the call ({code or 'no code'}): {words or 'no reason given'}")
        if isinstance(data, list):
            parcels = tuple(read_parcel(item, heard_at) for item in data)
            return Reading(parcels, () if parcels else (Refusal("", parsed.NOT_REGISTERED, "no such tracking"),))
        if "success" in mapping(data, "data") or "error" in data:
            return read_registration(data)
        return Reading((read_parcel(data, heard_at),))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        params = {"tracking_numbers": ",".join(numbers)}
        return await line.send("GET", "/v4/trackings/get", headers=key_header(line), params=params, good=(400,))

    async def register(self, line: Line, numbers: Sequence[str]) -> bytes:
        items = [{"tracking_number": number, "courier_code": await courier_of(line, number)} for number in numbers]
        return await line.send("POST", "/v4/trackings/batch", headers=key_header(line), json=items, good=(400,))

    async def probe(self, line: Line) -> str:
        params = {"items_amount": "1", "pages_amount": "1"}
        answer = load_json(await line.send("GET", "/v4/trackings/get", headers=key_header(line), params=params))
        code = text(mapping(answer.get("meta"), "meta").get("code"))
        if code != "200":
            raise RefusedAnswer(f"TrackingMore refused the call ({code or 'no code'})")
        return "connected"

    def verify(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        secret = credentials.get("webhook_secret", "").encode()
        signature, moment = headers.get("signature", "").encode(), headers.get("timestamp", "")
        of_body = hmac.compare_digest(b64encode(hmac.digest(secret, body, "sha256")), signature)
        of_moment = hmac.compare_digest(hmac.digest(secret, moment.encode(), "sha256").hex().encode(), signature)
        return bool(secret) and (of_body or (of_moment and is_fresh(moment)))


def key_header(line: Line) -> dict[str, str]:
    """Return the header that carries the account's key."""
    return {"Tracking-Api-Key": line.credentials.get("key", "")}


def is_fresh(moment: str) -> bool:
    """Tell whether a Unix time in seconds is less than ten minutes from now."""
    return moment.isascii() and moment.isdigit() and len(moment) < 12 and abs(time.time() - int(moment)) < FRESH_SECONDS


async def courier_of(line: Line, number: str) -> str:
    """Return TrackingMore's best guess whose number it is; '' for none, which the registration then refuses."""
    body = await line.send(
        "POST", "/v4/couriers/detect", headers=key_header(line), json={"tracking_number": number}, good=(400,)
    )
    try:
        return text(first(load_json(body).get("data"), "data").get("courier_code"))
    except UnreadableAnswer as trouble:
        raise CarrierTrouble(f"the detected couriers cannot be read: {trouble}") from trouble


def read_registration(data: Mapping[str, Any]) -> Reading:
    """Read what became of each number of a registration."""
    done, failed = listing(data.get("success"), "data.success"), listing(data.get("error"), "data.error")
    return Reading(
        tuple(ToldParcel(number_of(mapping(item, "an entry of data.success"))) for item in done),
        tuple(read_refusal(mapping(item, "an entry of data.error")) for item in failed),
    )


def read_refusal(entry: Mapping[str, Any]) -> Refusal:
    """Read why one number was not registered."""
    reason = REASONS.get(text(entry.get("errorCode")), parsed.OTHER)
    return Refusal(number_of(entry), reason, text(entry.get("errorMessage")))


def number_of(entry: Mapping[str, Any]) -> str:
    """Return the number that an entry is about."""
    return required_text(entry.get("tracking_number"), "tracking_number")


def read_parcel(item: Any, heard_at: datetime) -> ToldParcel:
    """Read one tracking: a leg for the first courier, and one for the second where it tells a scan or a number."""
    entry = mapping(item, "a tracking")
    number = number_of(entry)
    route = country_of(entry.get("origin_country")), country_of(entry.get("destination_country"))
    ends = [mapping(entry.get(name), name) for name in ("origin_info", "destination_info")]
    start = leg_of(text(ends[0].get("courier_code")) or text(entry.get("courier_code")), number)
    courier, other = text(ends[1].get("courier_code")), text(entry.get("destination_track_number"))
    legs = [start, leg_of(courier, other or number) if other or (courier and ends[1].get("trackinfo")) else start]
    scans = [
        read_checkpoint(point, legs.index(leg), route, heard_at)
        for leg, info in zip(legs, ends, strict=True)
        for point in reversed(listing(info.get("trackinfo"), "trackinfo"))
    ]
    day = day_of(entry.get("scheduled_delivery_date"))
    return ToldParcel(
        number,
        tuple(dict.fromkeys(legs)),
        tuple(scans),
        Tracker.EXPIRED if entry.get("delivery_status") == "expired" else Tracker.ACTIVE,
        *route,
        CarrierDate(day, day, "") if day else None,
    )


def leg_of(courier: str, number: str) -> ToldLeg:
    """Return the leg of a courier, by TrackingMore's code for it."""
    return ToldLeg(slug_for(courier), courier, number)


def read_checkpoint(item: Any, leg: int, route: Route, heard_at: datetime) -> ToldScan:
    """Read one checkpoint: its sub-status is the code, its status where it has none."""
    point = mapping(item, "a checkpoint")
    place = Place(
        text(point.get("location")),
        country_of(point.get("country_iso2")),
        text(point.get("state")) or None,
        text(point.get("city")) or None,
        text(point.get("zip")) or None,
    )
    code = text(point.get("checkpoint_delivery_substatus")) or text(point.get("checkpoint_delivery_status"))
    words, told_at = text(point.get("tracking_detail")), text(point.get("checkpoint_date"))
    when = timestamps.read(told_at, place.country, heard_at, region=place.region, inferred=True)
    return ToldScan(leg, TABLE.read(code, side_of(place.country, *route), words), when, place, code, words)
