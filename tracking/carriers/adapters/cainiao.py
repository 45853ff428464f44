"""Cainiao: Alibaba's parcels from China, told in one list from the first mile to the door.

Source: the answer of the carrier's own tracking page (`global.cainiao.com/global/detail.json`), as the open-source
client ha-cainiao (MIT) captured it, and the action codes that Alibaba's
`aliexpress.logistics.redefining.querytrackingresult` documents. `time` is the instant in epoch milliseconds.
`timeStr` is the same instant on China's clock even for a scan in Belgium, so it is no local clock and is never read
as one. GTMS_STA_SIGNED is the pick-up point that signs, not the buyer.

Not settled: terms of use for other callers and a documented rate (so: one number a call, one call a second, no key);
a scan's place (none is told); GTMS_OE_DEPART, seen minutes after the pick-up (so: unmapped). Words never tell a side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, CarrierClient
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.countries import country_of
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    require_text,
)
from tracking.carriers.parsed import UNKNOWN_PLACE, ParsedAnswer, ParsedLeg, ParsedScan, ParsedShipment, ParsedTime
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
    """Read one number: scans come newest first and leave oldest first; an unknown number has none and is no error."""
    entry = expect_object(item, "an entry of module")
    number = require_text(entry.get("mailNo"), "mailNo")
    route = (country_of(entry.get("originCountry")), country_of(entry.get("destCountry")))
    traces = expect_list(entry.get("detailList"), "detailList")
    return ParsedShipment(
        number=number,
        legs=parse_legs(entry, number),
        scans=tuple(parse_event(trace, route, received_at) for trace in reversed(traces)),
        origin=route[0],
        destination=route[1],
    )


def parse_legs(entry: Mapping[str, Any], number: str) -> tuple[ParsedLeg, ...]:
    """Return Cainiao's leg, and that of the carrier to whom it hands the parcel under another number."""
    local = clean_text(entry.get("realMailNo")) or clean_text(entry.get("copyRealMailNo"))
    name = clean_text(expect_object(entry.get("destCpInfo"), "destCpInfo").get("cpName"))
    own = ParsedLeg("cainiao", "Cainiao", number)
    return (own, ParsedLeg(slug_for(name), name, local)) if local and local != number else (own,)


def parse_event(item: Any, route: tuple[str | None, str | None], received_at: datetime) -> ParsedScan:
    """Read one scan: its action code says what, Cainiao's words are a second opinion."""
    trace = expect_object(item, "an entry of detailList")
    code, words = (
        clean_text(trace.get("actionCode")).upper(),
        clean_text(trace.get("desc")) or clean_text(trace.get("standerdDesc")),
    )
    scan = CODE_TABLE.scan_for(code, border_side_of(None, *route), words)
    return ParsedScan(0, scan, parse_time(trace, received_at), UNKNOWN_PLACE, code, words)


def parse_time(trace: Mapping[str, Any], received_at: datetime) -> ParsedTime:
    """Read the instant in epoch milliseconds; without one nothing is known but the raw text."""
    told = clean_text(trace.get("time"))
    try:
        at = EPOCH + timedelta(milliseconds=int(told))
    except (ValueError, OverflowError):
        return ParsedTime(raw_time=clean_text(trace.get("timeStr")))
    if not timestamps.is_plausible(at, received_at):
        return ParsedTime(raw_time=told)
    return ParsedTime(at, None, None, Precision.SECOND, ZoneSource.CARRIER_EPOCH, None, told)
