"""FedEx Track API v1: 30 numbers a call, OAuth2 client credentials.

Source: FedEx's developer portal (a token is asked for with `grant_type`, `client_id` and `client_secret` in a form, and
lasts an hour) and a real answer: event times carry the offset of the place, but the pick-up of a ground parcel may be
midnight without one, which is a date. Events come newest first. The event types are FedEx's list of scan codes, which
many clients repeat. The possession codes printed under it (CA carrier, RC recipient, SH shipper, CU customs, BR broker,
TP partner) are no events.
Not settled by public material: EA, which the list has twice, DO, which is told as a parcel brought to FedEx and as a
delivery (so only its words count), PM, SP, DR and types not listed (so: unmapped), and the key names of a webhook (so
there is no `verify`). Contacts, street lines and `receivedByName` are never read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import parsed, timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    parse_country_code,
    require_text,
)
from tracking.carriers.measurements import build_measurements, to_grams, to_millimetres
from tracking.carriers.oauth import TokenEndpoint, send_authorized
from tracking.carriers.parsed import (
    Measurements,
    ParsedAnswer,
    ParsedEstimate,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    RejectedNumber,
)
from tracking.vocabulary import Precision

CODE_TABLE: Final = CodeTable.load("fedex")
TOKEN_ENDPOINT: Final = TokenEndpoint("/oauth/token")
REJECTION_REASONS: Final[Mapping[str, str]] = {
    "TRACKING.TRACKINGNUMBER.NOTFOUND": parsed.NO_EVENTS_YET,
    "TRACKING.TRACKINGNUMBER.INVALID": parsed.INVALID_NUMBER,
    "TRACKING.TRACKINGNUMBER.EMPTY": parsed.INVALID_NUMBER,
}
ESTIMATE_TYPES: Final = ("ESTIMATED_DELIVERY", "APPOINTMENT_DELIVERY", "COMMITMENT")


class FedEx(Adapter):
    slug = "fedex"
    name = "FedEx"
    version = CODE_TABLE.version
    base_url = "https://apis.fedex.com"
    homepage = "https://developer.fedex.com"
    credentials = (Credential("client_id", "API key"), Credential("client_secret", "Secret key"))
    batch_size = 30
    calls_per_second = 1.0

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if errors := expect_list(answer.get("errors"), "errors"):
            raise RejectionAnswerError(f"FedEx refused the call: {error_message(errors[0])}")
        output = expect_object(answer.get("output"), "output")
        results = expect_list(output.get("completeTrackResults"), "output.completeTrackResults")
        return ParsedAnswer.from_items(
            parse_result(number, item, received_at) for number, item in newest_results(results)
        )

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers)

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await fetch_tracking(client, ["000000000000"]))
        return "connected"


async def fetch_tracking(client: CarrierClient, numbers: Sequence[str]) -> bytes:
    """Ask for up to thirty numbers, in English. An unknown one is an error inside a good answer."""
    infos = [{"trackingNumberInfo": {"trackingNumber": number}} for number in numbers]
    question = {"includeDetailedScans": True, "trackingInfo": infos}
    return await send_authorized(
        client, TOKEN_ENDPOINT, "POST", "/track/v1/trackingnumbers", headers={"X-locale": "en_US"}, json=question
    )


def error_message(error: Any) -> str:
    """Return an error's code and message in one line."""
    entry = expect_object(error, "an error")
    return f"{clean_text(entry.get('code'))}: {clean_text(entry.get('message'))}"


def newest_results(results: list[Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the newest result for each number: a number that FedEx used before has older results after it."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for item in results:
        entry = expect_object(item, "an entry of completeTrackResults")
        number = require_text(entry.get("trackingNumber"), "trackingNumber")
        if shipments := expect_list(entry.get("trackResults"), "trackResults"):
            found.append((number, expect_object(shipments[0], "an entry of trackResults")))
    return found


def parse_result(number: str, entry: Mapping[str, Any], received_at: datetime) -> ParsedShipment | RejectedNumber:
    """Read one result: a parcel, or why there is none."""
    if error := expect_object(entry.get("error"), "error"):
        return RejectedNumber(
            number,
            REJECTION_REASONS.get(clean_text(error.get("code")), parsed.OTHER_REASON),
            clean_text(error.get("message")),
        )
    origin, destination = party_country(entry, "shipperInformation"), party_country(entry, "recipientInformation")
    events = expect_list(entry.get("scanEvents"), "scanEvents")
    scans = [parse_event(event, (origin, destination), received_at) for event in reversed(events)]
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("fedex", "FedEx", number),),
        scans=tuple(move_dates_after_labels(scans)),
        origin=origin,
        destination=destination,
        carrier_estimate=parse_carrier_estimate(entry),
        measurements=parse_measurements(expect_object(entry.get("packageDetails"), "packageDetails")),
    )


def parse_measurements(package: Mapping[str, Any]) -> Measurements | None:
    """Read weight and sides, each told in several units: the first that can be read."""
    both = expect_object(package.get("weightAndDimensions"), "weightAndDimensions")
    weights = [expect_object(item, "a weight") for item in expect_list(both.get("weight"), "weight")]
    sizes = [expect_object(item, "dimensions") for item in expect_list(both.get("dimensions"), "dimensions")]
    weight = (to_grams(item.get("value"), item.get("unit")) for item in weights)
    sides = (
        to_millimetres(item.get("length"), item.get("width"), item.get("height"), item.get("units")) for item in sizes
    )
    return build_measurements(next(filter(None, weight), None), next(filter(None, sides), None))


def party_country(entry: Mapping[str, Any], party: str) -> str | None:
    """Return the country of the shipper or the recipient, and nothing else of them."""
    return parse_country_code(
        expect_object(expect_object(entry.get(party), party).get("address"), "address").get("countryCode")
    )


def parse_event(item: Any, route: tuple[str | None, str | None], received_at: datetime) -> ParsedScan:
    """Read one scan event; an exception's description says more than the event's own."""
    event = expect_object(item, "a scan event")
    place = parse_place(expect_object(event.get("scanLocation"), "scanLocation"))
    code = clean_text(event.get("eventType"))
    words = ": ".join(
        filter(None, (clean_text(event.get("eventDescription")), clean_text(event.get("exceptionDescription"))))
    )
    when = timestamps.parse_timestamp(
        clean_text(event.get("date")), country=place.country, region=place.region, received_at=received_at
    )
    return ParsedScan(
        0, CODE_TABLE.scan_for(code, border_side_of(place.country, *route), words), when, place, code, words, "en"
    )


def parse_place(address: Mapping[str, Any]) -> ParsedPlace:
    """Read a scan's place: town, state, postcode and country; street lines are left out."""
    city, region = clean_text(address.get("city")), clean_text(address.get("stateOrProvinceCode"))
    return ParsedPlace(
        ", ".join(filter(None, (city, region))),
        parse_country_code(address.get("countryCode")),
        region or None,
        city or None,
        clean_text(address.get("postalCode")) or None,
    )


def move_dates_after_labels(scans: list[ParsedScan]) -> list[ParsedScan]:
    """Move a scan known by its day alone behind the label of that day: FedEx sorts it as midnight."""
    placed: list[ParsedScan] = []
    for scan in scans:
        index = len(placed)
        while index and is_label_of_same_day(placed[index - 1], scan):
            index -= 1
        placed.insert(index, scan)
    return placed


def is_label_of_same_day(scan: ParsedScan, later: ParsedScan) -> bool:
    """Tell whether `later` is a label of the day that is all that is known of `scan`."""
    day = scan.time.local_time.date() if scan.time.local_time and scan.time.precision is Precision.DATE else None
    labelled = later.scan.phase == "order" and later.time.local_time is not None
    return bool(day and labelled and later.time.local_time and later.time.local_time.date() == day)


def parse_carrier_estimate(entry: Mapping[str, Any]) -> ParsedEstimate | None:
    """Read FedEx's forecast: a window where there is one, else a day."""
    window = expect_object(
        expect_object(entry.get("estimatedDeliveryTimeWindow"), "a window").get("window"), "a window"
    )
    first, last = local_date_of(window.get("begins")), local_date_of(window.get("ends"))
    times = [expect_object(item, "a date") for item in expect_list(entry.get("dateAndTimes"), "dateAndTimes")]
    days = {clean_text(time.get("type")): local_date_of(time.get("dateTime")) for time in times}
    first = first or last or next((day for kind in ESTIMATE_TYPES if (day := days.get(kind))), None)
    return ParsedEstimate(first, max(first, last or first), "") if first else None
