"""La Poste (Colissimo, Chronopost, letters): Suivi v2, ten numbers a call.

Source: La Poste's developer portal (header `X-Okapi-Key`, GET /suivi/v2/idships/...), as every public client calls it,
and an answer in which a parcel to Brazil carries Paris's offset to the end: the instants are right, the clocks are
Paris's. Events name no place; only their codes say in which of the two countries of the route they were made, and the
rest stay without a country. The names of the codes DR1 to DI2 are La Poste's own list, which many clients repeat; DI0
(delivered, many at once) and DI3 (late) stand in newer ones.
Not settled by public material: the exact reach of ET1 between the two countries (no country is assumed), DR2 and ID0
(unmapped), and an impossible number, for which clients have met a 404 that is no JSON (it stays unreadable). The
signatory and the proof of delivery are never read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers import parsed, timestamps
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.json_access import (
    RefusedAnswer,
    UnreadableAnswer,
    country_code,
    day_of,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.parsed import CarrierDate, Place, Reading, Refusal, ToldLeg, ToldParcel, ToldScan

TABLE: Final = Table.load("laposte")
AT_ORIGIN: Final = ("DR1", "PC1", "PC2", "ET2", "DI2")
IN_DESTINATION: Final = ("ET3", "EP1", "MD2", "AG1", "ND1", "DI0", "DI1")
REASONS: Final[Mapping[str, str]] = {"400": parsed.INVALID_NUMBER, "404": parsed.NO_NEWS_YET}


class LaPoste(Adapter):
    slug = "laposte"
    name = "La Poste"
    version = TABLE.version
    base_url = "https://api.laposte.fr"
    homepage = "https://developer.laposte.fr"
    credentials = (Credential("key", "Key (X-Okapi-Key)"),)
    batch_size = 10
    calls_per_second = 1.0

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        return Reading.of(read_answer(answer, heard_at) for answer in answers_in(body))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await ask(line, numbers)

    async def probe(self, line: Line) -> str:
        answers_in(await ask(line, ["XX000000005FR"]))
        return "connected"


async def ask(line: Line, numbers: Sequence[str]) -> bytes:
    """Ask for up to ten numbers. A number that La Poste does not know or accept is answered with 404 or 400."""
    return await line.send(
        "GET",
        f"/suivi/v2/idships/{','.join(quote(number, safe='') for number in numbers)}",
        headers={"X-Okapi-Key": line.credentials.get("key", ""), "Accept": "application/json"},
        params={"lang": "fr_FR"},
        good=(400, 404),
    )


def answers_in(body: bytes) -> list[dict[str, Any]]:
    """Return the answers in a body: a list of them, or a single one."""
    if not body.lstrip().startswith(b"["):
        return [load_json(body)]
    try:
        items = json.loads(body)
    except (ValueError, RecursionError) as trouble:
        raise UnreadableAnswer("the answer is a list that is not JSON to its end") from trouble
    return [mapping(item, "an answer") for item in listing(items, "the answer")]


def read_answer(answer: Mapping[str, Any], heard_at: datetime) -> ToldParcel | Refusal:
    """Read what is said about one number."""
    if "shipment" in answer:
        lang = text(answer.get("lang")).partition("_")[0] or None
        return read_parcel(mapping(answer["shipment"], "shipment"), lang, heard_at)
    code, words = text(answer.get("returnCode")), text(answer.get("returnMessage")) or "no reason given"
    if code in REASONS:
        return Refusal(text(answer.get("idShip")), REASONS[code], words)
    raise RefusedAnswer(f"La Poste refused the call ({code or text(answer.get('code')) or 'no code'}): {words}")


def read_parcel(entry: Mapping[str, Any], lang: str | None, heard_at: datetime) -> ToldParcel:
    """Read one shipment. Events come newest first; the forecast of a parcel that has arrived is none."""
    number = required_text(entry.get("idShip"), "idShip")
    context = mapping(entry.get("contextData"), "contextData")
    route = country_code(context.get("originCountry")), country_code(context.get("arrivalCountry"))
    scans: list[ToldScan] = []
    crossed = False
    for item in reversed(listing(entry.get("event"), "event")):
        event = mapping(item, "an event")
        crossed = crossed or text(event.get("code")) in IN_DESTINATION
        scans.append(read_event(event, country_at(text(event.get("code")), crossed, route), route, lang, heard_at))
    day = None if entry.get("isFinal") is True else day_of(entry.get("estimDate"))
    return ToldParcel(
        number=number,
        legs=(ToldLeg("laposte", "La Poste", number, "FR"),),
        scans=tuple(scans),
        origin=route[0],
        destination=route[1],
        carrier_date=CarrierDate(day, day, "") if day else None,
    )


def country_at(code: str, crossed: bool, route: tuple[str | None, str | None]) -> str | None:
    """Return the country that a code belongs to; `crossed` says that the parcel has reached its destination's."""
    if route[0] == route[1] or code in AT_ORIGIN:
        return route[0]
    return route[1] if crossed else None


def read_event(
    event: Mapping[str, Any],
    country: str | None,
    route: tuple[str | None, str | None],
    lang: str | None,
    heard_at: datetime,
) -> ToldScan:
    """Read one event."""
    code, words = text(event.get("code")), text(event.get("label"))
    when = timestamps.read(text(event.get("date")), country=country, heard_at=heard_at)
    scan = TABLE.read(code, side_of(country, *route), words)
    return ToldScan(0, scan, when, Place(country=country), code, words, lang)
