"""Aramex, Shipments Tracking API (`TrackShipments`, JSON): a list of waybills a call, the login in the question.

Source: Aramex's tracking API manual (elements, `ClientInfo`) and clients with live captures: the answer is
`HasErrors`, `Notifications` (`Code`, `Message`), `TrackingResults` (a list of `Key`, the waybill, and `Value`, its
updates newest first) and `NonExistingWaybills`. An update has `UpdateCode`, `UpdateDescription`, `UpdateDateTime`,
`UpdateLocation` (`Amman, Jordan`), `Comments` and `ProblemCode`. Every refusal comes as a 200 with `HasErrors`.
`Comments` name couriers and recipients and are never read.

`UpdateDateTime` is `/Date(1706788140000+0300)/`: milliseconds since 1970 and the offset of Aramex's server (a scan in
Dubai has +0300, one in Tunis +0200). The same service tells `2015-07-13T13:08:00` in SOAP: a clock without a zone, to
which the server adds its own. Either the instant is right or the clock is the place's, and nothing public says which:
a time is an instant only where both come to the same. Not settled either: how many waybills a call may ask for (so:
twenty), the meaning of `ProblemCode` (so: not read), and codes beyond the table, which differ between the lists that
clients keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.countries import country_of
from tracking.carriers.json_access import (
    RefusedAnswer,
    UnreadableAnswer,
    first,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table
from tracking.carriers.measures import grams, measures
from tracking.carriers.parsed import (
    NO_NEWS_YET,
    Measures,
    Moment,
    Place,
    Reading,
    Refusal,
    ToldLeg,
    ToldParcel,
    ToldScan,
)

TABLE: Final = Table.load("aramex")
PATH: Final = "/ShippingAPI.V2/Tracking/Service_1_0.svc/json/TrackShipments"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SERVER_TIME: Final = re.compile(r"/Date\((-?\d{1,15})([+-])(\d\d)(\d\d)\)/")


class Aramex(Adapter):
    slug = "aramex"
    name = "Aramex"
    version = TABLE.version
    base_url = "https://ws.aramex.net"
    homepage = "https://www.aramex.com"
    credentials = (
        Credential("username", "User name"),
        Credential("password", "Password"),
        Credential("account_number", "Account number"),
        Credential("account_pin", "Account PIN"),
        Credential("account_entity", "Account entity (three letters, such as AMM)"),
        Credential("account_country", "Account country (two letters, such as JO)"),
    )
    batch_size = 20

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = granted(body)
        if "TrackingResults" not in answer and "NonExistingWaybills" not in answer:
            raise UnreadableAnswer("the answer has neither TrackingResults nor NonExistingWaybills")
        return Reading.of(read_answer(answer, heard_at))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await ask(line, numbers)

    async def probe(self, line: Line) -> str:
        granted(await ask(line, ["1"]))
        return "connected"


async def ask(line: Line, numbers: Sequence[str]) -> bytes:
    """Ask for the whole history of some waybills. Without `Accept` the answer is XML."""
    secrets = line.credentials
    client = {
        "UserName": secrets.get("username", ""),
        "Password": secrets.get("password", ""),
        "Version": "v1.0",
        "AccountNumber": secrets.get("account_number", ""),
        "AccountPin": secrets.get("account_pin", ""),
        "AccountEntity": secrets.get("account_entity", ""),
        "AccountCountryCode": secrets.get("account_country", ""),
        "Source": 24,
    }
    question = {"ClientInfo": client, "GetLastTrackingUpdateOnly": False, "Shipments": list(numbers)}
    return await line.send("POST", PATH, headers={"Accept": "application/json"}, json=question)


def granted(body: bytes) -> dict[str, Any]:
    """Return an answer that says yes; raise for one that says no."""
    answer = load_json(body)
    if answer.get("HasErrors"):
        note = first(answer.get("Notifications"), "Notifications")
        code, words = text(note.get("Code")) or "no code", text(note.get("Message")) or "no reason given"
        raise RefusedAnswer(f"Aramex refused the call ({code}): {words}")
    return answer


def read_answer(answer: Mapping[str, Any], heard_at: datetime) -> Iterator[ToldParcel | Refusal]:
    """Yield every waybill that Aramex tells of, and every one that it does not know (yet)."""
    for item in listing(answer.get("TrackingResults"), "TrackingResults"):
        yield read_waybill(mapping(item, "an entry of TrackingResults"), heard_at)
    for number in listing(answer.get("NonExistingWaybills"), "NonExistingWaybills"):
        yield Refusal(required_text(number, "a waybill that does not exist"), NO_NEWS_YET, "the waybill does not exist")


def read_waybill(entry: Mapping[str, Any], heard_at: datetime) -> ToldParcel:
    """Read one waybill. Nothing in the answer names the countries of the route."""
    number = required_text(entry.get("Key"), "Key")
    updates = listing(entry.get("Value"), "Value")
    return ToldParcel(
        number=number,
        legs=(ToldLeg("aramex", "Aramex", number),),
        scans=tuple(read_update(update, heard_at) for update in reversed(updates)),
        measures=next(filter(None, map(read_measures, updates)), None),
    )


def read_measures(item: Any) -> Measures | None:
    """Read the weight that each update repeats."""
    update = mapping(item, "an update")
    return measures(grams(update.get("GrossWeight"), update.get("WeightUnit")))


def read_update(item: Any, heard_at: datetime) -> ToldScan:
    """Read one update."""
    update = mapping(item, "an update")
    place = read_place(text(update.get("UpdateLocation")))
    code, words = text(update.get("UpdateCode")).upper(), text(update.get("UpdateDescription"))
    when = read_moment(text(update.get("UpdateDateTime")), place.country, heard_at)
    return ToldScan(0, TABLE.read(code, "else", words), when, place, code, words)


def read_place(told: str) -> Place:
    """Read `City, Country`. Two or three letters behind the comma may as well be a state: no country."""
    city, comma, country = told.rpartition(", ")
    return Place(told, country_of(country) if len(country) > 3 else None, None, city or None) if comma else Place(told)


def read_moment(told: str, country: str | None, heard_at: datetime) -> Moment:
    """Read the clock on the wall, as an instant only where the place's clock shows the server's offset."""
    if not (parts := SERVER_TIME.fullmatch(told)):
        return timestamps.read(told, country=None, heard_at=heard_at)
    milliseconds, sign, hours, minutes = parts.groups()
    east = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        wall = f"{EPOCH + timedelta(milliseconds=int(milliseconds)) + east:%Y-%m-%dT%H:%M:%S}"
    except OverflowError:
        return Moment(raw=told)
    by_server = timestamps.read(f"{wall}{sign}{hours}:{minutes}", country=country, heard_at=heard_at)
    by_place = timestamps.read(wall, country=country, heard_at=heard_at)
    sure = by_server.at is not None and by_server.at == by_place.at
    return (by_server if sure else timestamps.read(wall, country=None, heard_at=heard_at))._replace(raw=told)
