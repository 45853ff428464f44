"""GLS Group, Track and Trace API v1: up to ten parcels a call, one list of events each.

Source: the API of dev-portal.gls-group.net as karrio (LGPL-3.0) and other public clients with live captures call it:
`GET /track-and-trace-v1/tracking/simple/trackids/{ids}?showEvents=true` with a client-credentials token. A parcel has
`requested`, `unitno`, `status` and `events[]`, newest first: `code`, `city`, `postalCode`, `country`, `description`,
`eventDateTime`; an unknown one has `errorCode` E_404_01 instead. Captures of Irish parcels carry `+0200`, which no
Irish clock shows: the offset is that of GLS's system, so the instant is right and the local time is not the place's.
`parse_timestamp` detects that where the country contradicts the offset. `errorMessage` and `description` hold no names
in the captures. A new account may call 500 times a day, until GLS grants more.

Unconfirmed: event codes beyond those in the table (so GLS's standard texts, listed behind the codes, are read for them;
a text makes a delivery only under a code of a delivery), a parcel's destination country (none is given), and what
`DELIVD.PARCELSHOP` means beyond its text (the shop has the parcel: to be collected, not delivered).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers.adapter import Adapter, CarrierClient
from tracking.carriers.border_sides import BorderSide, border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.oauth import TokenEndpoint, oauth_credentials, send_authorized
from tracking.carriers.parsed import (
    NO_EVENTS_YET,
    OTHER_REASON,
    ParsedAnswer,
    ParsedLeg,
    ParsedScan,
    ParsedShipment,
    RejectedNumber,
)
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.json_access import (
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.parsed_parts import place_in_city
from tracking.vocabulary import DELIVERED_SCANS, Scan

CODE_TABLE: Final = CodeTable.load("gls")
PATH: Final = "/track-and-trace-v1/tracking"
TOKEN_ENDPOINT: Final = TokenEndpoint("/oauth2/v2/token")
JSON_HEADERS: Final = {"Accept": "application/json"}
DELIVERY_PREFIX: Final = "DELIVD."
"""How the codes of deliveries start, to whomever."""


class Gls(Adapter):
    slug = "gls"
    name = "GLS"
    version = CODE_TABLE.version
    base_url = "https://api.gls-group.net"
    homepage = "https://gls-group.com"
    credentials = oauth_credentials("API key", "API secret")
    # The limit of a new account; an operator whom GLS granted more enters it.
    calls_per_second = 500 / 86_400
    batch_size = 10

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "parcels" not in answer:
            raise UnreadableAnswerError("the answer has no parcels")
        entries = [expect_object(item, "a parcel") for item in expect_list(answer["parcels"], "parcels")]
        return ParsedAnswer(
            tuple(parse_shipment(entry, received_at) for entry in entries if not entry.get("errorCode")),
            tuple(parse_rejected_number(entry) for entry in entries if entry.get("errorCode")),
        )

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        path = f"{PATH}/simple/trackids/{quote(','.join(numbers), safe=',')}"
        return await send_authorized(
            client, TOKEN_ENDPOINT, "GET", path, headers=JSON_HEADERS, params={"showEvents": "true"}
        )

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(
            await send_authorized(client, TOKEN_ENDPOINT, "GET", f"{PATH}/events/codes", headers=JSON_HEADERS)
        )
        return "connected"


def parse_rejected_number(entry: Mapping[str, Any]) -> RejectedNumber:
    """Parse a parcel with an error; codes that start with E_404 mean a number not known (yet)."""
    reason = NO_EVENTS_YET if clean_text(entry.get("errorCode")).startswith("E_404") else OTHER_REASON
    return RejectedNumber(clean_text(entry.get("requested")), reason, clean_text(entry.get("errorMessage")))


def parse_shipment(entry: Mapping[str, Any], received_at: datetime) -> ParsedShipment:
    """Parse one parcel under the requested number. Events come newest first and leave oldest first."""
    number = require_text(entry.get("requested") or entry.get("unitno"), "requested")
    events = expect_list(entry.get("events"), "events")
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("gls", "GLS", number),),
        scans=tuple(parse_event(event, received_at) for event in reversed(events)),
    )


def parse_event(item: Any, received_at: datetime) -> ParsedScan:
    """Parse one event."""
    event = expect_object(item, "an event")
    country = parse_country_code(event.get("country"))
    place = place_in_city(event.get("city"), None, country, event.get("postalCode"))
    code, text = clean_text(event.get("code")).upper(), clean_text(event.get("description"))
    event_time = timestamps.parse_timestamp(
        clean_text(event.get("eventDateTime")), country=country, received_at=received_at
    )
    return ParsedScan(0, scan_of(code, border_side_of(country, None, None), text), event_time, place, code, text)


def scan_of(code: str, side: BorderSide, text: str) -> Scan:
    """Return our scan for a code, or for GLS's standard text where the table does not list the code."""
    if (code, side) in CODE_TABLE.codes:
        return CODE_TABLE.scan_for(code, side, text)
    scan = CODE_TABLE.codes.get((standard_text_of(text), side), Scan.UNMAPPED)
    return scan if scan not in DELIVERED_SCANS or code.startswith(DELIVERY_PREFIX) else Scan.UNMAPPED


def standard_text_of(text: str) -> str:
    """Return a text as the table spells it: in lower case, with single spaces, without the full stop."""
    return " ".join(text.casefold().replace("’", "'").split()).removesuffix(".")
