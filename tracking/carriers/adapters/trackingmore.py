"""TrackingMore, API v4: an aggregator with one list of checkpoints for each end of the route.

Source: TrackingMore's SDKs for Python, Go and .NET (paths, fields, error codes), its webhook page and public captures.
Header `Tracking-Api-Key`; the limit is 10 calls a second, 40 numbers a call. Answers are
`{"meta": {"code", "message"}, "data"}`; so are errors, with HTTP status 400 and a code of their own. A registration
(`/trackings/batch`) needs each number's courier, so that is detected first with one free call a number. Checkpoints
come newest first under `origin_info` and `destination_info`, each with its `courier_code`; `destination_track_number`
is the second courier's own number. `checkpoint_date` is a local time without a zone, read with the checkpoint's
`country_iso2` where that is given. The customer's fields and
`scheduled_address` are never read; of `signed_by` initials are kept.

A push is signed in one of two ways; which one is unconfirmed, so both are accepted. TrackingMore's page calls the
signature the base64 HMAC-SHA256 of the body, but its example is the hex HMAC-SHA256 of a timestamp alone (recomputed:
it is right), and public receivers find that in the headers `signature` and `timestamp`. The second does not cover the
body, so it is valid for ten minutes only.

Unconfirmed: whose an offset in a time would be (so: taken as inferred by TrackingMore), the answer for a number that
was never registered (4102 or an empty list: both are read so), and what `exchange_number` names (not read).
"""

from __future__ import annotations

import hmac
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import parsed
from tracking.carriers.adapter import Adapter, CarrierClient, CarrierError, Credential
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.details.fields import proof_from
from tracking.carriers.details.parts import DeliveryDetails
from tracking.carriers.directory import slug_for
from tracking.carriers.parsed import (
    ParsedAnswer,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    RejectedNumber,
)
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.countries import country_of
from tracking.carriers.parsing.json_access import (
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
from tracking.carriers.parsing.numbers import parse_number
from tracking.carriers.parsing.parsed_parts import Route, estimate_on
from tracking.carriers.parsing.place_names import country_or_told
from tracking.carriers.parsing.rejections import rejected_call
from tracking.carriers.parsing.summaries import add_summary, summary_scan
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
"""Errors about the requested numbers; any other error rejects the whole call."""
SUCCESS_CODES: Final = ("", "200", "201")
"""'' stands for an answer without `meta`."""
SIGNATURE_MAX_AGE_SECONDS: Final = 600


STATUSES_WITHOUT_EVENTS: Final = frozenset({"pending", "notfound", "expired"})


class TrackingMore(Adapter):
    slug = "trackingmore"
    name = "TrackingMore"
    version = CODE_TABLE.version
    base_url = "https://api.trackingmore.com"
    homepage = "https://www.trackingmore.com"
    answers_are_complete = True
    credentials = (
        Credential("key", "API key (Tracking-Api-Key)"),
        Credential("webhook_secret", "Webhook secret", required=False),
    )
    batch_size = 40
    is_aggregator = True
    calls_per_second = 10.0
    requires_registration = True
    # Fewer than the 40 that one call may hold, because each number first takes a detection call of its own.
    register_batch_size = 10

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        meta, data = expect_object(answer.get("meta"), "meta"), answer.get("data")
        code, text = clean_text(meta.get("code")), clean_text(meta.get("message"))
        if code in NUMBER_ERROR_CODES:
            return ParsedAnswer((), (RejectedNumber("", REJECTION_REASONS[code], text),))
        if code not in SUCCESS_CODES or data is None:
            raise rejected_call("TrackingMore", code, text)
        return parse_data(data, received_at)

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
        signature, timestamp = headers.get("signature", "").encode(), headers.get("timestamp", "")
        signs_body = hmac.compare_digest(b64encode(hmac.digest(secret, body, "sha256")), signature)
        signs_timestamp = hmac.compare_digest(
            hmac.digest(secret, timestamp.encode(), "sha256").hex().encode(), signature
        )
        return bool(secret) and (signs_body or (signs_timestamp and is_recent(timestamp)))


def auth_headers(client: CarrierClient) -> dict[str, str]:
    """Return the header that authenticates the account."""
    return {"Tracking-Api-Key": client.credentials.get("key", "")}


def is_recent(timestamp: str) -> bool:
    """Return whether a Unix time in seconds is less than ten minutes from now, in the past or the future."""
    return (
        timestamp.isascii()
        and timestamp.isdigit()
        and len(timestamp) < 12
        and abs(time.time() - int(timestamp)) < SIGNATURE_MAX_AGE_SECONDS
    )


async def detect_courier(client: CarrierClient, number: str) -> str:
    """Return TrackingMore's best guess of a number's courier; '' for none, which the registration then rejects."""
    body = await client.send(
        "POST",
        "/v4/couriers/detect",
        headers=auth_headers(client),
        json={"tracking_number": number},
        accepted_statuses=(400,),
    )
    try:
        return clean_text(first_object(load_json_object(body).get("data"), "data").get("courier_code"))
    except UnreadableAnswerError as error:
        raise CarrierError(f"the detected couriers cannot be read: {error}") from error


def parse_data(data: Any, received_at: datetime) -> ParsedAnswer:
    """Parse the `data` of a successful answer: a list of trackings, a registration or the tracking of a push."""
    if isinstance(data, list):
        shipments = tuple(parse_shipment(item, received_at) for item in data)
        unknown = RejectedNumber("", parsed.NOT_REGISTERED, "no such tracking")
        return ParsedAnswer(shipments, () if shipments else (unknown,))
    entry = expect_object(data, "data")
    if "success" in entry or "error" in entry:
        return parse_registration(entry)
    return ParsedAnswer((parse_shipment(entry, received_at),))


def parse_registration(data: Mapping[str, Any]) -> ParsedAnswer:
    """Parse the outcome for each number of a registration."""
    succeeded, failed = expect_list(data.get("success"), "data.success"), expect_list(data.get("error"), "data.error")
    return ParsedAnswer(
        tuple(ParsedShipment(number_of(expect_object(item, "an entry of data.success"))) for item in succeeded),
        tuple(parse_rejected_number(expect_object(item, "an entry of data.error")) for item in failed),
    )


def parse_rejected_number(entry: Mapping[str, Any]) -> RejectedNumber:
    """Parse the reason why one number was not registered."""
    reason = REJECTION_REASONS.get(clean_text(entry.get("errorCode")), parsed.OTHER_REASON)
    return RejectedNumber(number_of(entry), reason, clean_text(entry.get("errorMessage")))


def number_of(entry: Mapping[str, Any]) -> str:
    """Return the tracking number of an entry."""
    return require_text(entry.get("tracking_number"), "tracking_number")


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Parse one tracking with the legs and scans of both ends, the oldest scan first within each."""
    entry = expect_object(item, "a tracking")
    number = number_of(entry)
    route = Route(country_of(entry.get("origin_country")), country_of(entry.get("destination_country")))
    origin_info, destination_info = (
        expect_object(entry.get(name), name) for name in ("origin_info", "destination_info")
    )
    if "trackinfo" in entry:
        origin_info = {"trackinfo": entry["trackinfo"], **origin_info}
    origin_leg = parse_origin_leg(entry, origin_info, number)
    destination_leg = parse_destination_leg(entry, destination_info, number) or origin_leg
    legs = list(dict.fromkeys((origin_leg, destination_leg)))
    scans = (
        *parse_events(origin_info, 0, route, received_at),
        *parse_events(destination_info, legs.index(destination_leg), route, received_at),
    )
    return ParsedShipment(
        number=number,
        legs=tuple(legs),
        scans=add_summary(scans, lambda: read_summary(entry, route, received_at), CODE_TABLE, route),
        feed_state=FeedState.EXPIRED if entry.get("delivery_status") == "expired" else FeedState.ACTIVE,
        origin=route.origin,
        destination=route.destination,
        carrier_estimate=estimate_on(local_date_of(entry.get("scheduled_delivery_date"))),
        details=DeliveryDetails(proof=proof_from(entry.get("signed_by"))),
    )


def read_summary(entry: Mapping[str, Any], route: Route, received_at: datetime) -> ParsedScan:
    """Return the status of a tracking as a scan, at the time of its latest checkpoint."""
    status, substatus = clean_text(entry.get("delivery_status")), clean_text(entry.get("substatus"))
    codes = [] if status in STATUSES_WITHOUT_EVENTS else [substatus, status]
    event_time = timestamps.parse_timestamp(
        clean_text(entry.get("latest_checkpoint_time")), None, received_at, is_offset_inferred=True
    )
    return summary_scan(CODE_TABLE, codes, status, route, event_time)


def parse_origin_leg(entry: Mapping[str, Any], origin_info: Mapping[str, Any], number: str) -> ParsedLeg:
    """Return the leg of the first courier."""
    courier = clean_text(origin_info.get("courier_code")) or clean_text(entry.get("courier_code"))
    return ParsedLeg(slug_for(courier), courier, number)


def parse_destination_leg(
    entry: Mapping[str, Any], destination_info: Mapping[str, Any], number: str
) -> ParsedLeg | None:
    """Return the leg of the second courier, or None without a number of its own or scans of a named courier."""
    courier = clean_text(destination_info.get("courier_code"))
    own_number = parse_number(entry.get("destination_track_number"))
    if not own_number and not (courier and destination_info.get("trackinfo")):
        return None
    return ParsedLeg(slug_for(courier), courier, own_number or number)


def parse_events(info: Mapping[str, Any], leg_index: int, route: Route, received_at: datetime) -> Iterator[ParsedScan]:
    """Yield the scans of one end of the route. Checkpoints come newest first and leave oldest first."""
    for checkpoint in reversed(expect_list(info.get("trackinfo"), "trackinfo")):
        yield parse_event(checkpoint, leg_index, route, received_at)


def parse_event(item: Any, leg_index: int, route: Route, received_at: datetime) -> ParsedScan:
    """Parse one checkpoint. Its sub-status is the code, or its status where it has none."""
    checkpoint = expect_object(item, "a checkpoint")
    location = clean_text(checkpoint.get("location"))
    place = ParsedPlace(
        location,
        country_or_told(country_of(checkpoint.get("country_iso2")), location),
        clean_text(checkpoint.get("state")) or None,
        clean_text(checkpoint.get("city")) or None,
        clean_text(checkpoint.get("zip")) or None,
    )
    code = clean_text(checkpoint.get("checkpoint_delivery_substatus")) or clean_text(
        checkpoint.get("checkpoint_delivery_status")
    )
    text, raw_time = clean_text(checkpoint.get("tracking_detail")), clean_text(checkpoint.get("checkpoint_date"))
    event_time = timestamps.parse_timestamp(
        raw_time, place.country, received_at, region=place.region, is_offset_inferred=True
    )
    return ParsedScan(
        leg_index, CODE_TABLE.scan_for(code, border_side_of(place.country, *route), text), event_time, place, code, text
    )
