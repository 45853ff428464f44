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
from tracking.carriers.adapter import Adapter, Line
from tracking.carriers.countries import country_of
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import RefusedAnswer, listing, load_json, mapping, required_text, text
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.parsed import NOWHERE, Moment, Reading, ToldLeg, ToldParcel, ToldScan
from tracking.vocabulary import Precision, ZoneSource

TABLE: Final = Table.load("cainiao")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Cainiao(Adapter):
    slug = "cainiao"
    name = "Cainiao"
    version = TABLE.version
    base_url = "https://global.cainiao.com"
    homepage = "https://global.cainiao.com"

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if answer.get("success") is not True:
            raise RefusedAnswer(f"Cainiao refused the call: {text(answer.get('errorMsg')) or 'no reason given'}")
        return Reading(tuple(read_parcel(item, heard_at) for item in listing(answer.get("module"), "module")))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await line.send(
            "GET", "/global/detail.json", params={"mailNos": ",".join(numbers), "lang": "en-US", "language": "en-US"}
        )

    async def probe(self, line: Line) -> str:
        self.parse(await self.fetch(line, ["LP00000000000000"]), heard_at=datetime.now(UTC))
        return "it answers; no credentials are needed"


def read_parcel(item: Any, heard_at: datetime) -> ToldParcel:
    """Read one number: scans come newest first and leave oldest first; an unknown number has none and is no error."""
    entry = mapping(item, "an entry of module")
    number = required_text(entry.get("mailNo"), "mailNo")
    route = (country_of(entry.get("originCountry")), country_of(entry.get("destCountry")))
    traces = listing(entry.get("detailList"), "detailList")
    return ToldParcel(
        number=number,
        legs=read_legs(entry, number),
        scans=tuple(read_trace(trace, route, heard_at) for trace in reversed(traces)),
        origin=route[0],
        destination=route[1],
    )


def read_legs(entry: Mapping[str, Any], number: str) -> tuple[ToldLeg, ...]:
    """Return Cainiao's leg, and that of the carrier to whom it hands the parcel under another number."""
    local = text(entry.get("realMailNo")) or text(entry.get("copyRealMailNo"))
    name = text(mapping(entry.get("destCpInfo"), "destCpInfo").get("cpName"))
    own = ToldLeg("cainiao", "Cainiao", number)
    return (own, ToldLeg(slug_for(name), name, local)) if local and local != number else (own,)


def read_trace(item: Any, route: tuple[str | None, str | None], heard_at: datetime) -> ToldScan:
    """Read one scan: its action code says what, Cainiao's words are a second opinion."""
    trace = mapping(item, "an entry of detailList")
    code, words = text(trace.get("actionCode")).upper(), text(trace.get("desc")) or text(trace.get("standerdDesc"))
    scan = TABLE.read(code, side_of(None, *route), words)
    return ToldScan(0, scan, read_moment(trace, heard_at), NOWHERE, code, words)


def read_moment(trace: Mapping[str, Any], heard_at: datetime) -> Moment:
    """Read the instant in epoch milliseconds; without one nothing is known but the raw text."""
    told = text(trace.get("time"))
    try:
        at = EPOCH + timedelta(milliseconds=int(told))
    except (ValueError, OverflowError):
        return Moment(raw=text(trace.get("timeStr")))
    if not timestamps.plausible(at, heard_at):
        return Moment(raw=told)
    return Moment(at, None, None, Precision.SECOND, ZoneSource.CARRIER_EPOCH, None, told)
