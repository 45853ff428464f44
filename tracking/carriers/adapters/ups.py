"""UPS Track API v1: one number a call, OAuth2 client credentials.

Source: UPS's developer portal and its example answer. `date` and `time` are the place's local time, and newer answers
add `gmtOffset`; without it the zone is not known. Activities come newest first. The status type (D, I, M, MV, O, P, RS,
X) is what UPS documents; the lists of two-letter codes under it that UPS's users were given (UPS-API/api-documentation,
issue 7) say less than the text does, so the text decides within a type, and where it says no more than the type the
three-digit status code does. The token endpoint takes id and secret by HTTP
Basic and nothing else (UPS's OAuth documents and UPS's own client). An unknown number is 404 by UPS's documents, in
practice a warning in a successful answer (issues 102, 166); an impossible one is TV1002, which UPS has given for good
numbers too (218). Address lines and names are never read; of `receivedBy` only
initials are kept. A delivery time is a window in the types EDW, CDW and IDW. ICOD is an import charge to be paid at the
door; COD is the price of the goods, and no duty.

Unconfirmed: the signature of Track Alerts (so there is no `verify_signature`); on which side of the border a customs
scan without a place was made (the import side is assumed); the types DD, DO, NA and W (so: unmapped).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from tracking.carriers.adapter import Adapter, CarrierClient
from tracking.carriers.border_sides import BorderSide, border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.details.fields import (
    duty_from,
    iso_day,
    objects_in,
    point_from,
    proof_from,
    spot_from,
    value_at,
    window_on,
)
from tracking.carriers.details.parts import DeliveryDetails
from tracking.carriers.oauth import TokenEndpoint, oauth_credentials, send_authorized
from tracking.carriers.parsed import (
    INVALID_NUMBER,
    NO_EVENTS_YET,
    Measurements,
    ParsedAnswer,
    ParsedEstimate,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    ParsedTime,
    RejectedNumber,
)
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.json_access import (
    clean_text,
    expect_list,
    expect_object,
    first_object,
    load_json_object,
    local_date_of,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.measurements import build_measurements, to_grams, to_millimetres
from tracking.carriers.parsing.numbers import parse_number
from tracking.carriers.parsing.parsed_parts import Route, estimate_on, place_in_city
from tracking.carriers.parsing.rejections import rejected_call
from tracking.vocabulary import Scan

CODE_TABLE: Final = CodeTable.load("ups")
TOKEN_ENDPOINT: Final = TokenEndpoint("/security/v1/oauth/token", uses_basic_auth=True)
REFINED_TYPES: Final = frozenset("DIX")
"""The types that a status code may say more about: delivered, in transit and exception."""
REJECTION_REASONS: Final[Mapping[str, str]] = {
    "TW0001": NO_EVENTS_YET,
    "TW0001W": NO_EVENTS_YET,
    "TV1002": INVALID_NUMBER,
}
WINDOW_TYPES: Final = ("EDW", "CDW", "IDW")
IMPORT_CHARGE_TYPE: Final = "ICOD"


class UPS(Adapter):
    slug = "ups"
    name = "UPS"
    version = CODE_TABLE.version
    base_url = "https://onlinetools.ups.com"
    homepage = "https://developer.ups.com"
    answers_are_complete = True
    credentials = oauth_credentials("Client ID", "Client secret")

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "trackResponse" not in answer:
            return parse_error(expect_object(answer.get("response"), "response"))
        shipments = expect_list(expect_object(answer["trackResponse"], "trackResponse").get("shipment"), "shipment")
        entries = [expect_object(item, "a shipment") for item in shipments]
        return ParsedAnswer(
            tuple(shipment for entry in entries for shipment in parse_shipments(entry, received_at)),
            tuple(rejected for entry in entries for rejected in parse_warnings(entry)),
        )

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await fetch_tracking(client, "1Z0000000000000000"))
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Fetch one number, in English. An unknown or impossible one may be answered with 400 or 404."""
    headers = {"transId": uuid4().hex, "transactionSrc": "landfall"}
    path = f"/api/track/v1/details/{quote(number, safe='')}"
    return await send_authorized(
        client, TOKEN_ENDPOINT, "GET", path, headers=headers, params={"locale": "en_US"}, accepted_statuses=(400, 404)
    )


def parse_error(response: Mapping[str, Any]) -> ParsedAnswer:
    """Parse an answer without a shipment: an unknown number, or else a rejected call, which raises."""
    error = first_object(response.get("errors"), "response.errors")
    code, text = clean_text(error.get("code")), clean_text(error.get("message")) or "no reason given"
    if code in REJECTION_REASONS:
        return ParsedAnswer((), (RejectedNumber("", REJECTION_REASONS[code], text),))
    raise rejected_call("UPS", code, text)


def parse_warnings(entry: Mapping[str, Any]) -> Iterator[RejectedNumber]:
    """Yield the first warning of a shipment without packages, which says why there are none."""
    number = clean_text(entry.get("inquiryNumber"))
    if number and not entry.get("package"):
        for item in expect_list(entry.get("warnings"), "warnings")[:1]:
            yield RejectedNumber(number, NO_EVENTS_YET, clean_text(expect_object(item, "a warning").get("message")))


def parse_shipments(entry: Mapping[str, Any], received_at: datetime) -> Iterator[ParsedShipment]:
    """Yield a shipment's packages: a single one under the requested number, several under their own."""
    packages = expect_list(entry.get("package"), "package")
    for item in packages:
        package = expect_object(item, "a package")
        requested_number, package_number = (
            clean_text(entry.get("inquiryNumber")),
            clean_text(package.get("trackingNumber")),
        )
        number = (package_number or requested_number) if len(packages) > 1 else (requested_number or package_number)
        yield parse_shipment(package, require_text(number, "inquiryNumber"), received_at)


def parse_shipment(package: Mapping[str, Any], number: str, received_at: datetime) -> ParsedShipment:
    """Parse one package, with a leg for the post (USPS) where UPS hands over to it."""
    addresses = [
        expect_object(item, "a packageAddress") for item in expect_list(package.get("packageAddress"), "packageAddress")
    ]
    country_by_type = {clean_text(item.get("type")): parse_place(item).country for item in addresses}
    route = Route(country_by_type.get("ORIGIN"), country_by_type.get("DESTINATION"))
    alternates = [
        expect_object(item, "a number")
        for item in expect_list(package.get("alternateTrackingNumber"), "alternate numbers")
    ]
    post_numbers = [
        parse_number(item.get("number")) for item in alternates if clean_text(item.get("type")).startswith("USPS")
    ]
    activities = expect_list(package.get("activity"), "activity")
    return ParsedShipment(
        number=number,
        legs=(
            ParsedLeg("ups", "UPS", number),
            *(ParsedLeg("usps", "USPS", post_number) for post_number in post_numbers if post_number),
        ),
        scans=tuple(parse_event(item, route, received_at) for item in reversed(activities)),
        origin=route.origin,
        destination=route.destination,
        carrier_estimate=parse_carrier_estimate(package),
        measurements=parse_measurements(package),
        details=parse_details(package),
    )


def parse_details(package: Mapping[str, Any]) -> DeliveryDetails:
    """Parse the last day at an Access Point, proof and place of delivery, charges at the door, and the window."""
    delivery, delivery_time = value_at(package, "deliveryInformation"), value_at(package, "deliveryTime")
    photo = (
        value_at(delivery, "deliveryPhoto", "photo") or value_at(delivery, "deliveryPhoto", "photoCaptureInd") == "Y"
    )
    charges = objects_in(package.get("paymentInformation"))
    charge = next((item for item in charges if item.get("type") == IMPORT_CHARGE_TYPE), {})
    days = {clean_text(item.get("type")): iso_day(item.get("date")) for item in objects_in(package.get("deliveryDate"))}
    is_window = value_at(delivery_time, "type") in WINDOW_TYPES
    return DeliveryDetails(
        pickup_point=point_from("", (), iso_day(value_at(package, "accessPointInformation", "pickupByDate"))),
        proof=proof_from(
            value_at(delivery, "receivedBy"), photo=photo, signature=value_at(delivery, "signature", "image")
        ),
        left_with=spot_from(value_at(delivery, "location")),
        duty=duty_from(charge.get("amount"), charge.get("currency"), is_paid=charge.get("paid") is True),
        window=window_on(
            days.get("RDD") or days.get("SDD"),
            value_at(delivery_time, "startTime") if is_window else "",
            value_at(delivery_time, "endTime"),
        ),
    )


def parse_measurements(package: Mapping[str, Any]) -> Measurements | None:
    """Parse weight and sides of a package."""
    weight, dimension = (
        expect_object(package.get("weight"), "weight"),
        expect_object(package.get("dimension"), "dimension"),
    )
    sides = to_millimetres(
        dimension.get("length"), dimension.get("width"), dimension.get("height"), dimension.get("unitOfDimension")
    )
    return build_measurements(to_grams(weight.get("weight"), weight.get("unitOfMeasurement")), sides)


def parse_event(item: Any, route: Route, received_at: datetime) -> ParsedScan:
    """Parse one activity. Its type and text say what happened; its type and code are stored as the code."""
    activity = expect_object(item, "an activity")
    place = parse_place(expect_object(activity.get("location"), "location"))
    status = expect_object(activity.get("status"), "status")
    status_type, text = clean_text(status.get("type")), clean_text(status.get("description"))
    scan = scan_of(status_type, clean_text(status.get("statusCode")), border_side_of(place.country, *route), text)
    code = f"{status_type} {clean_text(status.get('code'))}".strip()
    return ParsedScan(0, scan, parse_time(activity, place, received_at), place, code, text, "en")


def scan_of(status_type: str, status_code: str, side: BorderSide, text: str) -> Scan:
    """Return what type and text say; where the text adds nothing, what the status code adds to the type."""
    scan = CODE_TABLE.scan_for(status_type, side, text)
    says_no_more = scan is CODE_TABLE.scan_for(status_type, side, "")
    if status_type not in REFINED_TYPES or not status_code.isdecimal() or not says_no_more:
        return scan
    code = f"D {status_code}" if status_type == "D" else status_code
    detail = CODE_TABLE.scan_for(code, side, "")
    return scan if detail is Scan.UNMAPPED else detail


def parse_time(activity: Mapping[str, Any], place: ParsedPlace, received_at: datetime) -> ParsedTime:
    """Parse the place's local time, with the offset where UPS gives one."""
    day, time_of_day, offset = (clean_text(activity.get(key)) for key in ("date", "time", "gmtOffset"))
    if len(day) != 8 or not day.isdecimal():
        return ParsedTime(raw_time=f"{day} {time_of_day}".strip())
    iso_time = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    if len(time_of_day) == 6 and time_of_day.isdecimal():
        iso_time += f"T{time_of_day[:2]}:{time_of_day[2:4]}:{time_of_day[4:]}{offset}"
    parsed_time = timestamps.parse_timestamp(
        iso_time, country=place.country, region=place.region, received_at=received_at
    )
    return parsed_time._replace(raw_time=f"{day} {time_of_day} {offset}".strip())


def parse_place(parent: Mapping[str, Any]) -> ParsedPlace:
    """Parse city, state, postcode and country; address lines are left out."""
    address = expect_object(parent.get("address"), "address")
    country = parse_country_code(address.get("countryCode") or address.get("country"))
    return place_in_city(address.get("city"), address.get("stateProvince"), country, address.get("postalCode"))


def parse_carrier_estimate(package: Mapping[str, Any]) -> ParsedEstimate | None:
    """Parse the rescheduled day (RDD) or the scheduled one (SDD); the day of an actual delivery is no estimate."""
    entries = [
        expect_object(item, "a deliveryDate") for item in expect_list(package.get("deliveryDate"), "deliveryDate")
    ]
    days = {clean_text(item.get("type")): local_date_of(item.get("date")) for item in entries}
    return estimate_on(days.get("RDD") or days.get("SDD"))
