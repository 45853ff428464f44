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
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.json_access import (
    RefusedAnswer,
    country_code,
    day_of,
    first,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.measures import grams, measures, millimetres
from tracking.carriers.oauth import Desk, send
from tracking.carriers.parsed import (
    INVALID_NUMBER,
    NO_NEWS_YET,
    CarrierDate,
    Measures,
    Moment,
    Place,
    Reading,
    Refusal,
    ToldLeg,
    ToldParcel,
    ToldScan,
)

TABLE: Final = Table.load("ups")
DESK: Final = Desk("/security/v1/oauth/token", basic=True)
REASONS: Final[Mapping[str, str]] = {
    "TW0001": NO_NEWS_YET,
    "TW0001W": NO_NEWS_YET,
    "TV1002": INVALID_NUMBER,
}


class UPS(Adapter):
    slug = "ups"
    name = "UPS"
    version = TABLE.version
    base_url = "https://onlinetools.ups.com"
    homepage = "https://developer.ups.com"
    credentials = (Credential("client_id", "Client ID"), Credential("client_secret", "Client secret"))
    batch_size = 1
    calls_per_second = 1.0

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "trackResponse" not in answer:
            return read_refusal(mapping(answer.get("response"), "response"))
        shipments = listing(mapping(answer["trackResponse"], "trackResponse").get("shipment"), "shipment")
        entries = [mapping(item, "a shipment") for item in shipments]
        return Reading(
            tuple(parcel for entry in entries for parcel in read_packages(entry, heard_at)),
            tuple(refusal for entry in entries for refusal in read_warnings(entry)),
        )

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await ask(line, numbers[0])

    async def probe(self, line: Line) -> str:
        load_json(await ask(line, "1Z0000000000000000"))
        return "connected"


async def ask(line: Line, number: str) -> bytes:
    """Ask for one number, in English. An unknown or impossible one may be 400 or 404."""
    headers = {"transId": uuid4().hex, "transactionSrc": "landfall"}
    path = f"/api/track/v1/details/{quote(number, safe='')}"
    return await send(line, DESK, "GET", path, headers=headers, params={"locale": "en_US"}, good=(400, 404))


def read_refusal(response: Mapping[str, Any]) -> Reading:
    """Read an answer without a parcel: an unknown number, or a call that was refused."""
    error = first(response.get("errors"), "response.errors")
    code, words = text(error.get("code")), text(error.get("message")) or "no reason given"
    if code in REASONS:
        return Reading((), (Refusal("", REASONS[code], words),))
    raise RefusedAnswer(f"UPS refused the call ({code or 'no code'}): {words}")


def read_warnings(entry: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield the reason why a shipment came without packages."""
    number = text(entry.get("inquiryNumber"))
    if number and not entry.get("package"):
        for item in listing(entry.get("warnings"), "warnings")[:1]:
            yield Refusal(number, NO_NEWS_YET, text(mapping(item, "a warning").get("message")))


def read_packages(entry: Mapping[str, Any], heard_at: datetime) -> Iterator[ToldParcel]:
    """Yield a shipment's packages; a single one goes by the number asked for, several by their own."""
    packages = listing(entry.get("package"), "package")
    for item in packages:
        package = mapping(item, "a package")
        asked, own = text(entry.get("inquiryNumber")), text(package.get("trackingNumber"))
        number = (own or asked) if len(packages) > 1 else (asked or own)
        yield read_package(package, required_text(number, "inquiryNumber"), heard_at)


def read_package(package: Mapping[str, Any], number: str, heard_at: datetime) -> ToldParcel:
    """Read one package, with a leg for the post where UPS hands over to it."""
    addresses = [mapping(item, "a packageAddress") for item in listing(package.get("packageAddress"), "packageAddress")]
    countries = {text(item.get("type")): read_place(item).country for item in addresses}
    origin, destination = countries.get("ORIGIN"), countries.get("DESTINATION")
    others = [
        mapping(item, "a number") for item in listing(package.get("alternateTrackingNumber"), "alternate numbers")
    ]
    post = [text(item.get("number")) for item in others if text(item.get("type")).startswith("USPS")]
    activities = listing(package.get("activity"), "activity")
    return ToldParcel(
        number=number,
        legs=(ToldLeg("ups", "UPS", number), *(ToldLeg("usps", "USPS", other) for other in post if other)),
        scans=tuple(read_activity(item, (origin, destination), heard_at) for item in reversed(activities)),
        origin=origin,
        destination=destination,
        carrier_date=read_carrier_date(package),
        measures=read_measures(package),
    )


def read_measures(package: Mapping[str, Any]) -> Measures | None:
    """Read weight and sides of a package."""
    weight, size = mapping(package.get("weight"), "weight"), mapping(package.get("dimension"), "dimension")
    sides = millimetres(size.get("length"), size.get("width"), size.get("height"), size.get("unitOfDimension"))
    return measures(grams(weight.get("weight"), weight.get("unitOfMeasurement")), sides)


def read_activity(item: Any, route: tuple[str | None, str | None], heard_at: datetime) -> ToldScan:
    """Read one activity: its type and words say what happened, type and code are kept."""
    activity = mapping(item, "an activity")
    place = read_place(mapping(activity.get("location"), "location"))
    status = mapping(activity.get("status"), "status")
    kind, words = text(status.get("type")), text(status.get("description"))
    scan = TABLE.read(kind, side_of(place.country, *route), words)
    code = f"{kind} {text(status.get('code'))}".strip()
    return ToldScan(0, scan, read_moment(activity, place, heard_at), place, code, words, "en")


def read_moment(activity: Mapping[str, Any], place: Place, heard_at: datetime) -> Moment:
    """Read the place's clock, with the offset where UPS tells it."""
    day, time, offset = (text(activity.get(key)) for key in ("date", "time", "gmtOffset"))
    if len(day) != 8 or not day.isdecimal():
        return Moment(raw=f"{day} {time}".strip())
    iso = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    if len(time) == 6 and time.isdecimal():
        iso += f"T{time[:2]}:{time[2:4]}:{time[4:]}{offset}"
    moment = timestamps.read(iso, country=place.country, region=place.region, heard_at=heard_at)
    return moment._replace(raw=f"{day} {time} {offset}".strip())


def read_place(holder: Mapping[str, Any]) -> Place:
    """Read a place: town, state, postcode and country; address lines are left out."""
    address = mapping(holder.get("address"), "address")
    city, region = text(address.get("city")), text(address.get("stateProvince"))
    return Place(
        ", ".join(filter(None, (city, region))),
        country_code(address.get("countryCode") or address.get("country")),
        region or None,
        city or None,
        text(address.get("postalCode")) or None,
    )


def read_carrier_date(package: Mapping[str, Any]) -> CarrierDate | None:
    """Read the scheduled day, or the rescheduled one; the day of a delivery that was made is no forecast."""
    entries = [mapping(item, "a deliveryDate") for item in listing(package.get("deliveryDate"), "deliveryDate")]
    days = {text(item.get("type")): day_of(item.get("date")) for item in entries}
    day = days.get("RDD") or days.get("SDD")
    return CarrierDate(day, day, "") if day else None
