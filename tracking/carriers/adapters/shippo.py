"""Shippo, Tracks API 2018-02-08: an aggregator that wants to be told the carrier with each number.

Source: docs.goshippo.com and Shippo's client libraries. `GET /tracks/{carrier}/{number}` answers one track, and
`POST /tracks/` registers it for pushes `{"event": "track_updated", "data": track}`. Whose a number is we recognise by
its format; about one that looks like no carrier known to Shippo nothing is asked, and the answer kept says so. `status`
says little, `substatus.code` says what happened. Pushes are signed, once Shippo has switched that on for an account:
`Shippo-Auth-Signature: t=..,v1=..`, the HMAC-SHA256 of the time, a dot and the raw body.

Not settled by public material: whether a `status_date` in UTC is always the carrier's instant or at times a local clock
(it is read as told); whether RETURNED alone says that the way back has ended (read as begun). `messages` and `metadata`
are never read.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers import parsed, timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.json_access import (
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    require_text,
)
from tracking.carriers.numbers import detect_carriers
from tracking.carriers.parsed import ParsedAnswer, ParsedEstimate, ParsedLeg, ParsedScan, ParsedShipment, RejectedNumber
from tracking.carriers.places import parse_place, parse_place_country

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
"""Shippo's names of carriers by our slugs."""
SLUGS_BY_TOKEN: Final = {token: slug for slug, token in TOKENS_BY_SLUG.items()}
UNKNOWN_STATUS: Final = "UNKNOWN"
NO_CARRIER_ANSWER: Final = b'{"detail": "not asked: the number looks like that of no carrier known to Shippo"}'
"""What is kept as the answer where there was nobody to ask about."""


class Shippo(Adapter):
    slug = "shippo"
    name = "Shippo"
    version = CODE_TABLE.version
    base_url = "https://api.goshippo.com"
    homepage = "https://goshippo.com"
    credentials = (
        Credential("token", "API token (live)"),
        Credential("webhook_secret", "Webhook signing secret", required=False),
    )
    batch_size = 1
    is_aggregator = True
    calls_per_second = 8.0
    requires_registration = True
    register_batch_size = 1

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
        asked = {"carrier": token, "tracking_number": numbers[0]}
        return await client.send("POST", "/tracks/", headers=auth_headers(client), json=asked, accepted_statuses=(400,))

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
    """Return the header that carries the account's token."""
    return {"Authorization": f"ShippoToken {client.credentials.get('token', '')}", "Shippo-API-Version": "2018-02-08"}


def carrier_token_for(number: str) -> str | None:
    """Return Shippo's name of the carrier whose number this looks like the most, or None."""
    return next(
        (
            TOKENS_BY_SLUG[one.carrier]
            for one in detect_carriers(number)
            if one.carrier in TOKENS_BY_SLUG and not one.has_wrong_check_digit
        ),
        None,
    )


def parse_rejected_number(answer: Mapping[str, Any]) -> RejectedNumber:
    """Read an answer without a track: why this number is not told of. The account itself is refused otherwise."""
    words = "; ".join(f"{key}: {clean_text(value) or value}" for key, value in sorted(answer.items()))[:300]
    low = words.lower()
    if "not supported" in low or "provider" in low or "carrier" in low:
        return RejectedNumber("", parsed.UNKNOWN_CARRIER, words)
    return RejectedNumber("", parsed.NO_EVENTS_YET if "not found" in low else parsed.OTHER_REASON, words)


def parse_result(track: Mapping[str, Any], received_at: datetime) -> ParsedShipment | RejectedNumber:
    """Read one number's track. Its history comes oldest first; the latest status is its last entry."""
    number, token = require_text(track.get("tracking_number"), "tracking_number"), clean_text(track.get("carrier"))
    route = (
        parse_place_country(track.get("address_from"), "an address"),
        parse_place_country(track.get("address_to"), "an address"),
    )
    history = [
        expect_object(item, "an event") for item in expect_list(track.get("tracking_history"), "tracking_history")
    ]
    scans = tuple(parse_event(event, route, received_at) for event in history if is_informative(event))
    if not scans:
        return RejectedNumber(number, parsed.NO_EVENTS_YET, "a track without events")
    day = local_date_of(track.get("eta"))
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg(SLUGS_BY_TOKEN.get(token, token.replace("_", "-")), token, number),) if token else (),
        scans=scans,
        origin=route[0],
        destination=route[1],
        carrier_estimate=ParsedEstimate(day, day, "") if day else None,
    )


def is_informative(event: Mapping[str, Any]) -> bool:
    """Tell whether an entry tells anything: without words and substatus an unknown status is none."""
    return clean_text(event.get("status")) != UNKNOWN_STATUS or bool(
        clean_text(event.get("status_details")) or event.get("substatus")
    )


def parse_event(event: Mapping[str, Any], route: tuple[str | None, str | None], received_at: datetime) -> ParsedScan:
    """Read one event. The carrier's words are its `status_details`."""
    place, words = parse_place(event.get("location"), "a location"), clean_text(event.get("status_details"))
    status, more = (
        clean_text(event.get("status")),
        clean_text(expect_object(event.get("substatus"), "substatus").get("code")),
    )
    code = f"{status}/{more}" if more else status
    when = timestamps.parse_timestamp(
        clean_text(event.get("status_date")), place.country, received_at, region=place.region
    )
    return ParsedScan(
        0, CODE_TABLE.scan_for(code, border_side_of(place.country, *route), words), when, place, code, words
    )
