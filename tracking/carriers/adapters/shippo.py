"""Shippo, Tracks API 2018-02-08: an aggregator that needs the carrier with each number.

Source: docs.goshippo.com and Shippo's client libraries. `GET /tracks/{carrier}/{number}` answers one track, and
`POST /tracks/` registers it for pushes `{"event": "track_updated", "data": track}`. We recognise a number's carrier by
its format; a number that fits no carrier known to Shippo is not requested, and the stored answer says so. `status` is
coarse, `substatus.code` says what happened. Pushes are signed, once Shippo has enabled that for an account:
`Shippo-Auth-Signature: t=..,v1=..`, the HMAC-SHA256 of the time, a dot and the raw body. `messages` and `metadata` are
never read.

Unconfirmed: whether a `status_date` in UTC is always the carrier's instant or sometimes a local time (it is read as
written); whether RETURNED alone means that the return has ended (it is read as started).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers import parsed
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.numbers import detect_carriers
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedScan, ParsedShipment, RejectedNumber
from tracking.carriers.parsing.json_access import (
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    require_text,
)
from tracking.carriers.parsing.local_clocks import correct_clocks, parse_with_words
from tracking.carriers.parsing.nearby import find_nearby
from tracking.carriers.parsing.parsed_parts import Route, estimate_on
from tracking.carriers.parsing.places import parse_place, parse_place_country
from tracking.carriers.parsing.summaries import add_summary

CODE_TABLE: Final = CodeTable.load("shippo")
TOKENS_BY_SLUG: Final[dict[str, str]] = {
    "aramex": "aramex",
    "auspost": "australia_post",
    "canadapost": "canada_post",
    "dhl": "dhl_express",
    "dhl-de": "dhl_germany",
    "fedex": "fedex",
    "laposte": "colissimo",
    "royalmail": "royal_mail",
    "ups": "ups",
    "usps": "usps",
}
"""Shippo's carrier tokens by our slugs."""
SLUGS_BY_TOKEN: Final = {token: slug for slug, token in TOKENS_BY_SLUG.items()}
UNKNOWN_STATUS: Final = "UNKNOWN"
NO_CARRIER_ANSWER: Final = b'{"detail": "not asked: the number looks like that of no carrier known to Shippo"}'
"""Stored as the answer for a number that was not requested."""


class Shippo(Adapter):
    slug = "shippo"
    name = "Shippo"
    version = CODE_TABLE.version
    base_url = "https://api.goshippo.com"
    homepage = "https://goshippo.com"
    answers_are_complete = True
    credentials = (
        Credential("token", "API token (live)"),
        Credential("webhook_secret", "Webhook signing secret", required=False),
    )
    is_aggregator = True
    calls_per_second = 8.0
    requires_registration = True

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "event" in answer:
            pushed = clean_text(answer["event"]) == "track_updated"
            return ParsedAnswer.from_items(
                [parse_result(expect_object(answer.get("data"), "data"), received_at)] if pushed else []
            )
        if "tracking_number" not in answer:
            return ParsedAnswer.from_items([parse_rejected_number(answer)])
        return ParsedAnswer.from_items([parse_result(answer, received_at)])

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        token = carrier_token_for(numbers[0])
        if token is None:
            return NO_CARRIER_ANSWER
        path = f"/tracks/{token}/{quote(numbers[0], safe='')}"
        return await client.send("GET", path, headers=auth_headers(client), accepted_statuses=(400, 404))

    async def register(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        token = carrier_token_for(numbers[0])
        if token is None:
            return NO_CARRIER_ANSWER
        payload = {"carrier": token, "tracking_number": numbers[0]}
        return await client.send(
            "POST", "/tracks/", headers=auth_headers(client), json=payload, accepted_statuses=(400,)
        )

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(
            await client.send("GET", "/carrier_accounts", headers=auth_headers(client), params={"results": "1"})
        )
        return "connected"

    def verify_signature(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        secret = credentials.get("webhook_secret", "")
        parts = dict(part.strip().partition("=")[::2] for part in headers.get("shippo-auth-signature", "").split(","))
        signed = parts.get("t", "").encode() + b"." + body
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return bool(secret) and hmac.compare_digest(expected.encode(), parts.get("v1", "").encode())


def auth_headers(client: CarrierClient) -> dict[str, str]:
    """Return the headers that authenticate the account and fix the API version."""
    return {"Authorization": f"ShippoToken {client.credentials.get('token', '')}", "Shippo-API-Version": "2018-02-08"}


def carrier_token_for(number: str) -> str | None:
    """Return Shippo's token of the carrier whose format fits a number best, or None."""
    return next(
        (
            TOKENS_BY_SLUG[candidate.carrier]
            for candidate in detect_carriers(number)
            if candidate.carrier in TOKENS_BY_SLUG and not candidate.has_wrong_check_digit
        ),
        None,
    )


def parse_rejected_number(answer: Mapping[str, Any]) -> RejectedNumber:
    """Parse an answer without a track: why the number has none. A rejected account is an HTTP error instead."""
    text = "; ".join(f"{key}: {clean_text(value) or value}" for key, value in sorted(answer.items()))[:300]
    lower_text = text.lower()
    if "not supported" in lower_text or "provider" in lower_text or "carrier" in lower_text:
        return RejectedNumber("", parsed.UNKNOWN_CARRIER, text)
    return RejectedNumber("", parsed.NO_EVENTS_YET if "not found" in lower_text else parsed.OTHER_REASON, text)


def parse_result(track: Mapping[str, Any], received_at: datetime) -> ParsedShipment | RejectedNumber:
    """Parse one number's track. Its history comes oldest first; the latest status is its last entry."""
    number, token = require_text(track.get("tracking_number"), "tracking_number"), clean_text(track.get("carrier"))
    route = Route(
        parse_place_country(track.get("address_from"), "an address"),
        parse_place_country(track.get("address_to"), "an address"),
    )
    history = [
        expect_object(item, "an event")
        for item in expect_list(find_nearby(track, "tracking_history"), "tracking_history")
    ]
    status = expect_object(track.get("tracking_status"), "tracking_status")
    scans = add_summary(
        correct_clocks(
            [parse_event(event, route, received_at) for event in history if is_informative(event)], received_at
        ),
        lambda: parse_event(status, route, received_at),
        CODE_TABLE,
        route,
    )
    if not scans:
        return RejectedNumber(number, parsed.NO_EVENTS_YET, "a track without events")
    day = local_date_of(track.get("eta"))
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg(SLUGS_BY_TOKEN.get(token, token.replace("_", "-")), token, number),) if token else (),
        scans=scans,
        origin=route.origin,
        destination=route.destination,
        carrier_estimate=estimate_on(day),
    )


def is_informative(event: Mapping[str, Any]) -> bool:
    """Return whether an entry is informative: an unknown status without text and substatus does not."""
    return clean_text(event.get("status")) != UNKNOWN_STATUS or bool(
        clean_text(event.get("status_details")) or event.get("substatus")
    )


def parse_event(event: Mapping[str, Any], route: Route, received_at: datetime) -> ParsedScan:
    """Parse one event. `status_details` is the carrier's own text."""
    place, text = parse_place(event.get("location"), "a location"), clean_text(event.get("status_details"))
    status, substatus = (
        clean_text(event.get("status")),
        clean_text(expect_object(event.get("substatus"), "substatus").get("code")),
    )
    code = f"{status}/{substatus}" if substatus else status
    event_time = parse_with_words(clean_text(event.get("status_date")), text, place, received_at)
    return ParsedScan(
        0, CODE_TABLE.scan_for(code, border_side_of(place.country, *route), text), event_time, place, code, text
    )
