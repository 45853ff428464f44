"""Asendia USA, A1 Tracking API v2.0: one number a call, HTTP Basic and the account's API key.

Source: `GET /api/A1/v2.0/Tracking/Detail?trackingNumberVendor=` as karrio (LGPL-3.0) calls it, its captures of `Detail`
and `Milestone` of one parcel, and notes of public clients on the same platform. An answer holds `data[]` with
`trackingNumberVendor` and `trackingDetailEvents[]`, newest first: `eventCode`, `eventDescription`, `eventOn`,
`eventLocationDetails`. The HTTP status is 200 and `responseStatus.responseStatusCode` is 200, or 204 for a number not
known (yet); a rejection has `responseStatusCode` at the top level. `addressLine1` is never read.

Asendia Sync (e-PAQ from Europe) is read too, in the form of its public OpenAPI document: one `TrackingResponse` or a
list, with `trackingNumber` and `trackingEvents[]` (`code`, `time`, `locationName`, `locationCountry`,
`carrierEventDescription`). It is not requested from here, as its login and customer number are others. Its document
lists no codes: the harmonised ones are read as above, any other stays unmapped.

Every time ends in `+00:00`. For Asendia USA's own scans (1, 2, 2.1 ..), given to the microsecond, nothing contradicts
it, and `Milestone` gives one of them four hours earlier, in Philadelphia's time. To partners' scans it is merely
appended: a date from USPS arrives as midnight, and a public client notes local hours in Montreal. So a partner's time
with that offset is read as a local time without a zone. Partners' codes (USPS `10`, `U1`; Broadreach `B13`) stand among
Asendia's without saying whose they are and stay unmapped: a delivery that only such a code reports is not seen.

Unconfirmed: several numbers in one call, the destination country (none is given), and whether the number in the answer
is always the requested one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers.adapter import Adapter, CarrierClient, Credential, basic_auth_header
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.parsed import (
    NO_EVENTS_YET,
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
from tracking.carriers.parsing.event_times import order_oldest_first
from tracking.carriers.parsing.json_access import (
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    load_json_value,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.parsed_parts import place_in_city
from tracking.carriers.parsing.rejections import rejected_call

CODE_TABLE: Final = CodeTable.load("asendia")
PATH: Final = "/api/A1/v2.0/Tracking/Detail"
FOUND_STATUS: Final = "200"
NOT_FOUND_STATUS: Final = "204"
ASENDIA_CODES: Final = frozenset({"1", "1.1", "2", "2.1", "2.2"})
"""Codes of Asendia USA's own scans, whose times are UTC."""
PLACEHOLDER_OFFSET: Final = re.compile(r"(?:\+00:00|Z)$")
"""What Asendia appends to every time of a partner, whatever its zone."""
SYNC_NOT_FOUND_STATUS: Final = "404"


class Asendia(Adapter):
    slug = "asendia"
    name = "Asendia"
    version = CODE_TABLE.version
    base_url = "https://a1api.asendiausa.com"
    homepage = "https://www.asendia.com"
    credentials = (
        Credential("username", "Asendia USA: user name"),
        Credential("password", "Asendia USA: password"),
        Credential("api_key", "Asendia USA: API key"),
    )

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        value = load_json_value(body)
        if is_sync_answer(value):
            return parse_sync_answer(value, received_at)
        answer = expect_object(value, "the answer")
        text, packages = check_answer(answer), expect_list(answer.get("data"), "data")
        if not packages:
            return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, text or "no such package"),))
        return ParsedAnswer(tuple(parse_shipment(package, received_at) for package in packages))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        check_answer(load_json_object(await fetch_tracking(client, "AS000000000US")))
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Fetch the history of one number."""
    credentials = client.credentials
    headers = {
        "Authorization": basic_auth_header(credentials.get("username", ""), credentials.get("password", "")),
        "X-AsendiaOne-ApiKey": credentials.get("api_key", ""),
        "Accept": "application/json",
    }
    return await client.send("GET", PATH, headers=headers, params={"trackingNumberVendor": number})


def check_answer(answer: Mapping[str, Any]) -> str:
    """Return the status message of an answer; raise RejectionAnswerError where Asendia rejects the whole call."""
    status = expect_object(answer.get("responseStatus"), "responseStatus") or answer
    code, text = clean_text(status.get("responseStatusCode")), clean_text(status.get("responseStatusMessage"))
    if not code:
        raise UnreadableAnswerError("the answer has no responseStatusCode")
    if code not in (FOUND_STATUS, NOT_FOUND_STATUS):
        raise rejected_call("Asendia", code, text)
    return text


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Parse one package. Events come newest first and leave oldest first."""
    package = expect_object(item, "an entry of data")
    number = require_text(package.get("trackingNumberVendor"), "trackingNumberVendor")
    events = expect_list(package.get("trackingDetailEvents"), "trackingDetailEvents")
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("asendia", "Asendia", number),),
        scans=tuple(parse_event(event, received_at) for event in reversed(events)),
    )


def parse_event(item: Any, received_at: datetime) -> ParsedScan:
    """Parse one event of Asendia or of one of its partners."""
    event = expect_object(item, "an event")
    place = parse_place(expect_object(event.get("eventLocationDetails"), "eventLocationDetails"))
    code, text = clean_text(event.get("eventCode")).upper(), clean_text(event.get("eventDescription"))
    event_time = parse_time(clean_text(event.get("eventOn")), code, place.country, received_at)
    return ParsedScan(0, CODE_TABLE.scan_for(code, "else", text), event_time, place, code, text)


def parse_place(location: Mapping[str, Any]) -> ParsedPlace:
    """Parse city, state, postcode and country; the address line is left out."""
    country = parse_country_code(location.get("countryIso2")) or country_of(location.get("countryName"))
    return place_in_city(location.get("city"), location.get("province"), country, location.get("postalCode"))


def parse_time(raw_time: str, code: str, country: str | None, received_at: datetime) -> ParsedTime:
    """Parse Asendia's own times as UTC, and partners' times without the placeholder offset."""
    if code in ASENDIA_CODES:
        return timestamps.parse_utc_timestamp(raw_time, received_at=received_at)
    local_time = PLACEHOLDER_OFFSET.sub("", raw_time)
    if local_time != raw_time:
        return timestamps.parse_timestamp(local_time, country=None, received_at=received_at)._replace(raw_time=raw_time)
    return timestamps.parse_timestamp(raw_time, country=country, received_at=received_at)


def is_sync_answer(value: Any) -> bool:
    """Return whether an answer is Asendia Sync's: a list, a parcel with its events, or a problem with a title."""
    return (isinstance(value, list) and bool(value)) or (
        isinstance(value, dict) and ("trackingEvents" in value or "title" in value)
    )


def parse_sync_answer(value: Any, received_at: datetime) -> ParsedAnswer:
    """Parse an answer of Asendia Sync. Raise RejectionAnswerError for a problem other than an unknown number."""
    entries = [expect_object(item, "a parcel") for item in (value if isinstance(value, list) else [value])]
    for entry in entries:
        status, text = (
            clean_text(entry.get("status")),
            clean_text(entry.get("detail")) or clean_text(entry.get("title")),
        )
        if "title" in entry and status == SYNC_NOT_FOUND_STATUS:
            return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, text),))
        if "title" in entry:
            raise rejected_call("Asendia", status, text)
    return ParsedAnswer(tuple(parse_sync_shipment(entry, received_at) for entry in entries))


def parse_sync_shipment(entry: Mapping[str, Any], received_at: datetime) -> ParsedShipment:
    """Parse one parcel of Asendia Sync. Its events come in an order that no document names."""
    number = require_text(entry.get("trackingNumber"), "trackingNumber")
    rows = [expect_object(item, "an event") for item in expect_list(entry.get("trackingEvents"), "trackingEvents")]
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("asendia", "Asendia", number),),
        scans=tuple(parse_sync_event(row, received_at) for row in order_oldest_first(rows, sync_time_of)),
    )


def sync_time_of(row: Mapping[str, Any]) -> str:
    """Return an event's time as written."""
    return clean_text(row.get("time"))


def parse_sync_event(row: Mapping[str, Any], received_at: datetime) -> ParsedScan:
    """Parse one event of Asendia Sync, whose times are trusted no more than those of A1."""
    country = parse_country_code(row.get("locationCountry"))
    code, text = clean_text(row.get("code")).upper(), clean_text(row.get("carrierEventDescription"))
    event_time = parse_time(sync_time_of(row), code, country, received_at)
    place = place_in_city(row.get("locationName"), None, country, None)
    return ParsedScan(0, CODE_TABLE.scan_for(code, "else", text), event_time, place, code, text)
