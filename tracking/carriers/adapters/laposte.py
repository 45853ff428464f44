"""La Poste (Colissimo, Chronopost, letters): Suivi v2, ten numbers a call.

Source: La Poste's developer portal (header `X-Okapi-Key`, GET /suivi/v2/idships/...), as every public client calls it,
and an answer in which a parcel to Brazil carries Paris's offset to the end: the instants are right, the local times are
Paris's. Events name no place. Only their codes say in which of the two countries of the route they were made, and the
rest stay without a country. The names of the codes DR1 to DI2 are La Poste's own list, which many clients repeat; DI0
(delivered, many at once) and DI3 (late) appear in newer ones. The signatory and the proof of delivery are never read.
`contextData.removalPoint` names the pick-up point; the hours of the estimate are Paris's, so they count in France only.

Unconfirmed: the exact reach of ET1 between the two countries (no country is assumed); DR2 and ID0 (unmapped); an
impossible number, for which clients have met a 404 that is no JSON (it stays unreadable).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers import parsed
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.details.fields import point_from, value_at, window_from
from tracking.carriers.details.parts import DeliveryDetails
from tracking.carriers.parsed import (
    ParsedAnswer,
    ParsedLeg,
    ParsedPlace,
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
    local_date_of,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.parsed_parts import Route, estimate_on
from tracking.carriers.parsing.rejections import rejected_call

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

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        return ParsedAnswer.from_items(parse_result(answer, received_at) for answer in load_answers(body))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers)

    async def probe(self, client: CarrierClient) -> str:
        load_answers(await fetch_tracking(client, ["XX000000005FR"]))
        return "connected"


async def fetch_tracking(client: CarrierClient, numbers: Sequence[str]) -> bytes:
    """Fetch up to ten numbers. The answer is 404 for a number it does not know, 400 for an invalid one."""
    return await client.send(
        "GET",
        f"/suivi/v2/idships/{','.join(quote(number, safe='') for number in numbers)}",
        headers={"X-Okapi-Key": client.credentials.get("key", ""), "Accept": "application/json"},
        params={"lang": "fr_FR"},
        accepted_statuses=(400, 404),
    )


def load_answers(body: bytes) -> list[dict[str, Any]]:
    """Return the answers in a body, which holds a list of them or a single one."""
    if not body.lstrip().startswith(b"["):
        return [load_json_object(body)]
    try:
        items = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableAnswerError("the answer is a list that is not JSON to its end") from error
    return [expect_object(item, "an answer") for item in expect_list(items, "the answer")]


def parse_result(answer: Mapping[str, Any], received_at: datetime) -> ParsedShipment | RejectedNumber:
    """Parse the answer about one number; raise RejectionAnswerError where La Poste rejects the whole call."""
    if "shipment" in answer:
        language = clean_text(answer.get("lang")).partition("_")[0] or None
        return parse_shipment(expect_object(answer["shipment"], "shipment"), language, received_at)
    code, text = clean_text(answer.get("returnCode")), clean_text(answer.get("returnMessage")) or "no reason given"
    if code in REJECTION_REASONS:
        return RejectedNumber(clean_text(answer.get("idShip")), REJECTION_REASONS[code], text)
    raise rejected_call("La Poste", code or answer.get("code"), text)


def parse_shipment(entry: Mapping[str, Any], language: str | None, received_at: datetime) -> ParsedShipment:
    """Parse one shipment. Events come newest first and leave oldest first; `isFinal` makes the estimate obsolete."""
    number = require_text(entry.get("idShip"), "idShip")
    context = expect_object(entry.get("contextData"), "contextData")
    route = Route(parse_country_code(context.get("originCountry")), parse_country_code(context.get("arrivalCountry")))
    scans: list[ParsedScan] = []
    has_crossed_border = False
    for item in reversed(expect_list(entry.get("event"), "event")):
        event = expect_object(item, "an event")
        code = clean_text(event.get("code"))
        # An event without a country of its own is in the destination once any event there came before it.
        has_crossed_border = has_crossed_border or code in DESTINATION_CODES
        country = scan_country(code, has_crossed_border, route)
        scans.append(parse_event(event, country, route, language, received_at))
    day = None if entry.get("isFinal") is True else local_date_of(entry.get("estimDate"))
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("laposte", "La Poste", number, "FR"),),
        scans=tuple(scans),
        origin=route.origin,
        destination=route.destination,
        carrier_estimate=estimate_on(day),
        details=parse_details(entry, route),
    )


def parse_details(entry: Mapping[str, Any], route: Route) -> DeliveryDetails:
    """Parse the pick-up point's name, and the hours of an estimate in France."""
    is_in_france = route.destination == "FR" and entry.get("isFinal") is not True
    return DeliveryDetails(
        pickup_point=point_from(value_at(entry, "contextData", "removalPoint", "name")),
        window=window_from(entry.get("estimHourMin"), entry.get("estimHourMax")) if is_in_france else None,
    )


def scan_country(code: str, has_crossed_border: bool, route: Route) -> str | None:
    """Return the country in which an event was made, by its code and whether the parcel has crossed the border."""
    if route.origin == route.destination or code in ORIGIN_CODES:
        return route.origin
    return route.destination if has_crossed_border else None


def parse_event(
    event: Mapping[str, Any],
    country: str | None,
    route: Route,
    language: str | None,
    received_at: datetime,
) -> ParsedScan:
    """Parse one event."""
    code, text = clean_text(event.get("code")), clean_text(event.get("label"))
    event_time = timestamps.parse_timestamp(clean_text(event.get("date")), country=country, received_at=received_at)
    scan = CODE_TABLE.scan_for(code, border_side_of(country, *route), text)
    return ParsedScan(0, scan, event_time, ParsedPlace(country=country), code, text, language)
