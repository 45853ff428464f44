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
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.json_access import day_of, listing, load_json, mapping, required_text, text
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.numbers import detect
from tracking.carriers.parsed import CarrierDate, Reading, Refusal, ToldLeg, ToldParcel, ToldScan
from tracking.carriers.places import country_in, place_in

TABLE: Final = Table.load("shippo")
TOKENS: Final[dict[str, str]] = {
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
SLUGS: Final = {token: slug for slug, token in TOKENS.items()}
UNKNOWN: Final = "UNKNOWN"
NOBODYS: Final = b'{"detail": "not asked: the number looks like that of no carrier known to Shippo"}'
"""What is kept as the answer where there was nobody to ask about."""


class Shippo(Adapter):
    slug = "shippo"
    name = "Shippo"
    version = TABLE.version
    base_url = "https://api.goshippo.com"
    homepage = "https://goshippo.com"
    credentials = (
        Credential("token", "API token (live)"),
        Credential("webhook_secret", "Webhook signing secret", required=False),
    )
    batch_size = 1
    aggregates = True
    calls_per_second = 8.0
    registers = True
    register_batch_size = 1

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "event" in answer:
            pushed = text(answer["event"]) == "track_updated"
            return Reading.of([read_track(mapping(answer.get("data"), "data"), heard_at)] if pushed else [])
        if "tracking_number" not in answer:
            return Reading.of([refusal_of(answer)])
        return Reading.of([read_track(answer, heard_at)])

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        token = token_for(numbers[0])
        if token is None:
            return NOBODYS
        path = f"/tracks/{token}/{quote(numbers[0], safe='')}"
        return await line.send("GET", path, headers=token_header(line), good=(400, 404))

    async def register(self, line: Line, numbers: Sequence[str]) -> bytes:
        token = token_for(numbers[0])
        if token is None:
            return NOBODYS
        asked = {"carrier": token, "tracking_number": numbers[0]}
        return await line.send("POST", "/tracks/", headers=token_header(line), json=asked, good=(400,))

    async def probe(self, line: Line) -> str:
        load_json(await line.send("GET", "/carrier_accounts", headers=token_header(line), params={"results": "1"}))
        return "connected"

    def verify(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        secret = credentials.get("webhook_secret", "")
        parts = dict(part.strip().partition("=")[::2] for part in headers.get("shippo-auth-signature", "").split(","))
        signed = parts.get("t", "").encode() + b"." + body
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return bool(secret) and hmac.compare_digest(expected.encode(), parts.get("v1", "").encode())


def token_header(line: Line) -> dict[str, str]:
    """Return the header that carries the account's token."""
    return {"Authorization": f"ShippoToken {line.credentials.get('token', '')}", "Shippo-API-Version": "2018-02-08"}


def token_for(number: str) -> str | None:
    """Return Shippo's name of the carrier whose number this looks like the most, or None."""
    return next((TOKENS[one.carrier] for one in detect(number) if one.carrier in TOKENS and not one.mistyped), None)


def refusal_of(answer: Mapping[str, Any]) -> Refusal:
    """Read an answer without a track: why this number is not told of. The account itself is refused otherwise."""
    words = "; ".join(f"{key}: {text(value) or value}" for key, value in sorted(answer.items()))[:300]
    low = words.lower()
    if "not supported" in low or "provider" in low or "carrier" in low:
        return Refusal("", parsed.CARRIER_UNKNOWN, words)
    return Refusal("", parsed.NO_NEWS_YET if "not found" in low else parsed.OTHER, words)


def read_track(track: Mapping[str, Any], heard_at: datetime) -> ToldParcel | Refusal:
    """Read one number's track. Its history comes oldest first; the latest status is its last entry."""
    number, token = required_text(track.get("tracking_number"), "tracking_number"), text(track.get("carrier"))
    route = (country_in(track.get("address_from"), "an address"), country_in(track.get("address_to"), "an address"))
    history = [mapping(item, "an event") for item in listing(track.get("tracking_history"), "tracking_history")]
    scans = tuple(read_event(event, route, heard_at) for event in history if has_news(event))
    if not scans:
        return Refusal(number, parsed.NO_NEWS_YET, "a track without events")
    day = day_of(track.get("eta"))
    return ToldParcel(
        number=number,
        legs=(ToldLeg(SLUGS.get(token, token.replace("_", "-")), token, number),) if token else (),
        scans=scans,
        origin=route[0],
        destination=route[1],
        carrier_date=CarrierDate(day, day, "") if day else None,
    )


def has_news(event: Mapping[str, Any]) -> bool:
    """Tell whether an entry tells anything: without words and substatus an unknown status is none."""
    return text(event.get("status")) != UNKNOWN or bool(text(event.get("status_details")) or event.get("substatus"))


def read_event(event: Mapping[str, Any], route: tuple[str | None, str | None], heard_at: datetime) -> ToldScan:
    """Read one event. The carrier's words are its `status_details`."""
    place, words = place_in(event.get("location"), "a location"), text(event.get("status_details"))
    status, more = text(event.get("status")), text(mapping(event.get("substatus"), "substatus").get("code"))
    code = f"{status}/{more}" if more else status
    when = timestamps.read(text(event.get("status_date")), place.country, heard_at, region=place.region)
    return ToldScan(0, TABLE.read(code, side_of(place.country, *route), words), when, place, code, words)
