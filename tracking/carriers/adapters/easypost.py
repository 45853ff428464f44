"""EasyPost, Trackers API v2: an aggregator where a number is registered once and then polled or pushed.

Source: docs.easypost.com and EasyPost's client libraries. The API key is the user of HTTP Basic. `POST /v2/trackers`
registers a number and finds its carrier; `GET /v2/trackers?tracking_code=` answers `{"trackers": [..]}`; a push is an
`Event` with the tracker as `result`. `status_detail` is more precise than `status`; a carrier is given by name. Pushes
are signed: `X-Hmac-Signature: hmac-sha256-hex=` and the HMAC of the raw body, keyed by the secret in Unicode form NFKD.
Of `signed_by` initials are kept.

Every time ends in `Z`. It is UTC, unless the carrier's own words tell the same clock: then EasyPost could not place a
local time. `description`, the carrier's longer text, is read for its clock only. Unconfirmed: which detail comes with
which status (pairs that the table does not list stay unmapped).
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import parsed
from tracking.carriers.adapter import Adapter, CarrierClient, Credential, basic_auth_header
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.details.fields import proof_from
from tracking.carriers.details.parts import DeliveryDetails
from tracking.carriers.directory import slug_for
from tracking.carriers.parsed import ParsedAnswer, ParsedEstimate, ParsedLeg, ParsedScan, ParsedShipment, RejectedNumber
from tracking.carriers.parsing.json_access import (
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    require_text,
)
from tracking.carriers.parsing.local_clocks import correct_clocks, parse_with_words
from tracking.carriers.parsing.measurements import build_measurements, to_grams
from tracking.carriers.parsing.nearby import find_nearby
from tracking.carriers.parsing.parsed_parts import Route
from tracking.carriers.parsing.places import parse_place, parse_place_country
from tracking.carriers.parsing.rejections import rejected_call
from tracking.carriers.parsing.summaries import add_summary, summary_scan

CODE_TABLE: Final = CodeTable.load("easypost")
PATH: Final = "/v2/trackers"
SIGNATURE_PREFIX: Final = "hmac-sha256-hex="
COUNTRIES_LEFT_OUT: Final = {"usps": "US"}
"""Places of the USPS, which delivers in one country only, come without it."""
VAGUE_DETAILS: Final = frozenset({"", "unknown", "status_update", "in_transit"})
"""Details that add nothing to the status."""


class EasyPost(Adapter):
    slug = "easypost"
    name = "EasyPost"
    version = CODE_TABLE.version
    base_url = "https://api.easypost.com"
    homepage = "https://www.easypost.com"
    answers_are_complete = True
    credentials = (Credential("key", "API key"), Credential("webhook_secret", "Webhook secret", required=False))
    is_aggregator = True
    calls_per_second = 5.0
    requires_registration = True

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "error" in answer:
            error = expect_object(answer["error"], "error")
            raise rejected_call("EasyPost", error.get("code"), error.get("message"))
        if "trackers" in answer:
            return parse_shipments(expect_list(answer["trackers"], "trackers"), received_at)
        if clean_text(answer.get("object")) == "Event":
            result = expect_object(answer.get("result"), "result")
            return parse_shipments(
                [result] if clean_text(result.get("object")) == "Tracker" else [], received_at, pushed=True
            )
        return ParsedAnswer((parse_shipment(answer, received_at),))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        params = {"tracking_code": numbers[0], "page_size": "1"}
        return await client.send("GET", PATH, headers=auth_headers(client), params=params)

    async def register(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        payload = {"tracker": {"tracking_code": numbers[0]}}
        return await client.send("POST", PATH, headers=auth_headers(client), json=payload)

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await client.send("GET", PATH, headers=auth_headers(client), params={"page_size": "1"}))
        return "connected"

    def verify_signature(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        secret = unicodedata.normalize("NFKD", credentials.get("webhook_secret", ""))
        expected = SIGNATURE_PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return bool(secret) and hmac.compare_digest(expected.encode(), headers.get("x-hmac-signature", "").encode())


def auth_headers(client: CarrierClient) -> dict[str, str]:
    """Return the header that authenticates the account: HTTP Basic with the key as user, without a password."""
    return {"Authorization": basic_auth_header(client.credentials.get("key", ""), "")}


def parse_shipments(items: Sequence[Any], received_at: datetime, *, pushed: bool = False) -> ParsedAnswer:
    """Parse trackers. An empty list means that the number was never registered, unless it was pushed."""
    if not items and not pushed:
        return ParsedAnswer((), (RejectedNumber("", parsed.NOT_REGISTERED, "no tracker"),))
    return ParsedAnswer(tuple(parse_shipment(item, received_at) for item in items))


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Parse one tracker. Its details come oldest first."""
    entry = expect_object(item, "a tracker")
    number, carrier = require_text(entry.get("tracking_code"), "tracking_code"), clean_text(entry.get("carrier"))
    carrier_detail = expect_object(entry.get("carrier_detail"), "carrier_detail")
    route = Route(
        parse_place_country(carrier_detail.get("origin_tracking_location"), "origin_tracking_location"),
        parse_place_country(carrier_detail.get("destination_tracking_location"), "destination_tracking_location"),
    )
    day = local_date_of(carrier_detail.get("est_delivery_date_local"))
    details = expect_list(find_nearby(entry, "tracking_details"), "tracking_details")
    slug = slug_for(carrier)
    events = [parse_event(detail, slug, route, received_at) for detail in details]
    scans = correct_clocks(
        events, received_at, words=list(map(words_of, details)), default_country=COUNTRIES_LEFT_OUT.get(slug)
    )
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg(slug_for(carrier), carrier, number),) if carrier else (),
        scans=add_summary(scans, lambda: read_summary(entry, route), CODE_TABLE, route),
        origin=route.origin,
        destination=route.destination,
        carrier_estimate=ParsedEstimate(day, day, "EasyPost") if day else None,
        measurements=build_measurements(to_grams(entry.get("weight"), "oz")),
        details=DeliveryDetails(proof=proof_from(entry.get("signed_by"))),
    )


def parse_event(item: Any, slug: str, route: Route, received_at: datetime) -> ParsedScan:
    """Parse one event. `message` is the carrier's own text; its own code is not read."""
    detail = expect_object(item, "a detail")
    place, text = parse_place(detail.get("tracking_location"), "tracking_location"), clean_text(detail.get("message"))
    status, status_detail = clean_text(detail.get("status")), clean_text(detail.get("status_detail"))
    code = code_of(status, status_detail)
    time_place = place._replace(country=place.country or COUNTRIES_LEFT_OUT.get(slug))
    event_time = parse_with_words(clean_text(detail.get("datetime")), words_of(detail), time_place, received_at)
    return ParsedScan(
        0, CODE_TABLE.scan_for(code, border_side_of(place.country, *route), text), event_time, place, code, text
    )


def words_of(detail: Mapping[str, Any]) -> str:
    """Return the carrier's longer text with the shorter one."""
    return f"{clean_text(detail.get('description'))} {clean_text(detail.get('message'))}"


def read_summary(entry: Mapping[str, Any], route: Route) -> ParsedScan:
    """Return the status of a tracker as a scan. It has no time: `updated_at` is EasyPost's own."""
    status, status_detail = clean_text(entry.get("status")), clean_text(entry.get("status_detail"))
    return summary_scan(CODE_TABLE, [code_of(status, status_detail), status], status.replace("_", " "), route)


def code_of(status: str, status_detail: str) -> str:
    """Return a status with its detail; a delivery keeps only a detail that the table lists, as it names who has it."""
    code = f"{status}/{status_detail}"
    is_said_by_status = status == "delivered" and (code, "else") not in CODE_TABLE.codes
    return status if status_detail in VAGUE_DETAILS or is_said_by_status else code
