"""FedEx Track API v1: 30 numbers a call, OAuth2 client credentials.

Source: FedEx's developer portal (a token is requested with `grant_type`, `client_id` and `client_secret` in a form, and
lasts an hour) and a real answer. Event times carry the offset of the place, but the pick-up of a ground parcel may be
midnight without one, which is a date. Events come newest first. The event types are FedEx's list of scan codes, which
many clients repeat; the possession codes printed under it (CA carrier, RC recipient, SH shipper, CU customs, BR broker,
TP partner) are no events. Contacts and street lines are read of a shop that holds the
parcel only; of `signedByName` and `receivedByName` initials are kept.

Unconfirmed: EA, which the list has twice; DO, which is reported both as a parcel brought to FedEx and as a delivery (so
only its text counts); PM, SP, DR and types not listed (so: unmapped); the key names of a webhook (so there is no
`verify_signature`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import parsed
from tracking.carriers.adapter import Adapter, CarrierClient
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.details.fields import (
    attempts_from,
    objects_in,
    point_from,
    proof_from,
    spot_from,
    value_at,
    window_from,
)
from tracking.carriers.details.parts import DeliveryDetails
from tracking.carriers.oauth import TokenEndpoint, oauth_credentials, send_authorized
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
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.measurements import build_measurements, to_grams, to_millimetres
from tracking.carriers.parsing.parsed_parts import Route, estimate_between, place_in_city
from tracking.vocabulary import Precision

CODE_TABLE: Final = CodeTable.load("fedex")
TOKEN_ENDPOINT: Final = TokenEndpoint("/oauth/token")
REJECTION_REASONS: Final[Mapping[str, str]] = {
    "TRACKING.TRACKINGNUMBER.NOTFOUND": parsed.NO_EVENTS_YET,
    "TRACKING.TRACKINGNUMBER.INVALID": parsed.INVALID_NUMBER,
    "TRACKING.TRACKINGNUMBER.EMPTY": parsed.INVALID_NUMBER,
}
SIGNATURE_IMAGE: Final = "SIGNATURE_PROOF_OF_DELIVERY"
PHOTO_IMAGE: Final = "PICTURE_PROOF_OF_DELIVERY"
ESTIMATE_TYPES: Final = ("ESTIMATED_DELIVERY", "APPOINTMENT_DELIVERY", "COMMITMENT")


class FedEx(Adapter):
    slug = "fedex"
    name = "FedEx"
    version = CODE_TABLE.version
    base_url = "https://apis.fedex.com"
    homepage = "https://developer.fedex.com"
    answers_are_complete = True
    credentials = oauth_credentials("API key", "Secret key")
    batch_size = 30

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if errors := expect_list(answer.get("errors"), "errors"):
            raise RejectionAnswerError(f"FedEx refused the call: {error_message(errors[0])}")
        output = expect_object(answer.get("output"), "output")
        results = expect_list(output.get("completeTrackResults"), "output.completeTrackResults")
        return ParsedAnswer.from_items(parse_result(number, item, received_at) for number, item in all_results(results))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers)

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await fetch_tracking(client, ["000000000000"]))
        return "connected"


async def fetch_tracking(client: CarrierClient, numbers: Sequence[str]) -> bytes:
    """Fetch up to thirty numbers, in English. An unknown one is an error inside a successful answer."""
    number_infos = [{"trackingNumberInfo": {"trackingNumber": number}} for number in numbers]
    payload = {"includeDetailedScans": True, "trackingInfo": number_infos}
    return await send_authorized(
        client, TOKEN_ENDPOINT, "POST", "/track/v1/trackingnumbers", headers={"X-locale": "en_US"}, json=payload
    )


def error_message(error: Any) -> str:
    """Return an error's code and message in one line."""
    entry = expect_object(error, "an error")
    return f"{clean_text(entry.get('code'))}: {clean_text(entry.get('message'))}"


def all_results(results: list[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each number with each of its results: FedEx uses numbers again and lists all uses, in any order."""
    for item in results:
        entry = expect_object(item, "an entry of completeTrackResults")
        number = require_text(entry.get("trackingNumber"), "trackingNumber")
        for result in expect_list(entry.get("trackResults"), "trackResults"):
            yield number, expect_object(result, "an entry of trackResults")


def parse_result(number: str, entry: Mapping[str, Any], received_at: datetime) -> ParsedShipment | RejectedNumber:
    """Parse one result into a shipment, or into the reason why there is none."""
    if error := expect_object(entry.get("error"), "error"):
        return RejectedNumber(
            number,
            REJECTION_REASONS.get(clean_text(error.get("code")), parsed.OTHER_REASON),
            clean_text(error.get("message")),
        )
    route = Route(party_country(entry, "shipperInformation"), party_country(entry, "recipientInformation"))
    events = expect_list(entry.get("scanEvents"), "scanEvents")
    scans = [parse_event(event, route, received_at) for event in reversed(events)]
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("fedex", "FedEx", number),),
        scans=tuple(move_dates_after_labels(scans)),
        origin=route.origin,
        destination=route.destination,
        carrier_estimate=parse_carrier_estimate(entry),
        measurements=parse_measurements(expect_object(entry.get("packageDetails"), "packageDetails")),
        details=parse_details(entry),
    )


def parse_details(entry: Mapping[str, Any]) -> DeliveryDetails:
    """Parse where the parcel is held, proof, place and attempts of the delivery, and the window."""
    delivery = entry.get("deliveryDetails")
    images = {clean_text(item.get("type")) for item in objects_in(entry.get("availableImages"))}
    holder = value_at(entry, "holdAtLocation", "locationContactAndAddress")
    address, name = value_at(holder, "address"), value_at(holder, "contact", "companyName")
    streets = value_at(address, "streetLines")
    lines = [
        *(streets if isinstance(streets, list) else ()),
        *(value_at(address, key) for key in ("postalCode", "city")),
    ]
    window = value_at(entry, "estimatedDeliveryTimeWindow", "window")
    return DeliveryDetails(
        pickup_point=point_from(name, lines),
        proof=proof_from(
            value_at(delivery, "signedByName") or value_at(delivery, "receivedByName"),
            photo=PHOTO_IMAGE in images,
            signature=SIGNATURE_IMAGE in images,
        ),
        left_with=spot_from(value_at(delivery, "locationDescription")),
        attempts=attempts_from(value_at(delivery, "deliveryAttempts")),
        window=window_from(value_at(window, "begins"), value_at(window, "ends")),
    )


def parse_measurements(package: Mapping[str, Any]) -> Measurements | None:
    """Parse weight and sides, each given in several units: the first readable one of each."""
    packaging = expect_object(package.get("weightAndDimensions"), "weightAndDimensions")
    weights = [expect_object(item, "a weight") for item in expect_list(packaging.get("weight"), "weight")]
    sizes = [expect_object(item, "dimensions") for item in expect_list(packaging.get("dimensions"), "dimensions")]
    weight = (to_grams(item.get("value"), item.get("unit")) for item in weights)
    sides = (
        to_millimetres(item.get("length"), item.get("width"), item.get("height"), item.get("units")) for item in sizes
    )
    return build_measurements(next(filter(None, weight), None), next(filter(None, sides), None))


def party_country(entry: Mapping[str, Any], party: str) -> str | None:
    """Return the country of the shipper or the recipient, and read nothing else about them."""
    return parse_country_code(
        expect_object(expect_object(entry.get(party), party).get("address"), "address").get("countryCode")
    )


def parse_event(item: Any, route: Route, received_at: datetime) -> ParsedScan:
    """Parse one scan event. The description of an exception, where there is one, is added to the event's own."""
    event = expect_object(item, "a scan event")
    place = parse_place(expect_object(event.get("scanLocation"), "scanLocation"))
    code = clean_text(event.get("eventType"))
    text = ": ".join(
        filter(None, (clean_text(event.get("eventDescription")), clean_text(event.get("exceptionDescription"))))
    )
    event_time = timestamps.parse_timestamp(
        clean_text(event.get("date")), country=place.country, region=place.region, received_at=received_at
    )
    return ParsedScan(
        0, CODE_TABLE.scan_for(code, border_side_of(place.country, *route), text), event_time, place, code, text, "en"
    )


def parse_place(address: Mapping[str, Any]) -> ParsedPlace:
    """Parse city, state, postcode and country of a scan; street lines are left out."""
    country = parse_country_code(address.get("countryCode"))
    return place_in_city(address.get("city"), address.get("stateOrProvinceCode"), country, address.get("postalCode"))


def move_dates_after_labels(scans: list[ParsedScan]) -> list[ParsedScan]:
    """Move a scan of which only the day is known behind that day's label: FedEx sorts it as if at midnight."""
    ordered: list[ParsedScan] = []
    for scan in scans:
        index = len(ordered)
        while index and is_label_of_same_day(ordered[index - 1], scan):
            index -= 1
        ordered.insert(index, scan)
    return ordered


def is_label_of_same_day(scan: ParsedScan, candidate: ParsedScan) -> bool:
    """Return whether only the day is known of `scan` and `candidate` is a label made on that day."""
    day = scan.time.local_time.date() if scan.time.local_time and scan.time.precision is Precision.DATE else None
    label_time = candidate.time.local_time if candidate.scan.phase == "order" else None
    return bool(day and label_time and label_time.date() == day)


def parse_carrier_estimate(entry: Mapping[str, Any]) -> ParsedEstimate | None:
    """Parse FedEx's estimate: a window where there is one, else a day."""
    window = expect_object(
        expect_object(entry.get("estimatedDeliveryTimeWindow"), "a window").get("window"), "a window"
    )
    first, last = local_date_of(window.get("begins")), local_date_of(window.get("ends"))
    date_entries = [expect_object(item, "a date") for item in expect_list(entry.get("dateAndTimes"), "dateAndTimes")]
    days = {clean_text(item.get("type")): local_date_of(item.get("dateTime")) for item in date_entries}
    first = first or last or next((day for estimate_type in ESTIMATE_TYPES if (day := days.get(estimate_type))), None)
    return estimate_between(first, last)
