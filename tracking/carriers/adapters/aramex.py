"""Aramex, Shipments Tracking API (`TrackShipments`, JSON): a list of waybills a call, with the login in the body.

Source: Aramex's tracking API manual (elements, `ClientInfo`) and clients with live captures. The answer is
`HasErrors`, `Notifications` (`Code`, `Message`), `TrackingResults` (a list of `Key`, the waybill, and `Value`, its
updates newest first) and `NonExistingWaybills`. An update has `UpdateCode`, `UpdateDescription`, `UpdateDateTime`,
`UpdateLocation` (`Amman, Jordan`), `Comments` and `ProblemCode`. Every rejection is a 200 with `HasErrors`.
`Comments` name couriers and recipients and are never read.

`UpdateDateTime` is `/Date(1706788140000+0300)/`: milliseconds since 1970 and the offset of Aramex's server (a scan in
Dubai has +0300, one in Tunis +0200). In SOAP the same service sends `2015-07-13T13:08:00`, a local time without a
zone, to which the server adds its own. So either the instant is right or the local time is, and no public source says
which: a time becomes an instant only where both readings agree.

Unconfirmed: how many waybills one call may ask for (we send twenty), the meaning of `ProblemCode` (not read; one client
alone lists some), and codes beyond the table, which differ between the lists that clients keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.parsed import (
    NO_EVENTS_YET,
    Measurements,
    ParsedAnswer,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    ParsedTime,
    RejectedNumber,
)
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.countries import country_of
from tracking.carriers.parsing.json_access import (
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    first_object,
    load_json_object,
    require_text,
)
from tracking.carriers.parsing.measurements import build_measurements, to_grams
from tracking.carriers.parsing.place_names import country_or_told
from tracking.carriers.parsing.rejections import rejected_call

CODE_TABLE: Final = CodeTable.load("aramex")
PATH: Final = "/ShippingAPI.V2/Tracking/Service_1_0.svc/json/TrackShipments"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SERVER_TIME: Final = re.compile(r"/Date\((-?\d{1,15})([+-])(\d\d)(\d\d)\)/")


class Aramex(Adapter):
    slug = "aramex"
    name = "Aramex"
    version = CODE_TABLE.version
    base_url = "https://ws.aramex.net"
    homepage = "https://www.aramex.com"
    answers_are_complete = True
    credentials = (
        Credential("username", "User name"),
        Credential("password", "Password"),
        Credential("account_number", "Account number"),
        Credential("account_pin", "Account PIN"),
        Credential("account_entity", "Account entity (three letters, such as AMM)"),
        Credential("account_country", "Account country (two letters, such as JO)"),
    )
    batch_size = 20

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_checked_answer(body)
        if "TrackingResults" not in answer and "NonExistingWaybills" not in answer:
            raise UnreadableAnswerError("the answer has neither TrackingResults nor NonExistingWaybills")
        return ParsedAnswer.from_items(parse_results(answer, received_at))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers)

    async def probe(self, client: CarrierClient) -> str:
        load_checked_answer(await fetch_tracking(client, ["1"]))
        return "connected"


async def fetch_tracking(client: CarrierClient, numbers: Sequence[str]) -> bytes:
    """Fetch the whole history of some waybills. Without `Accept` the answer is XML."""
    credentials = client.credentials
    client_info = {
        "UserName": credentials.get("username", ""),
        "Password": credentials.get("password", ""),
        "Version": "v1.0",
        "AccountNumber": credentials.get("account_number", ""),
        "AccountPin": credentials.get("account_pin", ""),
        "AccountEntity": credentials.get("account_entity", ""),
        "AccountCountryCode": credentials.get("account_country", ""),
        "Source": 24,
    }
    payload = {"ClientInfo": client_info, "GetLastTrackingUpdateOnly": False, "Shipments": list(numbers)}
    return await client.send("POST", PATH, headers={"Accept": "application/json"}, json=payload)


def load_checked_answer(body: bytes) -> dict[str, Any]:
    """Return the answer in `body`; raise RejectionAnswerError where Aramex rejects the whole call."""
    answer = load_json_object(body)
    if answer.get("HasErrors"):
        notification = first_object(answer.get("Notifications"), "Notifications")
        raise rejected_call("Aramex", notification.get("Code"), notification.get("Message"))
    return answer


def parse_results(answer: Mapping[str, Any], received_at: datetime) -> Iterator[ParsedShipment | RejectedNumber]:
    """Yield every waybill with updates, then every waybill that Aramex does not know (yet)."""
    for item in expect_list(answer.get("TrackingResults"), "TrackingResults"):
        yield parse_shipment(expect_object(item, "an entry of TrackingResults"), received_at)
    for number in expect_list(answer.get("NonExistingWaybills"), "NonExistingWaybills"):
        yield RejectedNumber(
            require_text(number, "a waybill that does not exist"), NO_EVENTS_YET, "the waybill does not exist"
        )


def parse_shipment(entry: Mapping[str, Any], received_at: datetime) -> ParsedShipment:
    """Parse one waybill. The answer names neither origin nor destination country."""
    number = require_text(entry.get("Key"), "Key")
    updates = expect_list(entry.get("Value"), "Value")
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("aramex", "Aramex", number),),
        scans=tuple(parse_event(update, received_at) for update in reversed(updates)),
        measurements=next(filter(None, map(parse_measurements, updates)), None),
    )


def parse_measurements(item: Any) -> Measurements | None:
    """Parse the weight, which every update repeats."""
    update = expect_object(item, "an update")
    return build_measurements(to_grams(update.get("GrossWeight"), update.get("WeightUnit")))


def parse_event(item: Any, received_at: datetime) -> ParsedScan:
    """Parse one update."""
    update = expect_object(item, "an update")
    place = parse_place(clean_text(update.get("UpdateLocation")))
    code, text = clean_text(update.get("UpdateCode")).upper(), clean_text(update.get("UpdateDescription"))
    event_time = parse_time(clean_text(update.get("UpdateDateTime")), place.country, received_at)
    return ParsedScan(0, CODE_TABLE.scan_for(code, "else", text), event_time, place, code, text)


def parse_place(raw_place: str) -> ParsedPlace:
    """Parse `City, Country`. Two or three letters after the comma may be a state, so they name no country."""
    city, comma, country = raw_place.rpartition(", ")
    code = country_of(country) if comma and len(country) > 3 else None
    return ParsedPlace(raw_place, country_or_told(code, raw_place), None, (city or None) if comma else None)


def parse_time(raw_time: str, country: str | None, received_at: datetime) -> ParsedTime:
    """Parse the local time, as an instant only where the place is on the server's offset."""
    if not (parts := SERVER_TIME.fullmatch(raw_time)):
        return timestamps.parse_timestamp(raw_time, country=None, received_at=received_at)
    milliseconds, sign, hours, minutes = parts.groups()
    utc_offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        local_time = f"{EPOCH + timedelta(milliseconds=int(milliseconds)) + utc_offset:%Y-%m-%dT%H:%M:%S}"
    except OverflowError:
        return ParsedTime(raw_time=raw_time)
    by_server = timestamps.parse_timestamp(
        f"{local_time}{sign}{hours}:{minutes}", country=country, received_at=received_at
    )
    by_place = timestamps.parse_timestamp(local_time, country=country, received_at=received_at)
    is_instant_certain = by_server.occurred_at is not None and by_server.occurred_at == by_place.occurred_at
    parsed_time = by_server if is_instant_certain else timestamps.parse_timestamp(local_time, None, received_at)
    return parsed_time._replace(raw_time=raw_time)
