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
from tracking.carriers.adapter import Adapter, Credential, Line, basic
from tracking.carriers.countries import country_of
from tracking.carriers.json_access import (
    RefusedAnswer,
    UnreadableAnswer,
    country_code,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table
from tracking.carriers.parsed import NO_NEWS_YET, Moment, Place, Reading, Refusal, ToldLeg, ToldParcel, ToldScan

TABLE: Final = Table.load("asendia")
PATH: Final = "/api/A1/v2.0/Tracking/Detail"
FOUND: Final = "200"
NOTHING_FOUND: Final = "204"
OWN_CODES: Final = frozenset({"1", "1.1", "2", "2.1", "2.2"})
ANYWHERE: Final = "+00:00"


class Asendia(Adapter):
    slug = "asendia"
    name = "Asendia"
    version = TABLE.version
    base_url = "https://a1api.asendiausa.com"
    homepage = "https://www.asendia.com"
    credentials = (
        Credential("username", "Asendia USA: user name"),
        Credential("password", "Asendia USA: password"),
        Credential("api_key", "Asendia USA: API key"),
    )

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        words, entries = granted(answer), listing(answer.get("data"), "data")
        if not entries:
            return Reading((), (Refusal("", NO_NEWS_YET, words or "no such package"),))
        return Reading(tuple(read_package(entry, heard_at) for entry in entries))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await ask(line, numbers[0])

    async def probe(self, line: Line) -> str:
        granted(load_json(await ask(line, "AS000000000US")))
        return "connected"


async def ask(line: Line, number: str) -> bytes:
    """Ask for one number."""
    secrets = line.credentials
    headers = {
        "Authorization": basic(secrets.get("username", ""), secrets.get("password", "")),
        "X-AsendiaOne-ApiKey": secrets.get("api_key", ""),
        "Accept": "application/json",
    }
    return await line.send("GET", PATH, headers=headers, params={"trackingNumberVendor": number})


def granted(answer: Mapping[str, Any]) -> str:
    """Return what an answer that says yes, or knows nothing, has to say; raise for one that says no."""
    status = mapping(answer.get("responseStatus"), "responseStatus") or answer
    code, words = text(status.get("responseStatusCode")), text(status.get("responseStatusMessage"))
    if not code:
        raise UnreadableAnswer("the answer has no responseStatusCode")
    if code not in (FOUND, NOTHING_FOUND):
        raise RefusedAnswer(f"Asendia refused the call ({code}): {words or 'no reason given'}")
    return words


def read_package(item: Any, heard_at: datetime) -> ToldParcel:
    """Read one package."""
    entry = mapping(item, "an entry of data")
    number = required_text(entry.get("trackingNumberVendor"), "trackingNumberVendor")
    events = listing(entry.get("trackingDetailEvents"), "trackingDetailEvents")
    return ToldParcel(
        number=number,
        legs=(ToldLeg("asendia", "Asendia", number),),
        scans=tuple(read_event(event, heard_at) for event in reversed(events)),
    )


def read_event(item: Any, heard_at: datetime) -> ToldScan:
    """Read one event, of Asendia or of one of its partners."""
    event = mapping(item, "an event")
    place = read_place(mapping(event.get("eventLocationDetails"), "eventLocationDetails"))
    code, words = text(event.get("eventCode")).upper(), text(event.get("eventDescription"))
    when = read_moment(text(event.get("eventOn")), code, place.country, heard_at)
    return ToldScan(0, TABLE.read(code, "else", words), when, place, code, words)


def read_place(told: Mapping[str, Any]) -> Place:
    """Read a place: town, state, postcode and country; the address line is left out."""
    city, region = text(told.get("city")), text(told.get("province"))
    return Place(
        ", ".join(filter(None, (city, region))),
        country_code(told.get("countryIso2")) or country_of(told.get("countryName")),
        region or None,
        city or None,
        text(told.get("postalCode")) or None,
    )


def read_moment(told: str, code: str, country: str | None, heard_at: datetime) -> Moment:
    """Read Asendia's own UTC, and a partner's clock without the offset that says nothing."""
    if code in OWN_CODES:
        return timestamps.read_utc(told, heard_at=heard_at)
    if told.endswith(ANYWHERE):
        return timestamps.read(told.removesuffix(ANYWHERE), country=None, heard_at=heard_at)._replace(raw=told)
    return timestamps.read(told, country=country, heard_at=heard_at)
