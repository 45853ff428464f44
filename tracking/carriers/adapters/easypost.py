"""EasyPost, Trackers API v2: an aggregator that is told a number once and tells of it from then on.

Source: docs.easypost.com and EasyPost's client libraries. The API key is the user of HTTP Basic. `POST /v2/trackers`
registers a number and finds its carrier; `GET /v2/trackers?tracking_code=` answers `{"trackers": [..]}`; a push is an
`Event` with the tracker as `result`. `status_detail` says more than `status`; a carrier is a name. Pushes are signed:
`X-Hmac-Signature: hmac-sha256-hex=` and the HMAC of the raw body, keyed by the secret in Unicode form NFKD.

Every time ends in `Z` and is read as UTC. Not settled by public material: whether that is the carrier's instant always,
or at times a local clock that EasyPost could not place, and the whole list of details (unlisted ones stay unmapped).
`signed_by` is never read.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import parsed, timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential, basic_auth_header
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    require_text,
)
from tracking.carriers.measurements import build_measurements, to_grams
from tracking.carriers.parsed import ParsedAnswer, ParsedEstimate, ParsedLeg, ParsedScan, ParsedShipment, RejectedNumber
from tracking.carriers.places import parse_place, parse_place_country

CODE_TABLE: Final = CodeTable.load("easypost")
PATH: Final = "/v2/trackers"
SIGNATURE_PREFIX: Final = "hmac-sha256-hex="
VAGUE_DETAILS: Final = frozenset({"", "unknown", "status_update", "in_transit"})
"""Details that say no more than the status does."""


class EasyPost(Adapter):
    slug = "easypost"
    name = "EasyPost"
    version = CODE_TABLE.version
    base_url = "https://api.easypost.com"
    homepage = "https://www.easypost.com"
    credentials = (Credential("key", "API key"), Credential("webhook_secret", "Webhook secret", required=False))
    batch_size = 1
    is_aggregator = True
    calls_per_second = 5.0
    requires_registration = True
    register_batch_size = 1

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "error" in answer:
            raise RejectionAnswerError(error_message(expect_object(answer["error"], "error")))
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
        asked = {"tracker": {"tracking_code": numbers[0]}}
        return await client.send("POST", PATH, headers=auth_headers(client), json=asked)

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await client.send("GET", PATH, headers=auth_headers(client), params={"page_size": "1"}))
        return "connected"

    def verify_signature(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        secret = unicodedata.normalize("NFKD", credentials.get("webhook_secret", ""))
        expected = SIGNATURE_PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return bool(secret) and hmac.compare_digest(expected.encode(), headers.get("x-hmac-signature", "").encode())


def auth_headers(client: CarrierClient) -> dict[str, str]:
    """Return the header that carries the account's key: the user of HTTP Basic, without a password."""
    return {"Authorization": basic_auth_header(client.credentials.get("key", ""), "")}


def error_message(error: Mapping[str, Any]) -> str:
    """Say in one line why the whole call was refused."""
    code, words = clean_text(error.get("code")) or "no code", clean_text(error.get("message")) or "no reason given"
    return f"EasyPost refused the call ({code}): {words}"


def parse_shipments(items: Sequence[Any], received_at: datetime, *, pushed: bool = False) -> ParsedAnswer:
    """Read trackers; a question without any means that the number was never registered."""
    if not items and not pushed:
        return ParsedAnswer((), (RejectedNumber("", parsed.NOT_REGISTERED, "no tracker"),))
    return ParsedAnswer(tuple(parse_shipment(item, received_at) for item in items))


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Read one tracker. Its details come oldest first."""
    entry = expect_object(item, "a tracker")
    number, carrier = require_text(entry.get("tracking_code"), "tracking_code"), clean_text(entry.get("carrier"))
    more = expect_object(entry.get("carrier_detail"), "carrier_detail")
    origin, destination = (
        parse_place_country(more.get(f"{end}_tracking_location"), f"{end}_tracking_location")
        for end in ("origin", "destination")
    )
    day = local_date_of(more.get("est_delivery_date_local"))
    details = expect_list(entry.get("tracking_details"), "tracking_details")
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg(slug_for(carrier), carrier, number),) if carrier else (),
        scans=tuple(parse_event(detail, (origin, destination), received_at) for detail in details),
        origin=origin,
        destination=destination,
        carrier_estimate=ParsedEstimate(day, day, "EasyPost") if day else None,
        measurements=build_measurements(to_grams(entry.get("weight"), "oz")),
    )


def parse_event(item: Any, route: tuple[str | None, str | None], received_at: datetime) -> ParsedScan:
    """Read one event. The carrier's own words are its `message`; the carrier's own code helps only the operator."""
    detail = expect_object(item, "a detail")
    place, words = parse_place(detail.get("tracking_location"), "tracking_location"), clean_text(detail.get("message"))
    status, more = clean_text(detail.get("status")), clean_text(detail.get("status_detail"))
    code = status if more in VAGUE_DETAILS or status == "delivered" else f"{status}/{more}"
    when = timestamps.parse_timestamp(
        clean_text(detail.get("datetime")), place.country, received_at, region=place.region
    )
    return ParsedScan(
        0, CODE_TABLE.scan_for(code, border_side_of(place.country, *route), words), when, place, code, words
    )
