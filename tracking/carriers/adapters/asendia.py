"""Asendia USA, A1 Tracking API v2.0: one number a call, HTTP Basic and the account's API key.

Source: `GET /api/A1/v2.0/Tracking/Detail?trackingNumberVendor=` as karrio (LGPL-3.0) calls it, with its captures of
`Detail` and `Milestone` of one parcel, and notes of public clients on the same platform. An answer holds `data[]` with
`trackingNumberVendor` and `trackingDetailEvents[]`, newest first: `eventCode`, `eventDescription`, `eventOn`,
`eventLocationDetails`. `responseStatus.responseStatusCode` is 200, or 204 for a number not known (yet), in a 200 of
HTTP; a refusal holds `responseStatusCode` itself. `addressLine1` is never read. Asendia's other houses have APIs of
their own (Asendia Sync, for e-PAQ from Europe), whose codes no public list tells: numbers of theirs are not known here.

Every time carries `+00:00`. For Asendia USA's own scans (1, 2, 2.1 ..), told to the microsecond, nothing speaks against
it, and `Milestone` tells one of them four hours earlier, by Philadelphia's clock. To partners' scans it is only
appended: what USPS tells as a date arrives as midnight, and a public client notes local hours in Montreal. So what a
partner tells with that offset is a clock without a zone. Partners' codes (USPS `10`, `U1`; Broadreach `B13`)
stand among Asendia's without saying whose they are, and stay unmapped: a delivery that only such a code tells is not
seen. Not settled: several numbers in one call, the country a parcel goes to (none is told), and whether the number
in the answer is always the one asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential, basic_auth_header
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.countries import country_of
from tracking.carriers.json_access import (
    RejectionAnswerError,
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    parse_country_code,
    require_text,
)
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

CODE_TABLE: Final = CodeTable.load("asendia")
PATH: Final = "/api/A1/v2.0/Tracking/Detail"
FOUND_STATUS: Final = "200"
NOT_FOUND_STATUS: Final = "204"
ASENDIA_CODES: Final = frozenset({"1", "1.1", "2", "2.1", "2.2"})
PLACEHOLDER_OFFSET: Final = "+00:00"


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
        answer = load_json_object(body)
        words, entries = check_answer(answer), expect_list(answer.get("data"), "data")
        if not entries:
            return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, words or "no such package"),))
        return ParsedAnswer(tuple(parse_shipment(entry, received_at) for entry in entries))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        check_answer(load_json_object(await fetch_tracking(client, "AS000000000US")))
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Ask for one number."""
    secrets = client.credentials
    headers = {
        "Authorization": basic_auth_header(secrets.get("username", ""), secrets.get("password", "")),
        "X-AsendiaOne-ApiKey": secrets.get("api_key", ""),
        "Accept": "application/json",
    }
    return await client.send("GET", PATH, headers=headers, params={"trackingNumberVendor": number})


def check_answer(answer: Mapping[str, Any]) -> str:
    """Return what an answer that says yes, or knows nothing, has to say; raise for one that says no."""
    status = expect_object(answer.get("responseStatus"), "responseStatus") or answer
    code, words = clean_text(status.get("responseStatusCode")), clean_text(status.get("responseStatusMessage"))
    if not code:
        raise UnreadableAnswerError("the answer has no responseStatusCode")
    if code not in (FOUND_STATUS, NOT_FOUND_STATUS):
        raise RejectionAnswerError(f"Asendia refused the call ({code}): {words or 'no reason given'}")
    return words


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Read one package."""
    entry = expect_object(item, "an entry of data")
    number = require_text(entry.get("trackingNumberVendor"), "trackingNumberVendor")
    events = expect_list(entry.get("trackingDetailEvents"), "trackingDetailEvents")
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("asendia", "Asendia", number),),
        scans=tuple(parse_event(event, received_at) for event in reversed(events)),
    )


def parse_event(item: Any, received_at: datetime) -> ParsedScan:
    """Read one event, of Asendia or of one of its partners."""
    event = expect_object(item, "an event")
    place = parse_place(expect_object(event.get("eventLocationDetails"), "eventLocationDetails"))
    code, words = clean_text(event.get("eventCode")).upper(), clean_text(event.get("eventDescription"))
    when = parse_time(clean_text(event.get("eventOn")), code, place.country, received_at)
    return ParsedScan(0, CODE_TABLE.scan_for(code, "else", words), when, place, code, words)


def parse_place(location: Mapping[str, Any]) -> ParsedPlace:
    """Read a place: town, state, postcode and country; the address line is left out."""
    city, region = clean_text(location.get("city")), clean_text(location.get("province"))
    return ParsedPlace(
        ", ".join(filter(None, (city, region))),
        parse_country_code(location.get("countryIso2")) or country_of(location.get("countryName")),
        region or None,
        city or None,
        clean_text(location.get("postalCode")) or None,
    )


def parse_time(raw_time: str, code: str, country: str | None, received_at: datetime) -> ParsedTime:
    """Read Asendia's own UTC, and a partner's clock without the offset that says nothing."""
    if code in ASENDIA_CODES:
        return timestamps.parse_utc_timestamp(raw_time, received_at=received_at)
    if raw_time.endswith(PLACEHOLDER_OFFSET):
        return timestamps.parse_timestamp(
            raw_time.removesuffix(PLACEHOLDER_OFFSET), country=None, received_at=received_at
        )._replace(raw_time=raw_time)
    return timestamps.parse_timestamp(raw_time, country=country, received_at=received_at)
