"""DPD Germany, parcel life cycle: five or six steps of which each is reached or still to come.

Source: the answer of `tracking.dpd.de/rest/plc/{language}/{number}` as open-source clients read it, and the same
`statusInfo` in DPD's ParcelLifeCycle SOAP service: `parcellifecycleResponse.parcelLifeCycleData.statusInfo[]` with
`status`, `label`, `description.content[]`, `statusHasBeenReached`, `location` (`Hamburg (DE)`) and `date`
(`21.10.2026, 15:43`). A step not reached yet is a forecast and no scan. `shipmentInfo` tells the number and the
receiver's country.

Not settled: the page's schema is not documented and may change without notice; the codes of `scanInfo` (so: not read,
the steps tell the same); whose clock a scan abroad shows, so a time is an instant in Germany only; dates in other
languages' forms (so: asked in German; a form not known keeps its raw text); the answer for an unknown or a protected
number (so: no data is a refusal); whether `DELIVERED` may also be a delivery to a shop, so its words are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, Line
from tracking.carriers.json_access import RefusedAnswer, country_code, listing, load_json, mapping, required_text, text
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.parsed import Moment, Place, Reading, ToldLeg, ToldParcel, ToldScan

TABLE: Final = Table.load("dpd")
GERMAN_TIME: Final = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})(?:,? (\d\d:\d\d(?::\d\d)?))?")
COUNTRY: Final = re.compile(r"\(([A-Z]{2})\)\s*$")


class Dpd(Adapter):
    slug = "dpd"
    name = "DPD"
    version = TABLE.version
    base_url = "https://tracking.dpd.de"
    homepage = "https://www.dpd.com"

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = mapping(load_json(body).get("parcellifecycleResponse"), "parcellifecycleResponse")
        data = mapping(answer.get("parcelLifeCycleData"), "parcelLifeCycleData")
        if not data:
            raise RefusedAnswer("DPD tells nothing: it does not know the number or wants the receiver's postcode")
        return Reading((read_parcel(data, heard_at),))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await call(line, numbers[0])

    async def probe(self, line: Line) -> str:
        load_json(await call(line, "00000000000000"))
        return "it answers; no credentials are needed"


async def call(line: Line, number: str) -> bytes:
    """Ask for one parcel, in German, whose dates have one form only."""
    return await line.send(
        "GET", f"/rest/plc/de_DE/{quote(number, safe='')}", headers={"Accept": "application/json"}, good=(404,)
    )


def read_parcel(data: Mapping[str, Any], heard_at: datetime) -> ToldParcel:
    """Read one parcel: the steps that have been reached, in DPD's order, which is that of time."""
    shipment = mapping(data.get("shipmentInfo"), "shipmentInfo")
    number = required_text(shipment.get("parcelLabelNumber"), "parcelLabelNumber")
    destination = country_code(shipment.get("receiverCountryIsoCode"))
    steps = [mapping(step, "a step") for step in listing(data.get("statusInfo"), "statusInfo")]
    reached = [step for step in steps if step.get("statusHasBeenReached") in (True, "true")]
    return ToldParcel(
        number=number,
        legs=(ToldLeg("dpd", "DPD", number),),
        scans=tuple(read_step(step, destination, heard_at) for step in reached),
        destination=destination,
    )


def read_step(step: Mapping[str, Any], destination: str | None, heard_at: datetime) -> ToldScan:
    """Read one step that has been reached."""
    code, words, place = text(step.get("status")).upper(), words_of(step), read_place(step)
    when = read_moment(line_of(step.get("date")), "DE" if place.country == "DE" else None, heard_at)
    return ToldScan(
        0, TABLE.read(code, side_of(place.country, None, destination), words), when, place, code, words, "de"
    )


def line_of(value: Any) -> str:
    """Return a line of text: as it is, or wrapped in `content` as the SOAP service has it."""
    return text(value.get("content")) if isinstance(value, dict) else text(value)


def words_of(step: Mapping[str, Any]) -> str:
    """Return a step's description, or else its label."""
    told = step.get("description")
    lines = told.get("content") if isinstance(told, dict) else None
    found = " ".join(filter(None, map(line_of, lines))) if isinstance(lines, list) else line_of(told)
    return found or line_of(step.get("label"))


def read_place(step: Mapping[str, Any]) -> Place:
    """Read a place of the form `Hamburg (DE)`; another form is shown and tells no country."""
    told = line_of(step.get("location"))
    found = COUNTRY.search(told)
    city = told[: found.start()].strip() if found else ""
    return Place(told, found.group(1) if found else None, None, city or None)


def read_moment(told: str, country: str | None, heard_at: datetime) -> Moment:
    """Read a German date with or without a time, or an ISO one."""
    found = GERMAN_TIME.fullmatch(told)
    iso = f"{found[3]}-{found[2]}-{found[1]}" + (f"T{found[4]}" if found[4] else "") if found else told
    return timestamps.read(iso, country=country, heard_at=heard_at)._replace(raw=told)
