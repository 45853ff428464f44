"""Ship24, public API v1: an aggregator that tells every event with its courier and the number it was found under.

Source: docs.ship24.com (status, data format, errors, webhook authentication) and Ship24's OpenAPI file. Bearer key, 10
calls a second. A tracker uses up quota once, asking for it does not. `{"data": {"trackings": [..]}}` answers a
question, `{"trackings": [..]}` is a push with only what is new, `{"status", "data", "error"}` a bulk registration,
`{"errors": [{"code", "message"}]}` anything else. Events come newest first.

`occurrenceDatetime` is the courier's own time: a clock without a zone, a clock with the courier's offset, an instant
with `Z`, or a date. The deprecated `datetime` writes a clock without a zone as if it were UTC, beside an empty
`utcOffset`: neither is read. A place is one raw text, so no event's country is known and a clock without a zone stays
without an instant. The code of a post (`us-post`) tells that post's country, for the side of customs, never for time.
A push carries `Authorization: Bearer <webhook secret>`: the secret itself, no signature over the body. Proofs of
delivery (`tracking/pod`), `signedBy` and `recipient` are never read.

Not settled by public material: whether a number without a tracker is answered by 404 or by an empty list (both are read
as not registered), and the list of courier codes (the examples show three posts).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers import parsed, timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import BorderSide, CodeTable, border_side_of
from tracking.carriers.countries import country_of
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import (
    RejectionAnswerError,
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

CODE_TABLE: Final = CodeTable.load("ship24")
PATH: Final = "/public/v1/trackers"
REJECTION_REASONS: Final[dict[str, str]] = {
    "parcel_not_found": parsed.NO_EVENTS_YET,
    "quota_limit_reached": parsed.QUOTA_EXCEEDED,
    "shipping_date_outdated": parsed.INVALID_NUMBER,
    "tracker_not_found": parsed.NOT_REGISTERED,
    "validation_error": parsed.INVALID_NUMBER,
}
NUMBER_ERROR_CODES: Final = ("parcel_not_found", "tracker_not_found")


class Ship24(Adapter):
    slug = "ship24"
    name = "Ship24"
    version = CODE_TABLE.version
    base_url = "https://api.ship24.com"
    homepage = "https://www.ship24.com"
    credentials = (Credential("key", "API key"), Credential("webhook_secret", "Webhook secret", required=False))
    batch_size = 1
    is_aggregator = True
    calls_per_second = 10.0
    requires_registration = True
    register_batch_size = 100

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "trackings" in answer:
            return parse_shipments(answer["trackings"], received_at)
        if "status" in answer:
            return parse_registration(answer)
        error, data = first_object(answer.get("errors"), "errors"), expect_object(answer.get("data"), "data")
        if clean_text(error.get("code")) in NUMBER_ERROR_CODES:
            return ParsedAnswer((), (parse_rejected_number("", error),))
        if error or "trackings" not in data:
            raise RejectionAnswerError(error_message(error))
        if not data["trackings"]:
            return ParsedAnswer((), (RejectedNumber("", parsed.NOT_REGISTERED, "no tracker"),))
        return parse_shipments(data["trackings"], received_at)

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        path = f"{PATH}/search/{quote(numbers[0], safe='')}/results"
        return await client.send("GET", path, headers=auth_headers(client), accepted_statuses=(404,))

    async def register(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        items = [{"trackingNumber": number} for number in numbers]
        return await client.send(
            "POST", f"{PATH}/bulk", headers=auth_headers(client), json=items, accepted_statuses=(400,)
        )

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(
            await client.send("GET", PATH, headers=auth_headers(client), params={"page": "1", "limit": "1"})
        )
        return "connected"

    def verify_signature(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        secret = credentials.get("webhook_secret", "")
        expected = f"Bearer {secret}".encode()
        return bool(secret) and hmac.compare_digest(expected, headers.get("authorization", "").encode())


def auth_headers(client: CarrierClient) -> dict[str, str]:
    """Return the header that carries the account's key."""
    return {"Authorization": f"Bearer {client.credentials.get('key', '')}"}


def error_message(error: Mapping[str, Any]) -> str:
    """Say in one line why the whole call was refused."""
    code, message = clean_text(error.get("code")) or "no code", clean_text(error.get("message")) or "no reason"
    return f"Ship24 refused the call ({code}): {message}"


def parse_rejected_number(number: str, error: Mapping[str, Any]) -> RejectedNumber:
    """Read why one number was not answered or not registered."""
    return RejectedNumber(
        number,
        REJECTION_REASONS.get(clean_text(error.get("code")), parsed.OTHER_REASON),
        clean_text(error.get("message")),
    )


def parse_registration(answer: Mapping[str, Any]) -> ParsedAnswer:
    """Read what became of each number of a bulk registration; `data` is null where the call itself was refused."""
    if answer.get("data") is None:
        raise RejectionAnswerError(error_message(expect_object(answer.get("error"), "error")))
    return ParsedAnswer.from_items(parse_registration_result(item) for item in expect_list(answer["data"], "data"))


def parse_registration_result(item: Any) -> ParsedShipment | RejectedNumber:
    """Read one number of a bulk registration, by `itemStatus`: created, existing or error."""
    entry = expect_object(item, "an entry of data")
    number = require_text(expect_object(entry.get("inputData"), "inputData").get("trackingNumber"), "trackingNumber")
    if entry.get("itemStatus") == "created":
        return ParsedShipment(number)
    if entry.get("itemStatus") == "existing":
        return RejectedNumber(number, parsed.ALREADY_REGISTERED, "")
    return parse_rejected_number(number, first_object(entry.get("errors"), "errors"))


def parse_shipments(items: Any, received_at: datetime) -> ParsedAnswer:
    """Read results or a push."""
    entries = [expect_object(item, "a tracking") for item in expect_list(items, "trackings")]
    return ParsedAnswer(
        tuple(parse_shipment(entry, received_at) for entry in entries if not is_proof_of_delivery(entry))
    )


def is_proof_of_delivery(entry: Mapping[str, Any]) -> bool:
    """Tell whether an entry is a proof of delivery, pushed in the envelope of news."""
    return expect_object(entry.get("metadata"), "metadata").get("topic") == "tracking/pod"


def parse_shipment(entry: Mapping[str, Any], received_at: datetime) -> ParsedShipment:
    """Read one tracking: a leg per courier and number met in its events."""
    tracker, shipment = expect_object(entry.get("tracker"), "tracker"), expect_object(entry.get("shipment"), "shipment")
    number = require_text(tracker.get("trackingNumber"), "trackingNumber")
    route = country_of(shipment.get("originCountryCode")), country_of(shipment.get("destinationCountryCode"))
    events = [expect_object(item, "an event") for item in reversed(expect_list(entry.get("events"), "events"))]
    legs = [parse_leg(event, number) for event in events]
    order = list(dict.fromkeys(legs))
    return ParsedShipment(
        number,
        tuple(order),
        tuple(
            parse_event(event, order.index(leg), border_side_of(leg.country, *route), received_at)
            for event, leg in zip(events, legs, strict=True)
        ),
        FeedState.STOPPED if tracker.get("isTracked") is False else FeedState.ACTIVE,
        *route,
        parse_carrier_estimate(expect_object(shipment.get("delivery"), "delivery")),
    )


def parse_leg(event: Mapping[str, Any], number: str) -> ParsedLeg:
    """Read whose event it is, and under which number it was found."""
    code = clean_text(event.get("courierCode"))
    country, _, kind = code.rpartition("-")
    found = clean_text(event.get("eventTrackingNumber")) or number
    return ParsedLeg(slug_for(code), code, found, country_of(country) if kind == "post" else None)


def parse_event(event: Mapping[str, Any], leg: int, side: BorderSide, received_at: datetime) -> ParsedScan:
    """Read one event. Without a `statusCode` its milestone is the code; the table knows those that speak of the row."""
    code, words = (
        clean_text(event.get("statusCode")) or clean_text(event.get("statusMilestone")),
        clean_text(event.get("status")),
    )
    when = timestamps.parse_timestamp(clean_text(event.get("occurrenceDatetime")), None, received_at)
    return ParsedScan(
        leg, CODE_TABLE.scan_for(code, side, words), when, ParsedPlace(clean_text(event.get("location"))), code, words
    )


def parse_carrier_estimate(delivery: Mapping[str, Any]) -> ParsedEstimate | None:
    """Read the courier's forecast; Ship24's own, `aiPredictiveDeliveryDate`, is not the carrier's word."""
    estimate = expect_object(delivery.get("courierEstimatedDeliveryDate"), "courierEstimatedDeliveryDate")
    days = [
        local_date_of(estimate.get("from")),
        local_date_of(estimate.get("to")),
        local_date_of(delivery.get("estimatedDeliveryDate")),
    ]
    known = [day for day in days[:2] if day] or [day for day in days[2:] if day]
    return ParsedEstimate(min(known), max(known), "") if known else None
