"""DPD Germany, parcel life cycle: five or six steps, each of which is reached or still to come.

Source: the answer of `tracking.dpd.de/rest/plc/{language}/{number}` as open-source clients read it, and the same
`statusInfo` in DPD's ParcelLifeCycle SOAP service: `parcellifecycleResponse.parcelLifeCycleData.statusInfo[]` with
`status`, `label`, `description.content[]`, `statusHasBeenReached`, `location` (`Hamburg (DE)`) and `date`
(`21.10.2026, 15:43`). A step not yet reached is a plan and no scan. `shipmentInfo` holds the number and the receiver's
country.

The SOAP service itself, ParcelLifeCycleService 2.0, is read too, in the form that its schema and public captures show:
`getTrackingDataResponse.trackingresult.statusInfo` with lines wrapped in `content`. It names no parcel: the answer is
about the requested one. It is not requested from here: it needs a DELIS user and a token of a day, and which country's
server answers is a matter of the contract. Belgium's server writes the month first; such a time keeps its raw text.

Unconfirmed: the page's schema is not documented and may change without notice; the codes of `scanInfo` (so: not read,
the steps say the same); whose time a scan abroad shows (so a time is an instant in Germany only); date formats
of other languages (so: requested in German; an unknown format keeps its raw text); the answer for an unknown or a
protected number (so: an answer without data is a rejection); whether `DELIVERED` may also mean a delivery to a shop (so
the text is checked).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from xml.etree.ElementTree import Element

from tracking.carriers.adapter import Adapter, CarrierClient
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedPlace, ParsedScan, ParsedShipment, ParsedTime
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.place_names import country_or_told
from tracking.carriers.parsing.xml_access import element_text, load_xml

CODE_TABLE: Final = CodeTable.load("dpd")
GERMAN_TIME: Final = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})(?:,? (\d\d:\d\d(?::\d\d)?))?")
NOTHING_TOLD: Final = "DPD tells nothing: it does not know the number or wants the receiver's postcode"
COUNTRY_SUFFIX: Final = re.compile(r"\(([A-Z]{2})\)\s*$")


class Dpd(Adapter):
    slug = "dpd"
    name = "DPD"
    version = CODE_TABLE.version
    base_url = "https://tracking.dpd.de"
    homepage = "https://www.dpd.com"

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        if body.lstrip().startswith(b"<"):
            return ParsedAnswer((parse_soap_answer(load_xml(body, "Envelope"), received_at),))
        answer = expect_object(load_json_object(body).get("parcellifecycleResponse"), "parcellifecycleResponse")
        data = expect_object(answer.get("parcelLifeCycleData"), "parcelLifeCycleData")
        if not data:
            raise RejectionAnswerError(NOTHING_TOLD)
        return ParsedAnswer((parse_shipment(data, received_at),))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await fetch_tracking(client, "00000000000000"))
        return "it answers; no credentials are needed"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Fetch one parcel, in German, whose dates have a single format."""
    return await client.send(
        "GET",
        f"/rest/plc/de_DE/{quote(number, safe='')}",
        headers={"Accept": "application/json"},
        accepted_statuses=(404,),
    )


def parse_shipment(data: Mapping[str, Any], received_at: datetime) -> ParsedShipment:
    """Parse one parcel from the steps it has reached, which DPD lists oldest first."""
    shipment = expect_object(data.get("shipmentInfo"), "shipmentInfo")
    number = require_text(shipment.get("parcelLabelNumber"), "parcelLabelNumber")
    destination = parse_country_code(shipment.get("receiverCountryIsoCode"))
    steps = [expect_object(step, "a step") for step in expect_list(data.get("statusInfo"), "statusInfo")]
    reached = [step for step in steps if step.get("statusHasBeenReached") in (True, "true")]
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("dpd", "DPD", number),),
        scans=tuple(parse_event(step, destination, "de", received_at) for step in reached),
        destination=destination,
    )


def parse_soap_answer(envelope: Element, received_at: datetime) -> ParsedShipment:
    """Parse the one parcel of a SOAP answer, which has no number. Raise RejectionAnswerError for a fault."""
    if (fault := envelope.find("Body/Fault")) is not None:
        message = element_text(fault, ".//errorMessage") or element_text(fault, "faultstring")
        raise RejectionAnswerError(f"DPD refused the call: {message or 'no reason given'}")
    elements = envelope.findall("Body/getTrackingDataResponse/trackingresult/statusInfo")
    if not elements:
        raise RejectionAnswerError(NOTHING_TOLD)
    reached = [step_of(element) for element in elements if is_reached(element)]
    scans = tuple(parse_event(step, None, None, received_at) for step in reached)
    return ParsedShipment(number="", legs=(ParsedLeg("dpd", "DPD", ""),), scans=scans)


def is_reached(element: Element) -> bool:
    """Return whether a step of a SOAP answer has been reached, the current one included."""
    return "true" in (element_text(element, "statusHasBeenReached"), element_text(element, "isCurrentStatus"))


def step_of(element: Element) -> dict[str, Any]:
    """Return a step of a SOAP answer in the form of the JSON one."""
    lines = [element_text(line, "content") for line in element.findall("description/content")]
    return {
        "status": element_text(element, "status"),
        "label": element_text(element, "label/content"),
        "description": {"content": lines},
        "location": element_text(element, "location/content"),
        "date": element_text(element, "date/content"),
    }


def parse_event(
    step: Mapping[str, Any], destination: str | None, language: str | None, received_at: datetime
) -> ParsedScan:
    """Parse one step that has been reached; `language` is that of its text."""
    code, text, place = clean_text(step.get("status")).upper(), description_of(step), parse_place(step)
    event_time = parse_time(plain_text_of(step.get("date")), "DE" if place.country == "DE" else None, received_at)
    return ParsedScan(
        0,
        CODE_TABLE.scan_for(code, border_side_of(place.country, None, destination), text),
        event_time,
        place,
        code,
        text,
        language,
    )


def plain_text_of(value: Any) -> str:
    """Return a line of text, plain or wrapped in `content` as in the SOAP service."""
    return clean_text(value.get("content")) if isinstance(value, dict) else clean_text(value)


def description_of(step: Mapping[str, Any]) -> str:
    """Return a step's description, or else its label."""
    description = step.get("description")
    lines = description.get("content") if isinstance(description, dict) else None
    text = " ".join(filter(None, map(plain_text_of, lines))) if isinstance(lines, list) else plain_text_of(description)
    return text or plain_text_of(step.get("label"))


def parse_place(step: Mapping[str, Any]) -> ParsedPlace:
    """Parse a place like `Hamburg (DE)`; one in another format is shown as it is and has no country."""
    location = plain_text_of(step.get("location"))
    match = COUNTRY_SUFFIX.search(location)
    city = location[: match.start()].strip() if match else ""
    return ParsedPlace(location, country_or_told(match.group(1) if match else None, location), None, city or None)


def parse_time(raw_time: str, country: str | None, received_at: datetime) -> ParsedTime:
    """Parse a German date with or without a time, or an ISO one."""
    match = GERMAN_TIME.fullmatch(raw_time)
    iso_time = f"{match[3]}-{match[2]}-{match[1]}" + (f"T{match[4]}" if match[4] else "") if match else raw_time
    return timestamps.parse_timestamp(iso_time, country=country, received_at=received_at)._replace(raw_time=raw_time)
