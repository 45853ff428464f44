"""Royal Mail, Tracking API v2 (JSON): one number a call, client id and secret in headers.

Source: Royal Mail's developer portal (GET /mailpieces/v2/{id}/events) and its example answer, reprinted by open-source
clients with the codes that they met. Times carry the offset. Events come newest first and name an office, not a
country: the country is assumed to be Britain for a domestic item only. Of the recipient's name in
`signature` initials are kept; `proofOfDeliveryData`, the photo and the position are never read.

Unconfirmed: whether the list of codes that clients reprint is the current one (unlisted codes stay unmapped).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.details.fields import iso_day, proof_from, value_at, window_on
from tracking.carriers.details.parts import DeliveryDetails
from tracking.carriers.parsed import (
    NO_EVENTS_YET,
    ParsedAnswer,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    RejectedNumber,
)
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.countries import country_of
from tracking.carriers.parsing.json_access import (
    clean_text,
    expect_list,
    expect_object,
    first_object,
    load_json_object,
    local_date_of,
    require_text,
)
from tracking.carriers.parsing.parsed_parts import Route, estimate_on
from tracking.carriers.parsing.place_names import country_or_told
from tracking.carriers.parsing.rejections import rejected_call

CODE_TABLE: Final = CodeTable.load("royalmail")


class RoyalMail(Adapter):
    slug = "royalmail"
    name = "Royal Mail"
    version = CODE_TABLE.version
    base_url = "https://api.royalmail.net"
    homepage = "https://developer.royalmail.net"
    answers_are_complete = True
    credentials = (
        Credential("client_id", "Client ID (X-IBM-Client-Id)"),
        Credential("client_secret", "Client secret (X-IBM-Client-Secret)"),
    )

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "mailPieces" in answer:
            return ParsedAnswer((parse_shipment(expect_object(answer["mailPieces"], "mailPieces"), received_at),))
        status, text = clean_text(answer.get("httpCode")), error_message(answer)
        if status == "404":
            return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, text),))
        raise rejected_call("Royal Mail", status, text)

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await fetch_tracking(client, "XX000000005GB"))
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Fetch one number. Royal Mail answers 404 for one that it does not know."""
    headers = {
        "X-IBM-Client-Id": client.credentials.get("client_id", ""),
        "X-IBM-Client-Secret": client.credentials.get("client_secret", ""),
        "X-Accept-RMG-Terms": "yes",
        "Accept": "application/json",
    }
    return await client.send(
        "GET", f"/mailpieces/v2/{quote(number, safe='')}/events", headers=headers, accepted_statuses=(404,)
    )


def error_message(answer: Mapping[str, Any]) -> str:
    """Return in one line why there is no item."""
    error = first_object(answer.get("errors"), "errors")
    return clean_text(error.get("errorDescription")) or clean_text(answer.get("httpMessage")) or "no reason given"


def parse_shipment(entry: Mapping[str, Any], received_at: datetime) -> ParsedShipment:
    """Parse one item."""
    number = require_text(entry.get("mailPieceId"), "mailPieceId")
    summary = expect_object(entry.get("summary"), "summary")
    route = Route(country_of(summary.get("originCountryCode")), country_of(summary.get("destinationCountryCode")))
    events = expect_list(entry.get("events"), "events")
    day = local_date_of(expect_object(entry.get("estimatedDelivery"), "estimatedDelivery").get("date"))
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("royalmail", "Royal Mail", number, "GB"),),
        scans=tuple(parse_event(item, route, received_at) for item in reversed(events)),
        origin=route.origin,
        destination=route.destination,
        carrier_estimate=estimate_on(day),
        details=parse_details(entry),
    )


def parse_details(entry: Mapping[str, Any]) -> DeliveryDetails:
    """Parse the signature, as initials, and the window of the estimate, whose clocks carry the place's offset."""
    estimate, signature = entry.get("estimatedDelivery"), entry.get("signature")
    return DeliveryDetails(
        proof=proof_from(value_at(signature, "recipientName"), signature=value_at(signature, "imageId")),
        window=window_on(
            iso_day(value_at(estimate, "date")),
            value_at(estimate, "startOfEstimatedWindow"),
            value_at(estimate, "endOfEstimatedWindow"),
        ),
    )


def parse_event(item: Any, route: Route, received_at: datetime) -> ParsedScan:
    """Parse one event."""
    event = expect_object(item, "an event")
    country = "GB" if route == ("GB", "GB") else None
    office = clean_text(event.get("locationName"))
    code, text = clean_text(event.get("eventCode")), clean_text(event.get("eventName"))
    event_time = timestamps.parse_timestamp(
        clean_text(event.get("eventDateTime")), country=country, received_at=received_at
    )
    scan = CODE_TABLE.scan_for(code, border_side_of(country, *route), text)
    return ParsedScan(0, scan, event_time, ParsedPlace(office, country_or_told(country, office)), code, text, "en")
