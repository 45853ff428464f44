"""Shippo, Tracks API 2018-02-08: an aggregator that wants to be told the carrier with each number.

Source: docs.goshippo.com and Shippo's client libraries. `GET /tracks/{carrier}/{number}` answers one track; a push is
`{"event": "track_updated", "data": track}`. Whose a number is we recognise by its format: about one that is no known
carrier's nothing can be asked. `status` says little, `substatus.code` says what happened.

Not settled by public material: how pushes are signed, so none is taken; whether a `status_date` in UTC is always the
carrier's instant or at times a local clock (it is read as told); and Shippo's names for DPD and GLS in most countries,
which are not asked for. Addresses hold no names here; `messages` and `metadata` are never read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers import clock
from tracking.carriers.adapter import Adapter, Credential, Line, Refused
from tracking.carriers.countries import country_of
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.numbers import detect
from tracking.carriers.shape import RefusedAnswer, day_of, listing, load_json, mapping, required_text, text
from tracking.carriers.told import CarrierDate, Place, Reading, ToldLeg, ToldParcel, ToldScan

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
NO_NEWS: Final = "UNKNOWN"


class Shippo(Adapter):
    slug = "shippo"
    name = "Shippo"
    version = TABLE.version
    base_url = "https://api.goshippo.com"
    homepage = "https://goshippo.com"
    credentials = (Credential("token", "API token (live)"),)
    batch_size = 1
    aggregates = True
    calls_per_second = 5.0

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "detail" in answer:
            raise RefusedAnswer(f"Shippo refused the call: {text(answer['detail']) or 'no reason given'}")
        track = mapping(answer.get("data"), "data") if "event" in answer else answer
        return Reading((read_track(track, heard_at),))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await line.send("GET", path_of(numbers[0]), headers=token_header(line))

    async def probe(self, line: Line) -> str:
        load_json(await line.send("GET", "/carrier_accounts", headers=token_header(line), params={"results": "1"}))
        return "connected"


def token_header(line: Line) -> dict[str, str]:
    """Return the header that carries the account's token."""
    return {"Authorization": f"ShippoToken {line.credentials.get('token', '')}", "Shippo-API-Version": "2018-02-08"}


def path_of(number: str) -> str:
    """Return the path of a number's track, under the carrier whose number it looks like the most. Raise `Refused`."""
    fitting = [one.carrier for one in detect(number) if one.carrier in TOKENS and not one.mistyped]
    if not fitting:
        raise Refused(f"Shippo wants the carrier with each number, and {number} looks like none that it knows")
    return f"/tracks/{TOKENS[fitting[0]]}/{quote(number, safe='')}"


def read_track(track: Mapping[str, Any], heard_at: datetime) -> ToldParcel:
    """Read one number's track. Its history comes oldest first; the latest status is its last entry."""
    number, token = required_text(track.get("tracking_number"), "tracking_number"), text(track.get("carrier"))
    slug = SLUGS.get(token, token.replace("_", "-"))
    route = (read_country(track.get("address_from")), read_country(track.get("address_to")))
    history = [mapping(item, "an event") for item in listing(track.get("tracking_history"), "tracking_history")]
    day = day_of(track.get("eta"))
    return ToldParcel(
        number=number,
        legs=(ToldLeg(slug, "", number),) if token else (),
        scans=tuple(read_event(event, route, heard_at) for event in history if has_news(event)),
        origin=route[0],
        destination=route[1],
        carrier_date=CarrierDate(day, day, "Shippo") if day else None,
    )


def has_news(event: Mapping[str, Any]) -> bool:
    """Tell whether an entry tells anything: without words and substatus an unknown status is none."""
    return text(event.get("status")) != NO_NEWS or bool(text(event.get("status_details")) or event.get("substatus"))


def read_event(event: Mapping[str, Any], route: tuple[str | None, str | None], heard_at: datetime) -> ToldScan:
    """Read one event. The carrier's words are its `status_details`."""
    place, words = read_place(event.get("location")), text(event.get("status_details"))
    status, more = text(event.get("status")), text(mapping(event.get("substatus"), "substatus").get("code"))
    code = f"{status}/{more}" if more else status
    when = clock.read(text(event.get("status_date")), place.country, heard_at, region=place.region)
    return ToldScan(0, TABLE.read(code, side_of(place.country, *route), words), when, place, code, words)


def read_country(value: Any) -> str | None:
    """Return the country of an address."""
    return country_of(mapping(value, "an address").get("country"))


def read_place(value: Any) -> Place:
    """Read where an event was."""
    told = mapping(value, "a location")
    city, region, country, zip_code = (text(told.get(key)) for key in ("city", "state", "country", "zip"))
    words = ", ".join(filter(None, (city, region, country)))
    return Place(words, country_of(country), region or None, city or None, zip_code or None)
