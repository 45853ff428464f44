"""Ship24, public API v1: an aggregator that reports every event with its courier and the number it was found under.

Source: docs.ship24.com (status, data format, errors, webhook authentication) and Ship24's OpenAPI file. Bearer key; the
limit is 10 calls a second. A tracker uses up quota once, fetching it does not. `{"data": {"trackings": [..]}}` answers
a fetch, `{"trackings": [..]}` is a push with only what is new, `{"status", "data", "error"}` answers a bulk
registration, `{"errors": [{"code", "message"}]}` anything else. Events come newest first.

`occurrenceDatetime` is the courier's own time: a local time without a zone or with the courier's offset, an instant
with `Z`, or a date. The deprecated `datetime` writes a local time without a zone as if it were UTC, beside an empty
`utcOffset`: neither is read. A place is one raw text, so no event's country is known and a local time without a zone
stays without an instant. The code of a post (`us-post`) gives that post's country, used for the side of customs, never
for time. A push carries `Authorization: Bearer <webhook secret>`: the secret itself, no signature over the body. Proofs
of delivery (`tracking/pod`) and `recipient` are never read; of `signedBy` initials are kept.

Unconfirmed: whether a number without a tracker is answered by 404 or by an empty list (both are read as not
registered), and the list of courier codes (the examples show three posts).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers import parsed
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.details.fields import proof_from, value_at
from tracking.carriers.details.parts import DeliveryDetails
from tracking.carriers.directory import slug_for
from tracking.carriers.parsed import (
    ParsedAnswer,
    ParsedEstimate,
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
    clean_text,
    expect_list,
    expect_object,
    first_object,
    load_json_object,
    local_date_of,
    require_text,
)
from tracking.carriers.parsing.nearby import find_nearby
from tracking.carriers.parsing.numbers import parse_number
from tracking.carriers.parsing.parsed_parts import Route
from tracking.carriers.parsing.place_names import country_or_told
from tracking.carriers.parsing.rejections import rejected_call
from tracking.carriers.parsing.summaries import add_summary, summary_scan
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
"""Errors about the requested number; any other error rejects the whole call."""


class Ship24(Adapter):
    slug = "ship24"
    name = "Ship24"
    version = CODE_TABLE.version
    base_url = "https://api.ship24.com"
    homepage = "https://www.ship24.com"
    answers_are_complete = True
    pushes_only_new_scans = True
    credentials = (Credential("key", "API key"), Credential("webhook_secret", "Webhook secret", required=False))
    is_aggregator = True
    calls_per_second = 10.0
    requires_registration = True
    register_batch_size = 100

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "trackings" in answer:
            return without_history(parse_shipments(answer["trackings"], received_at))
        if "status" in answer:
            return parse_registration(answer)
        error, data = first_object(answer.get("errors"), "errors"), expect_object(answer.get("data"), "data")
        if clean_text(error.get("code")) in NUMBER_ERROR_CODES:
            return ParsedAnswer((), (parse_rejected_number("", error),))
        if error or "trackings" not in data:
            raise rejected_answer(error)
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
    """Return the header that authenticates the account."""
    return {"Authorization": f"Bearer {client.credentials.get('key', '')}"}


def rejected_answer(error: Mapping[str, Any]) -> RejectionAnswerError:
    """Return the error for an answer that rejects the whole call."""
    return rejected_call("Ship24", error.get("code"), clean_text(error.get("message")) or "no reason")


def parse_rejected_number(number: str, error: Mapping[str, Any]) -> RejectedNumber:
    """Parse the reason why one number was not found or not registered."""
    return RejectedNumber(
        number,
        REJECTION_REASONS.get(clean_text(error.get("code")), parsed.OTHER_REASON),
        clean_text(error.get("message")),
    )


def parse_registration(answer: Mapping[str, Any]) -> ParsedAnswer:
    """Parse the outcome for each number of a bulk registration; `data` is null where the whole call was rejected."""
    if answer.get("data") is None:
        raise rejected_answer(expect_object(answer.get("error"), "error"))
    return ParsedAnswer.from_items(parse_registration_result(item) for item in expect_list(answer["data"], "data"))


def parse_registration_result(item: Any) -> ParsedShipment | RejectedNumber:
    """Parse one number of a bulk registration by its `itemStatus`: created, existing or error."""
    entry = expect_object(item, "an entry of data")
    number = require_text(expect_object(entry.get("inputData"), "inputData").get("trackingNumber"), "trackingNumber")
    if entry.get("itemStatus") == "created":
        return ParsedShipment(number)
    if entry.get("itemStatus") == "existing":
        return RejectedNumber(number, parsed.ALREADY_REGISTERED, "")
    return parse_rejected_number(number, first_object(entry.get("errors"), "errors"))


def parse_shipments(items: Any, received_at: datetime) -> ParsedAnswer:
    """Parse the trackings of an answer or of a push."""
    entries = [expect_object(item, "a tracking") for item in expect_list(items, "trackings")]
    return ParsedAnswer(
        tuple(parse_shipment(entry, received_at) for entry in entries if not is_proof_of_delivery(entry))
    )


def without_history(answer: ParsedAnswer) -> ParsedAnswer:
    """Return what a push says: it holds only what is new."""
    return answer._replace(shipments=tuple(one._replace(is_complete=False) for one in answer.shipments))


def is_proof_of_delivery(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry is a proof of delivery, which is pushed in the same form as an update."""
    return expect_object(entry.get("metadata"), "metadata").get("topic") == "tracking/pod"


def parse_shipment(entry: Mapping[str, Any], received_at: datetime) -> ParsedShipment:
    """Parse one tracking into one leg for each courier and number among its events."""
    tracker, shipment = expect_object(entry.get("tracker"), "tracker"), expect_object(entry.get("shipment"), "shipment")
    number = require_text(tracker.get("trackingNumber"), "trackingNumber")
    route = Route(country_of(shipment.get("originCountryCode")), country_of(shipment.get("destinationCountryCode")))
    events = [expect_object(item, "an event") for item in reversed(expect_list(find_nearby(entry, "events"), "events"))]
    legs = [parse_leg(event, number) for event in events]
    distinct_legs = list(dict.fromkeys(legs))
    scans = [
        parse_event(event, distinct_legs.index(leg), leg.country, route, received_at)
        for event, leg in zip(events, legs, strict=True)
    ]
    return ParsedShipment(
        number,
        tuple(distinct_legs),
        add_summary(scans, lambda: read_summary(entry, shipment, route, received_at), CODE_TABLE, route),
        FeedState.STOPPED if tracker.get("isTracked") is False else FeedState.ACTIVE,
        *route,
        parse_carrier_estimate(expect_object(shipment.get("delivery"), "delivery")),
        details=DeliveryDetails(proof=proof_from(value_at(shipment, "delivery", "signedBy"))),
    )


def parse_leg(event: Mapping[str, Any], number: str) -> ParsedLeg:
    """Parse the courier of an event and the number it was found under."""
    code = clean_text(event.get("courierCode"))
    country, _, kind = code.rpartition("-")
    event_number = parse_number(event.get("eventTrackingNumber")) or number
    return ParsedLeg(slug_for(code), code, event_number, country_of(country) if kind == "post" else None)


def parse_event(
    event: Mapping[str, Any], leg_index: int, leg_country: str | None, route: Route, received_at: datetime
) -> ParsedScan:
    """Parse one event. Without a `statusCode` its milestone is the code; the table maps those about the event alone."""
    code, text = (
        clean_text(event.get("statusCode")) or clean_text(event.get("statusMilestone")),
        clean_text(event.get("status")),
    )
    location = clean_text(event.get("location"))
    place = ParsedPlace(location, country_or_told(None, location))
    event_time = timestamps.parse_timestamp(clean_text(event.get("occurrenceDatetime")), place.country, received_at)
    return ParsedScan(
        leg_index,
        CODE_TABLE.scan_for(code, border_side_of(place.country or leg_country, *route), text),
        event_time,
        place,
        code,
        text,
    )


def read_summary(
    entry: Mapping[str, Any], shipment: Mapping[str, Any], route: Route, received_at: datetime
) -> ParsedScan:
    """Return the status of a shipment as a scan; a delivery has its time in the statistics."""
    code, milestone = clean_text(shipment.get("statusCode")), clean_text(shipment.get("statusMilestone"))
    told = value_at(entry, "statistics", "timestamps", "deliveredDatetime") if milestone == "delivered" else None
    event_time = timestamps.parse_timestamp(clean_text(told), route.destination, received_at)
    codes = [code, f"shipment/{milestone}", milestone]
    return summary_scan(CODE_TABLE, codes, milestone.replace("_", " "), route, event_time)


def parse_carrier_estimate(delivery: Mapping[str, Any]) -> ParsedEstimate | None:
    """Parse the courier's estimate. Ship24's own, `aiPredictiveDeliveryDate`, is not the carrier's: ignored."""
    estimate = expect_object(delivery.get("courierEstimatedDeliveryDate"), "courierEstimatedDeliveryDate")
    days = [
        local_date_of(estimate.get("from")),
        local_date_of(estimate.get("to")),
        local_date_of(delivery.get("estimatedDeliveryDate")),
    ]
    days_known = [day for day in days[:2] if day] or [day for day in days[2:] if day]
    return ParsedEstimate(min(days_known), max(days_known), "") if days_known else None
