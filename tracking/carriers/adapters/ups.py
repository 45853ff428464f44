"""UPS Track API v1: one number a call, OAuth2 client credentials.

Source: UPS's developer portal and its example answer: `date` and `time` are the place's clock, and newer answers add
`gmtOffset`; without it the zone is not known. Activities come newest first. The status type (D, I, M, MV, O, P, RS, X)
is what UPS documents; the lists of two-letter codes under it that UPS's users were given (UPS-API/api-documentation,
issue 7) say less than the words do, so the words decide within a type. The token desk takes id and secret by HTTP Basic
and nothing else (UPS's OAuth documents and UPS's own client). An unknown number is 404 by UPS's documents, in truth a
warning in a good answer (issues 102, 166); an impossible one is TV1002, which UPS has given for good numbers too (218).
Not settled by public material: the signature of Track Alerts (so there is no `verify`), on which side of the border a
customs scan was made that names no place (the import's is taken), and the types DD, DO, NA and W (so: unmapped).
Address lines, names and `receivedBy` are never read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    first_object,
    load_json_object,
    local_date_of,
    parse_country_code,
    require_text,
)
from tracking.carriers.measurements import build_measurements, to_grams, to_millimetres
from tracking.carriers.oauth import TokenEndpoint, send_authorized
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

CODE_TABLE: Final = CodeTable.load("ups")
TOKEN_ENDPOINT: Final = TokenEndpoint("/security/v1/oauth/token", uses_basic_auth=True)
REJECTION_REASONS: Final[Mapping[str, str]] = {
    "TW0001": NO_EVENTS_YET,
    "TW0001W": NO_EVENTS_YET,
    "TV1002": INVALID_NUMBER,
}


class UPS(Adapter):
    slug = "ups"
    name = "UPS"
    version = CODE_TABLE.version
    base_url = "https://onlinetools.ups.com"
    homepage = "https://developer.ups.com"
    credentials = (Credential("client_id", "Client ID"), Credential("client_secret", "Client secret"))
    batch_size = 1
    calls_per_second = 1.0

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "trackResponse" not in answer:
            return parse_error(expect_object(answer.get("response"), "response"))
        shipments = expect_list(expect_object(answer["trackResponse"], "trackResponse").get("shipment"), "shipment")
        entries = [expect_object(item, "a shipment") for item in shipments]
        return ParsedAnswer(
            tuple(parcel for entry in entries for parcel in parse_shipments(entry, received_at)),
            tuple(refusal for entry in entries for refusal in parse_warnings(entry)),
        )

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await fetch_tracking(client, "1Z0000000000000000"))
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Ask for one number, in English. An unknown or impossible one may be 400 or 404."""
    headers = {"transId": uuid4().hex, "transactionSrc": "landfall"}
    path = f"/api/track/v1/details/{quote(number, safe='')}"
    return await send_authorized(
        client, TOKEN_ENDPOINT, "GET", path, headers=headers, params={"locale": "en_US"}, accepted_statuses=(400, 404)
    )


def parse_error(response: Mapping[str, Any]) -> ParsedAnswer:
    """Read an answer without a parcel: an unknown number, or a call that was refused."""
    error = first_object(response.get("errors"), "response.errors")
    code, words = clean_text(error.get("code")), clean_text(error.get("message")) or "no reason given"
    if code in REJECTION_REASONS:
        return ParsedAnswer((), (RejectedNumber("", REJECTION_REASONS[code], words),))
    raise RejectionAnswerError(f"UPS refused the call ({code or 'no code'}): {words}")


def parse_warnings(entry: Mapping[str, Any]) -> Iterator[RejectedNumber]:
    """Yield the reason why a shipment came without packages."""
    number = clean_text(entry.get("inquiryNumber"))
    if number and not entry.get("package"):
        for item in expect_list(entry.get("warnings"), "warnings")[:1]:
            yield RejectedNumber(number, NO_EVENTS_YET, clean_text(expect_object(item, "a warning").get("message")))


def parse_shipments(entry: Mapping[str, Any], received_at: datetime) -> Iterator[ParsedShipment]:
    """Yield a shipment's packages; a single one goes by the number asked for, several by their own."""
    packages = expect_list(entry.get("package"), "package")
    for item in packages:
        package = expect_object(item, "a package")
        asked, own = clean_text(entry.get("inquiryNumber")), clean_text(package.get("trackingNumber"))
        number = (own or asked) if len(packages) > 1 else (asked or own)
        yield parse_shipment(package, require_text(number, "inquiryNumber"), received_at)


def parse_shipment(package: Mapping[str, Any], number: str, received_at: datetime) -> ParsedShipment:
    """Read one package, with a leg for the post where UPS hands over to it."""
    addresses = [
        expect_object(item, "a packageAddress") for item in expect_list(package.get("packageAddress"), "packageAddress")
    ]
    countries = {clean_text(item.get("type")): parse_place(item).country for item in addresses}
    origin, destination = countries.get("ORIGIN"), countries.get("DESTINATION")
    others = [
        expect_object(item, "a number")
        for item in expect_list(package.get("alternateTrackingNumber"), "alternate numbers")
    ]
    post = [clean_text(item.get("number")) for item in others if clean_text(item.get("type")).startswith("USPS")]
    activities = expect_list(package.get("activity"), "activity")
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("ups", "UPS", number), *(ParsedLeg("usps", "USPS", other) for other in post if other)),
        scans=tuple(parse_event(item, (origin, destination), received_at) for item in reversed(activities)),
        origin=origin,
        destination=destination,
        carrier_estimate=parse_carrier_estimate(package),
        measurements=parse_measurements(package),
    )


def parse_measurements(package: Mapping[str, Any]) -> Measurements | None:
    """Read weight and sides of a package."""
    weight, size = expect_object(package.get("weight"), "weight"), expect_object(package.get("dimension"), "dimension")
    sides = to_millimetres(size.get("length"), size.get("width"), size.get("height"), size.get("unitOfDimension"))
    return build_measurements(to_grams(weight.get("weight"), weight.get("unitOfMeasurement")), sides)


def parse_event(item: Any, route: tuple[str | None, str | None], received_at: datetime) -> ParsedScan:
    """Read one activity: its type and words say what happened, type and code are kept."""
    activity = expect_object(item, "an activity")
    place = parse_place(expect_object(activity.get("location"), "location"))
    status = expect_object(activity.get("status"), "status")
    kind, words = clean_text(status.get("type")), clean_text(status.get("description"))
    scan = CODE_TABLE.scan_for(kind, border_side_of(place.country, *route), words)
    code = f"{kind} {clean_text(status.get('code'))}".strip()
    return ParsedScan(0, scan, parse_time(activity, place, received_at), place, code, words, "en")


def parse_time(activity: Mapping[str, Any], place: ParsedPlace, received_at: datetime) -> ParsedTime:
    """Read the place's clock, with the offset where UPS tells it."""
    day, time, offset = (clean_text(activity.get(key)) for key in ("date", "time", "gmtOffset"))
    if len(day) != 8 or not day.isdecimal():
        return ParsedTime(raw_time=f"{day} {time}".strip())
    iso = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    if len(time) == 6 and time.isdecimal():
        iso += f"T{time[:2]}:{time[2:4]}:{time[4:]}{offset}"
    moment = timestamps.parse_timestamp(iso, country=place.country, region=place.region, received_at=received_at)
    return moment._replace(raw_time=f"{day} {time} {offset}".strip())


def parse_place(parent: Mapping[str, Any]) -> ParsedPlace:
    """Read a place: town, state, postcode and country; address lines are left out."""
    address = expect_object(parent.get("address"), "address")
    city, region = clean_text(address.get("city")), clean_text(address.get("stateProvince"))
    return ParsedPlace(
        ", ".join(filter(None, (city, region))),
        parse_country_code(address.get("countryCode") or address.get("country")),
        region or None,
        city or None,
        clean_text(address.get("postalCode")) or None,
    )


def parse_carrier_estimate(package: Mapping[str, Any]) -> ParsedEstimate | None:
    """Read the scheduled day, or the rescheduled one; the day of a delivery that was made is no forecast."""
    entries = [
        expect_object(item, "a deliveryDate") for item in expect_list(package.get("deliveryDate"), "deliveryDate")
    ]
    days = {clean_text(item.get("type")): local_date_of(item.get("date")) for item in entries}
    day = days.get("RDD") or days.get("SDD")
    return ParsedEstimate(day, day, "") if day else None
