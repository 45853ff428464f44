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
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.countries import country_of
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import RefusedAnswer, day_of, first, listing, load_json, mapping, required_text, text
from tracking.carriers.mapping import Side, Table, side_of
from tracking.carriers.parsed import CarrierDate, Place, Reading, Refusal, ToldLeg, ToldParcel, ToldScan
from tracking.vocabulary import Tracker

TABLE: Final = Table.load("ship24")
PATH: Final = "/public/v1/trackers"
REASONS: Final[dict[str, str]] = {
    "parcel_not_found": parsed.NO_NEWS_YET,
    "quota_limit_reached": parsed.QUOTA_SPENT,
    "shipping_date_outdated": parsed.INVALID_NUMBER,
    "tracker_not_found": parsed.NOT_REGISTERED,
    "validation_error": parsed.INVALID_NUMBER,
}
OF_THE_NUMBER: Final = ("parcel_not_found", "tracker_not_found")


class Ship24(Adapter):
    slug = "ship24"
    name = "Ship24"
    version = TABLE.version
    base_url = "https://api.ship24.com"
    homepage = "https://www.ship24.com"
    credentials = (Credential("key", "API key"), Credential("webhook_secret", "Webhook secret", required=False))
    batch_size = 1
    aggregates = True
    calls_per_second = 10.0
    registers = True
    register_batch_size = 100

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "trackings" in answer:
            return read_trackings(answer["trackings"], heard_at)
        if "status" in answer:
            return read_registration(answer)
        error, data = first(answer.get("errors"), "errors"), mapping(answer.get("data"), "data")
        if text(error.get("code")) in OF_THE_NUMBER:
            return Reading((), (read_refusal("", error),))
        if error or "trackings" not in data:
            raise RefusedAnswer(refusal_words(error))
        if not data["trackings"]:
            return Reading((), (Refusal("", parsed.NOT_REGISTERED, "no tracker"),))
        return read_trackings(data["trackings"], heard_at)

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        path = f"{PATH}/search/{quote(numbers[0], safe='')}/results"
        return await line.send("GET", path, headers=key_header(line), good=(404,))

    async def register(self, line: Line, numbers: Sequence[str]) -> bytes:
        items = [{"trackingNumber": number} for number in numbers]
        return await line.send("POST", f"{PATH}/bulk", headers=key_header(line), json=items, good=(400,))

    async def probe(self, line: Line) -> str:
        load_json(await line.send("GET", PATH, headers=key_header(line), params={"page": "1", "limit": "1"}))
        return "connected"

    def verify(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        secret = credentials.get("webhook_secret", "")
        expected = f"Bearer {secret}".encode()
        return bool(secret) and hmac.compare_digest(expected, headers.get("authorization", "").encode())


def key_header(line: Line) -> dict[str, str]:
    """Return the header that carries the account's key."""
    return {"Authorization": f"Bearer {line.credentials.get('key', '')}"}


def refusal_words(error: Mapping[str, Any]) -> str:
    """Say in one line why the whole call was refused."""
    return (
        f"Ship24 refused the call ({text(error.get('code')) or 'no code'}): {text(error.get('message')) or 'no reason'}"
    )


def read_refusal(number: str, error: Mapping[str, Any]) -> Refusal:
    """Read why one number was not answered or not registered."""
    return Refusal(number, REASONS.get(text(error.get("code")), parsed.OTHER), text(error.get("message")))


def read_registration(answer: Mapping[str, Any]) -> Reading:
    """Read what became of each number of a bulk registration; `data` is null where the call itself was refused."""
    if answer.get("data") is None:
        raise RefusedAnswer(refusal_words(mapping(answer.get("error"), "error")))
    return Reading.of(read_registered(item) for item in listing(answer["data"], "data"))


def read_registered(item: Any) -> ToldParcel | Refusal:
    """Read one number of a bulk registration, by `itemStatus`: created, existing or error."""
    entry = mapping(item, "an entry of data")
    number = required_text(mapping(entry.get("inputData"), "inputData").get("trackingNumber"), "trackingNumber")
    if entry.get("itemStatus") == "created":
        return ToldParcel(number)
    if entry.get("itemStatus") == "existing":
        return Refusal(number, parsed.ALREADY_REGISTERED, "")
    return read_refusal(number, first(entry.get("errors"), "errors"))


def read_trackings(items: Any, heard_at: datetime) -> Reading:
    """Read results or a push."""
    entries = [mapping(item, "a tracking") for item in listing(items, "trackings")]
    return Reading(tuple(read_parcel(entry, heard_at) for entry in entries if not is_proof(entry)))


def is_proof(entry: Mapping[str, Any]) -> bool:
    """Tell whether an entry is a proof of delivery, pushed in the envelope of news."""
    return mapping(entry.get("metadata"), "metadata").get("topic") == "tracking/pod"


def read_parcel(entry: Mapping[str, Any], heard_at: datetime) -> ToldParcel:
    """Read one tracking: a leg per courier and number met in its events."""
    tracker, shipment = mapping(entry.get("tracker"), "tracker"), mapping(entry.get("shipment"), "shipment")
    number = required_text(tracker.get("trackingNumber"), "trackingNumber")
    route = country_of(shipment.get("originCountryCode")), country_of(shipment.get("destinationCountryCode"))
    events = [mapping(item, "an event") for item in reversed(listing(entry.get("events"), "events"))]
    legs = [read_leg(event, number) for event in events]
    order = list(dict.fromkeys(legs))
    return ToldParcel(
        number,
        tuple(order),
        tuple(
            read_event(event, order.index(leg), side_of(leg.country, *route), heard_at)
            for event, leg in zip(events, legs, strict=True)
        ),
        Tracker.STOPPED if tracker.get("isTracked") is False else Tracker.ACTIVE,
        *route,
        read_carrier_date(mapping(shipment.get("delivery"), "delivery")),
    )


def read_leg(event: Mapping[str, Any], number: str) -> ToldLeg:
    """Read whose event it is, and under which number it was found."""
    code = text(event.get("courierCode"))
    country, _, kind = code.rpartition("-")
    found = text(event.get("eventTrackingNumber")) or number
    return ToldLeg(slug_for(code), code, found, country_of(country) if kind == "post" else None)


def read_event(event: Mapping[str, Any], leg: int, side: Side, heard_at: datetime) -> ToldScan:
    """Read one event. Without a `statusCode` its milestone is the code; the table knows those that speak of the row."""
    code, words = text(event.get("statusCode")) or text(event.get("statusMilestone")), text(event.get("status"))
    when = timestamps.read(text(event.get("occurrenceDatetime")), None, heard_at)
    return ToldScan(leg, TABLE.read(code, side, words), when, Place(text(event.get("location"))), code, words)


def read_carrier_date(delivery: Mapping[str, Any]) -> CarrierDate | None:
    """Read the courier's forecast; Ship24's own, `aiPredictiveDeliveryDate`, is not the carrier's word."""
    estimate = mapping(delivery.get("courierEstimatedDeliveryDate"), "courierEstimatedDeliveryDate")
    days = [day_of(estimate.get("from")), day_of(estimate.get("to")), day_of(delivery.get("estimatedDeliveryDate"))]
    known = [day for day in days[:2] if day] or [day for day in days[2:] if day]
    return CarrierDate(min(known), max(known), "") if known else None
