"""Cainiao: Alibaba's parcels from China, in one list from the first mile to delivery.

Source: the answer of the carrier's own tracking page (`global.cainiao.com/global/detail.json`), as the open-source
client ha-cainiao (MIT) captured it, and the action codes that Alibaba's
`aliexpress.logistics.redefining.querytrackingresult` documents. `time` is the instant in epoch milliseconds.
`timeStr` is the same instant in China's time, even for a scan in Belgium, so it is never read as a local time.
GTMS_STA_SIGNED means that the pick-up point signs, not the buyer.

Unconfirmed: terms of use for other callers and a documented rate limit (so: one number a call, one call a second, no
key); the place of a scan (none is given); GTMS_OE_DEPART, seen minutes after the pick-up (so: unmapped). Texts never
say on which side of the border a scan was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tracking.carriers.adapter import Adapter, CarrierClient
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.directory import slug_for
from tracking.carriers.parsed import UNKNOWN_PLACE, ParsedAnswer, ParsedLeg, ParsedScan, ParsedShipment, ParsedTime
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.countries import country_of
from tracking.carriers.parsing.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    require_text,
)
from tracking.carriers.parsing.numbers import parse_number
from tracking.carriers.parsing.parsed_parts import Route, legs_to_last_mile
from tracking.vocabulary import Precision, ZoneSource

CODE_TABLE: Final = CodeTable.load("cainiao")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Cainiao(Adapter):
    slug = "cainiao"
    name = "Cainiao"
    version = CODE_TABLE.version
    base_url = "https://global.cainiao.com"
    homepage = "https://global.cainiao.com"

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if answer.get("success") is not True:
            raise RejectionAnswerError(
                f"Cainiao refused the call: {clean_text(answer.get('errorMsg')) or 'no reason given'}"
            )
        return ParsedAnswer(
            tuple(parse_shipment(item, received_at) for item in expect_list(answer.get("module"), "module"))
        )

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await client.send(
            "GET", "/global/detail.json", params={"mailNos": ",".join(numbers), "lang": "en-US", "language": "en-US"}
        )

    async def probe(self, client: CarrierClient) -> str:
        self.parse(await self.fetch(client, ["LP00000000000000"]), received_at=datetime.now(UTC))
        return "it answers; no credentials are needed"


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Parse one number. Scans come newest first and leave oldest first; an unknown number has none and is no error."""
    entry = expect_object(item, "an entry of module")
    number = require_text(entry.get("mailNo"), "mailNo")
    route = Route(country_of(entry.get("originCountry")), country_of(entry.get("destCountry")))
    traces = expect_list(entry.get("detailList"), "detailList")
    return ParsedShipment(
        number=number,
        legs=parse_legs(entry, number),
        scans=tuple(parse_event(trace, route, received_at) for trace in reversed(traces)),
        origin=route.origin,
        destination=route.destination,
    )


def parse_legs(entry: Mapping[str, Any], number: str) -> tuple[ParsedLeg, ...]:
    """Return Cainiao's leg and, where it hands over under another number, that of the last-mile carrier."""
    last_mile_number = parse_number(entry.get("realMailNo")) or parse_number(entry.get("copyRealMailNo"))
    name = clean_text(expect_object(entry.get("destCpInfo"), "destCpInfo").get("cpName"))
    return legs_to_last_mile(ParsedLeg("cainiao", "Cainiao", number), ParsedLeg(slug_for(name), name, last_mile_number))


def parse_event(item: Any, route: Route, received_at: datetime) -> ParsedScan:
    """Parse one scan. Its action code is the code; Cainiao's text can correct what the code says."""
    trace = expect_object(item, "an entry of detailList")
    # Cainiao also spells its codes with spaces and in lower case.
    code = "_".join(clean_text(trace.get("actionCode")).upper().split())
    text = clean_text(trace.get("desc")) or clean_text(trace.get("standerdDesc"))
    scan = CODE_TABLE.scan_for(code, border_side_of(None, *route), text)
    return ParsedScan(0, scan, parse_time(trace, received_at), UNKNOWN_PLACE, code, text)


def parse_time(trace: Mapping[str, Any], received_at: datetime) -> ParsedTime:
    """Parse the instant in epoch milliseconds; without one only the raw text is kept."""
    raw_time = clean_text(trace.get("time"))
    try:
        at = EPOCH + timedelta(milliseconds=int(raw_time))
    except (ValueError, OverflowError):
        return ParsedTime(raw_time=clean_text(trace.get("timeStr")))
    if not timestamps.is_plausible(at, received_at):
        return ParsedTime(raw_time=raw_time)
    return ParsedTime(at, None, None, Precision.SECOND, ZoneSource.CARRIER_EPOCH, None, raw_time)
