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
from tracking.carriers.adapter import Adapter, CarrierClient, CarrierError, Credential
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.countries import country_of
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import (
    RejectionAnswerError,
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    first_object,
    load_json_object,
    local_date_of,
    require_text,
)
from tracking.carriers.parsed import (
    ParsedAnswer,
    ParsedEstimate,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    RejectedNumber,
)
from tracking.vocabulary import FeedState

CODE_TABLE: Final = CodeTable.load("trackingmore")
REJECTION_REASONS: Final[dict[str, str]] = {
    "4101": parsed.ALREADY_REGISTERED,
    "4102": parsed.NOT_REGISTERED,
    "4110": parsed.INVALID_NUMBER,
    "4111": parsed.INVALID_NUMBER,
    "4120": parsed.UNKNOWN_CARRIER,
    "4121": parsed.UNKNOWN_CARRIER,
    "4190": parsed.QUOTA_EXCEEDED,
}
NUMBER_ERROR_CODES: Final = ("4101", "4102")
SIGNATURE_MAX_AGE_SECONDS: Final = 600
Route = tuple[str | None, str | None]


class TrackingMore(Adapter):
    slug = "trackingmore"
    name = "TrackingMore"
    version = CODE_TABLE.version
    base_url = "https://api.trackingmore.com"
    homepage = "https://www.trackingmore.com"
    credentials = (
        Credential("key", "API key (Tracking-Api-Key)"),
        Credential("webhook_secret", "Webhook secret", required=False),
    )
    batch_size = 40
    is_aggregator = True
    calls_per_second = 10.0
    requires_registration = True
    register_batch_size = 10

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        meta, data = expect_object(answer.get("meta"), "meta"), answer.get("data")
        code, words = clean_text(meta.get("code")), clean_text(meta.get("message"))
        if code in NUMBER_ERROR_CODES:
            return ParsedAnswer((), (RejectedNumber("", REJECTION_REASONS[code], words),))
        if code not in ("", "200", "201") or data is None:
            raise RejectionAnswerError(
                f"TrackingMore refused the call ({code or 'no code'}): {words or 'no reason given'}"
            )
        if isinstance(data, list):
            parcels = tuple(parse_shipment(item, received_at) for item in data)
            return ParsedAnswer(
                parcels, () if parcels else (RejectedNumber("", parsed.NOT_REGISTERED, "no such tracking"),)
            )
        if "success" in expect_object(data, "data") or "error" in data:
            return parse_registration(data)
        return ParsedAnswer((parse_shipment(data, received_at),))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        params = {"tracking_numbers": ",".join(numbers)}
        return await client.send(
            "GET", "/v4/trackings/get", headers=auth_headers(client), params=params, accepted_statuses=(400,)
        )

    async def register(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        items = [
            {"tracking_number": number, "courier_code": await detect_courier(client, number)} for number in numbers
        ]
        return await client.send(
            "POST", "/v4/trackings/batch", headers=auth_headers(client), json=items, accepted_statuses=(400,)
        )

    async def probe(self, client: CarrierClient) -> str:
        params = {"items_amount": "1", "pages_amount": "1"}
        answer = load_json_object(
            await client.send("GET", "/v4/trackings/get", headers=auth_headers(client), params=params)
        )
        code = clean_text(expect_object(answer.get("meta"), "meta").get("code"))
        if code != "200":
            raise RejectionAnswerError(f"TrackingMore refused the call ({code or 'no code'})")
        return "connected"

    def verify_signature(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        secret = credentials.get("webhook_secret", "").encode()
        signature, moment = headers.get("signature", "").encode(), headers.get("timestamp", "")
        of_body = hmac.compare_digest(b64encode(hmac.digest(secret, body, "sha256")), signature)
        of_moment = hmac.compare_digest(hmac.digest(secret, moment.encode(), "sha256").hex().encode(), signature)
        return bool(secret) and (of_body or (of_moment and is_recent(moment)))


def auth_headers(client: CarrierClient) -> dict[str, str]:
    """Return the header that carries the account's key."""
    return {"Tracking-Api-Key": client.credentials.get("key", "")}


def is_recent(timestamp: str) -> bool:
    """Tell whether a Unix time in seconds is less than ten minutes from now."""
    return (
        timestamp.isascii()
        and timestamp.isdigit()
        and len(timestamp) < 12
        and abs(time.time() - int(timestamp)) < SIGNATURE_MAX_AGE_SECONDS
    )


async def detect_courier(client: CarrierClient, number: str) -> str:
    """Return TrackingMore's best guess whose number it is; '' for none, which the registration then refuses."""
    body = await client.send(
        "POST",
        "/v4/couriers/detect",
        headers=auth_headers(client),
        json={"tracking_number": number},
        accepted_statuses=(400,),
    )
    try:
        return clean_text(first_object(load_json_object(body).get("data"), "data").get("courier_code"))
    except UnreadableAnswerError as trouble:
        raise CarrierError(f"the detected couriers cannot be read: {trouble}") from trouble


def parse_registration(data: Mapping[str, Any]) -> ParsedAnswer:
    """Read what became of each number of a registration."""
    done, failed = expect_list(data.get("success"), "data.success"), expect_list(data.get("error"), "data.error")
    return ParsedAnswer(
        tuple(ParsedShipment(number_of(expect_object(item, "an entry of data.success"))) for item in done),
        tuple(parse_rejected_number(expect_object(item, "an entry of data.error")) for item in failed),
    )


def parse_rejected_number(entry: Mapping[str, Any]) -> RejectedNumber:
    """Read why one number was not registered."""
    reason = REJECTION_REASONS.get(clean_text(entry.get("errorCode")), parsed.OTHER_REASON)
    return RejectedNumber(number_of(entry), reason, clean_text(entry.get("errorMessage")))


def number_of(entry: Mapping[str, Any]) -> str:
    """Return the number that an entry is about."""
    return require_text(entry.get("tracking_number"), "tracking_number")


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Read one tracking: a leg for the first courier, and one for the second where it tells a scan or a number."""
    entry = expect_object(item, "a tracking")
    number = number_of(entry)
    route = country_of(entry.get("origin_country")), country_of(entry.get("destination_country"))
    ends = [expect_object(entry.get(name), name) for name in ("origin_info", "destination_info")]
    start = build_leg(clean_text(ends[0].get("courier_code")) or clean_text(entry.get("courier_code")), number)
    courier, other = clean_text(ends[1].get("courier_code")), clean_text(entry.get("destination_track_number"))
    legs = [start, build_leg(courier, other or number) if other or (courier and ends[1].get("trackinfo")) else start]
    scans = [
        parse_event(point, legs.index(leg), route, received_at)
        for leg, info in zip(legs, ends, strict=True)
        for point in reversed(expect_list(info.get("trackinfo"), "trackinfo"))
    ]
    day = local_date_of(entry.get("scheduled_delivery_date"))
    return ParsedShipment(
        number,
        tuple(dict.fromkeys(legs)),
        tuple(scans),
        FeedState.EXPIRED if entry.get("delivery_status") == "expired" else FeedState.ACTIVE,
        *route,
        ParsedEstimate(day, day, "") if day else None,
    )


def build_leg(courier: str, number: str) -> ParsedLeg:
    """Return the leg of a courier, by TrackingMore's code for it."""
    return ParsedLeg(slug_for(courier), courier, number)


def parse_event(item: Any, leg: int, route: Route, received_at: datetime) -> ParsedScan:
    """Read one checkpoint: its sub-status is the code, its status where it has none."""
    point = expect_object(item, "a checkpoint")
    place = ParsedPlace(
        clean_text(point.get("location")),
        country_of(point.get("country_iso2")),
        clean_text(point.get("state")) or None,
        clean_text(point.get("city")) or None,
        clean_text(point.get("zip")) or None,
    )
    code = clean_text(point.get("checkpoint_delivery_substatus")) or clean_text(point.get("checkpoint_delivery_status"))
    words, told_at = clean_text(point.get("tracking_detail")), clean_text(point.get("checkpoint_date"))
    when = timestamps.parse_timestamp(told_at, place.country, received_at, region=place.region, is_offset_inferred=True)
    return ParsedScan(
        leg, CODE_TABLE.scan_for(code, border_side_of(place.country, *route), words), when, place, code, words
    )
