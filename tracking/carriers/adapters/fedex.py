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
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.json_access import (
    RefusedAnswer,
    country_code,
    day_of,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.measures import grams, measures, millimetres
from tracking.carriers.oauth import Desk, send
from tracking.carriers.parsed import CarrierDate, Measures, Place, Reading, Refusal, ToldLeg, ToldParcel, ToldScan
from tracking.vocabulary import Precision

TABLE: Final = Table.load("fedex")
DESK: Final = Desk("/oauth/token")
REASONS: Final[Mapping[str, str]] = {
    "TRACKING.TRACKINGNUMBER.NOTFOUND": parsed.NO_NEWS_YET,
    "TRACKING.TRACKINGNUMBER.INVALID": parsed.INVALID_NUMBER,
    "TRACKING.TRACKINGNUMBER.EMPTY": parsed.INVALID_NUMBER,
}
FORECASTS: Final = ("ESTIMATED_DELIVERY", "APPOINTMENT_DELIVERY", "COMMITMENT")


class FedEx(Adapter):
    slug = "fedex"
    name = "FedEx"
    version = TABLE.version
    base_url = "https://apis.fedex.com"
    homepage = "https://developer.fedex.com"
    credentials = (Credential("client_id", "API key"), Credential("client_secret", "Secret key"))
    batch_size = 30
    calls_per_second = 1.0

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if errors := listing(answer.get("errors"), "errors"):
            raise RefusedAnswer(f"FedEx refused the call: {words_of(errors[0])}")
        output = mapping(answer.get("output"), "output")
        results = listing(output.get("completeTrackResults"), "output.completeTrackResults")
        return Reading.of(read_result(number, item, heard_at) for number, item in numbered(results))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await ask(line, numbers)

    async def probe(self, line: Line) -> str:
        load_json(await ask(line, ["000000000000"]))
        return "connected"


async def ask(line: Line, numbers: Sequence[str]) -> bytes:
    """Ask for up to thirty numbers, in English. An unknown one is an error inside a good answer."""
    infos = [{"trackingNumberInfo": {"trackingNumber": number}} for number in numbers]
    question = {"includeDetailedScans": True, "trackingInfo": infos}
    return await send(line, DESK, "POST", "/track/v1/trackingnumbers", headers={"X-locale": "en_US"}, json=question)


def words_of(error: Any) -> str:
    """Return an error's code and message in one line."""
    entry = mapping(error, "an error")
    return f"{text(entry.get('code'))}: {text(entry.get('message'))}"


def numbered(results: list[Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the newest result for each number: a number that FedEx used before has older results after it."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for item in results:
        entry = mapping(item, "an entry of completeTrackResults")
        number = required_text(entry.get("trackingNumber"), "trackingNumber")
        if shipments := listing(entry.get("trackResults"), "trackResults"):
            found.append((number, mapping(shipments[0], "an entry of trackResults")))
    return found


def read_result(number: str, entry: Mapping[str, Any], heard_at: datetime) -> ToldParcel | Refusal:
    """Read one result: a parcel, or why there is none."""
    if error := mapping(entry.get("error"), "error"):
        return Refusal(number, REASONS.get(text(error.get("code")), parsed.OTHER), text(error.get("message")))
    origin, destination = country_of(entry, "shipperInformation"), country_of(entry, "recipientInformation")
    events = listing(entry.get("scanEvents"), "scanEvents")
    scans = [read_event(event, (origin, destination), heard_at) for event in reversed(events)]
    return ToldParcel(
        number=number,
        legs=(ToldLeg("fedex", "FedEx", number),),
        scans=tuple(dates_after_labels(scans)),
        origin=origin,
        destination=destination,
        carrier_date=read_carrier_date(entry),
        measures=read_measures(mapping(entry.get("packageDetails"), "packageDetails")),
    )


def read_measures(package: Mapping[str, Any]) -> Measures | None:
    """Read weight and sides, each told in several units: the first that can be read."""
    both = mapping(package.get("weightAndDimensions"), "weightAndDimensions")
    weights = [mapping(item, "a weight") for item in listing(both.get("weight"), "weight")]
    sizes = [mapping(item, "dimensions") for item in listing(both.get("dimensions"), "dimensions")]
    weight = (grams(item.get("value"), item.get("unit")) for item in weights)
    sides = (
        millimetres(item.get("length"), item.get("width"), item.get("height"), item.get("units")) for item in sizes
    )
    return measures(next(filter(None, weight), None), next(filter(None, sides), None))


def country_of(entry: Mapping[str, Any], party: str) -> str | None:
    """Return the country of the shipper or the recipient, and nothing else of them."""
    return country_code(mapping(mapping(entry.get(party), party).get("address"), "address").get("countryCode"))


def read_event(item: Any, route: tuple[str | None, str | None], heard_at: datetime) -> ToldScan:
    """Read one scan event; an exception's description says more than the event's own."""
    event = mapping(item, "a scan event")
    place = read_place(mapping(event.get("scanLocation"), "scanLocation"))
    code = text(event.get("eventType"))
    words = ": ".join(filter(None, (text(event.get("eventDescription")), text(event.get("exceptionDescription")))))
    when = timestamps.read(text(event.get("date")), country=place.country, region=place.region, heard_at=heard_at)
    return ToldScan(0, TABLE.read(code, side_of(place.country, *route), words), when, place, code, words, "en")


def read_place(address: Mapping[str, Any]) -> Place:
    """Read a scan's place: town, state, postcode and country; street lines are left out."""
    city, region = text(address.get("city")), text(address.get("stateOrProvinceCode"))
    return Place(
        ", ".join(filter(None, (city, region))),
        country_code(address.get("countryCode")),
        region or None,
        city or None,
        text(address.get("postalCode")) or None,
    )


def dates_after_labels(scans: list[ToldScan]) -> list[ToldScan]:
    """Move a scan known by its day alone behind the label of that day: FedEx sorts it as midnight."""
    placed: list[ToldScan] = []
    for scan in scans:
        index = len(placed)
        while index and overtaken(placed[index - 1], scan):
            index -= 1
        placed.insert(index, scan)
    return placed


def overtaken(scan: ToldScan, later: ToldScan) -> bool:
    """Tell whether `later` is a label of the day that is all that is known of `scan`."""
    day = scan.when.local.date() if scan.when.local and scan.when.precision is Precision.DATE else None
    labelled = later.scan.family == "order" and later.when.local is not None
    return bool(day and labelled and later.when.local and later.when.local.date() == day)


def read_carrier_date(entry: Mapping[str, Any]) -> CarrierDate | None:
    """Read FedEx's forecast: a window where there is one, else a day."""
    window = mapping(mapping(entry.get("estimatedDeliveryTimeWindow"), "a window").get("window"), "a window")
    first, last = day_of(window.get("begins")), day_of(window.get("ends"))
    times = [mapping(item, "a date") for item in listing(entry.get("dateAndTimes"), "dateAndTimes")]
    days = {text(time.get("type")): day_of(time.get("dateTime")) for time in times}
    first = first or last or next((day for kind in FORECASTS if (day := days.get(kind))), None)
    return CarrierDate(first, max(first, last or first), "") if first else None
