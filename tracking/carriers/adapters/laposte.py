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
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.json_access import (
    RejectionAnswerError,
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsed import (
    ParsedAnswer,
    ParsedEstimate,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    RejectedNumber,
)

CODE_TABLE: Final = CodeTable.load("laposte")
ORIGIN_CODES: Final = ("DR1", "PC1", "PC2", "ET2", "DI2")
DESTINATION_CODES: Final = ("ET3", "EP1", "MD2", "AG1", "ND1", "DI0", "DI1")
REJECTION_REASONS: Final[Mapping[str, str]] = {"400": parsed.INVALID_NUMBER, "404": parsed.NO_EVENTS_YET}


class LaPoste(Adapter):
    slug = "laposte"
    name = "La Poste"
    version = CODE_TABLE.version
    base_url = "https://api.laposte.fr"
    homepage = "https://developer.laposte.fr"
    credentials = (Credential("key", "Key (X-Okapi-Key)"),)
    batch_size = 10
    calls_per_second = 1.0

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        return ParsedAnswer.from_items(parse_result(answer, received_at) for answer in load_answers(body))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers)

    async def probe(self, client: CarrierClient) -> str:
        load_answers(await fetch_tracking(client, ["XX000000005FR"]))
        return "connected"


async def fetch_tracking(client: CarrierClient, numbers: Sequence[str]) -> bytes:
    """Ask for up to ten numbers. A number that La Poste does not know or accept is answered with 404 or 400."""
    return await client.send(
        "GET",
        f"/suivi/v2/idships/{','.join(quote(number, safe='') for number in numbers)}",
        headers={"X-Okapi-Key": client.credentials.get("key", ""), "Accept": "application/json"},
        params={"lang": "fr_FR"},
        accepted_statuses=(400, 404),
    )


def load_answers(body: bytes) -> list[dict[str, Any]]:
    """Return the answers in a body: a list of them, or a single one."""
    if not body.lstrip().startswith(b"["):
        return [load_json_object(body)]
    try:
        items = json.loads(body)
    except (ValueError, RecursionError) as trouble:
        raise UnreadableAnswerError("the answer is a list that is not JSON to its end") from trouble
    return [expect_object(item, "an answer") for item in expect_list(items, "the answer")]


def parse_result(answer: Mapping[str, Any], received_at: datetime) -> ParsedShipment | RejectedNumber:
    """Read what is said about one number."""
    if "shipment" in answer:
        lang = clean_text(answer.get("lang")).partition("_")[0] or None
        return parse_shipment(expect_object(answer["shipment"], "shipment"), lang, received_at)
    code, words = clean_text(answer.get("returnCode")), clean_text(answer.get("returnMessage")) or "no reason given"
    if code in REJECTION_REASONS:
        return RejectedNumber(clean_text(answer.get("idShip")), REJECTION_REASONS[code], words)
    raise RejectionAnswerError(
        f"La Poste refused the call ({code or clean_text(answer.get('code')) or 'no code'}): {words}"
    )


def parse_shipment(entry: Mapping[str, Any], lang: str | None, received_at: datetime) -> ParsedShipment:
    """Read one shipment. Events come newest first; the forecast of a parcel that has arrived is none."""
    number = require_text(entry.get("idShip"), "idShip")
    context = expect_object(entry.get("contextData"), "contextData")
    route = parse_country_code(context.get("originCountry")), parse_country_code(context.get("arrivalCountry"))
    scans: list[ParsedScan] = []
    crossed = False
    for item in reversed(expect_list(entry.get("event"), "event")):
        event = expect_object(item, "an event")
        crossed = crossed or clean_text(event.get("code")) in DESTINATION_CODES
        scans.append(
            parse_event(event, scan_country(clean_text(event.get("code")), crossed, route), route, lang, received_at)
        )
    day = None if entry.get("isFinal") is True else local_date_of(entry.get("estimDate"))
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("laposte", "La Poste", number, "FR"),),
        scans=tuple(scans),
        origin=route[0],
        destination=route[1],
        carrier_estimate=ParsedEstimate(day, day, "") if day else None,
    )


def scan_country(code: str, has_crossed_border: bool, route: tuple[str | None, str | None]) -> str | None:
    """Return the country that a code belongs to; `crossed` says that the parcel has reached its destination's."""
    if route[0] == route[1] or code in ORIGIN_CODES:
        return route[0]
    return route[1] if has_crossed_border else None


def parse_event(
    event: Mapping[str, Any],
    country: str | None,
    route: tuple[str | None, str | None],
    lang: str | None,
    received_at: datetime,
) -> ParsedScan:
    """Read one event."""
    code, words = clean_text(event.get("code")), clean_text(event.get("label"))
    when = timestamps.parse_timestamp(clean_text(event.get("date")), country=country, received_at=received_at)
    scan = CODE_TABLE.scan_for(code, border_side_of(country, *route), words)
    return ParsedScan(0, scan, when, ParsedPlace(country=country), code, words, lang)
