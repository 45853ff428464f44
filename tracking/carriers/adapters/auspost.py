"""Australia Post, Shipping and Tracking API: ten numbers a call, HTTP Basic and the account's number.

Source: Australia Post's developer portal and its example answers. Events hold a text, a time and a place but no code,
so a listed text serves as the code. Every time carries Melbourne's offset, wherever the scan was made: the instant is
right, the local time only in Melbourne's zone, so elsewhere the offset counts as inferred. A text alone never means
delivery: the article's own status must confirm it. For StarTrack freight the delivery stands among the events of the
`consignment`, which are read where it is one article.

Unconfirmed: the full list of texts (those not listed are read by the text rules or stay unmapped), and the countries of
the route (only an S10 number names its origin).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import parsed
from tracking.carriers.adapter import Adapter, CarrierClient, Credential, basic_auth_header
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedPlace, ParsedScan, ParsedShipment, RejectedNumber
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    first_object,
    load_json_object,
    require_text,
)
from tracking.carriers.parsing.place_names import country_or_told
from tracking.vocabulary import DELIVERED_SCANS, Scan

CODE_TABLE: Final = CodeTable.load("auspost")
UNLISTED_CODE: Final = "other"
"""The entry of the code table whose text rules read every text that is not listed."""
CITY_AND_STATE: Final = re.compile(r"^(?P<city>.+?) (?P<state>NSW|VIC|QLD|SA|WA|TAS|NT|ACT)$")
FOREIGN_COUNTRY: Final = re.compile(r"\((?P<end>[A-Z]{2})\)$|^(?P<start>[A-Z]{2})-|^(?P<alone>(?!SA|WA|NT)[A-Z]{2})$")
MELBOURNE_TIME_STATES: Final = ("ACT", "NSW", "TAS", "VIC")
S10_NUMBER: Final = re.compile(r"^[A-Z]{2}\d{9}([A-Z]{2})$")
REJECTION_REASONS: Final[Mapping[str, str]] = {"ESB-10001": parsed.INVALID_NUMBER, "ESB-10002": parsed.NO_EVENTS_YET}


class AusPost(Adapter):
    slug = "auspost"
    name = "Australia Post"
    version = CODE_TABLE.version
    base_url = "https://digitalapi.auspost.com.au"
    homepage = "https://developers.auspost.com.au"
    credentials = (
        Credential("key", "API key"),
        Credential("password", "Password"),
        Credential("account", "Account number"),
    )
    batch_size = 10
    calls_per_second = 0.15

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if error := first_object(answer.get("errors"), "errors"):
            text = clean_text(error.get("message")) or clean_text(error.get("name")) or "no reason given"
            raise RejectionAnswerError(f"Australia Post refused the call ({clean_text(error.get('code'))}): {text}")
        results = expect_list(answer.get("tracking_results"), "tracking_results")
        return ParsedAnswer.from_items(
            parsed_item
            for item in results
            for parsed_item in parse_result(expect_object(item, "a result"), received_at)
        )

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers)

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await fetch_tracking(client, ["XX000000005AU"]))
        return "connected"


async def fetch_tracking(client: CarrierClient, numbers: Sequence[str]) -> bytes:
    """Fetch up to ten numbers."""
    credentials = client.credentials
    headers = {
        "Authorization": basic_auth_header(credentials.get("key", ""), credentials.get("password", "")),
        "Account-Number": credentials.get("account", ""),
    }
    return await client.send("GET", "/shipping/v1/track", headers=headers, params={"tracking_ids": ",".join(numbers)})


def parse_result(result: Mapping[str, Any], received_at: datetime) -> Iterator[ParsedShipment | RejectedNumber]:
    """Yield what one result holds: a rejected number, its one article, or each article of a consignment."""
    number = require_text(result.get("tracking_id"), "tracking_id")
    if error := first_object(result.get("errors"), "errors"):
        yield RejectedNumber(
            number,
            REJECTION_REASONS.get(clean_text(error.get("code")), parsed.OTHER_REASON),
            clean_text(error.get("name")),
        )
    articles = list(articles_of(result))
    for article in articles:
        article_number = clean_text(article.get("article_id")) if len(articles) > 1 else ""
        own = expect_list(article.get("events"), "events")
        events = own if len(articles) > 1 else merge_events(own, events_of_consignment(result))
        status = clean_text(article.get("status") or result.get("status"))
        yield parse_shipment(events, article_number or number, status, received_at)


def articles_of(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the articles of a result, including those inside a consignment."""
    for value in expect_list(result.get("trackable_items"), "trackable_items"):
        item = expect_object(value, "a trackable item")
        inner_items = expect_list(item.get("items"), "items")
        yield from (expect_object(article, "an article") for article in inner_items or [item])


def events_of_consignment(result: Mapping[str, Any]) -> list[Any]:
    """Return the events that a result holds beside its articles, newest first."""
    return expect_list(expect_object(result.get("consignment"), "consignment").get("events"), "events")


def merge_events(own: list[Any], shared: list[Any]) -> list[Any]:
    """Return an article's events with those of its consignment that say something else, newest first."""
    texts = {text_of(event) for event in own}
    others = [event for event in shared if text_of(event) not in texts]
    return sorted([*own, *others], key=date_of, reverse=True) if others else own


def text_of(event: Any) -> str:
    """Return an event's text in lower case."""
    return clean_text(expect_object(event, "an event").get("description")).casefold()


def date_of(event: Any) -> str:
    """Return an event's time as written."""
    return clean_text(expect_object(event, "an event").get("date"))


def parse_shipment(events: Sequence[Any], number: str, status: str, received_at: datetime) -> ParsedShipment:
    """Parse one article. Events come newest first and leave oldest first."""
    s10_match = S10_NUMBER.match(number)
    origin = s10_match.group(1) if s10_match else None
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("auspost", "Australia Post", number, "AU"),),
        scans=tuple(parse_event(item, origin, status, received_at) for item in reversed(events)),
        origin=origin,
    )


def parse_event(item: Any, origin: str | None, status: str, received_at: datetime) -> ParsedScan:
    """Parse one event. A delivery counts only where the article's `status` confirms it."""
    event = expect_object(item, "an event")
    place, text = parse_place(clean_text(event.get("location"))), clean_text(event.get("description"))
    is_listed = (text.casefold(), "else") in CODE_TABLE.codes
    scan = CODE_TABLE.scan_for(
        text.casefold() if is_listed else UNLISTED_CODE, border_side_of(place.country, origin, None), text
    )
    is_confirmed = status.casefold().startswith(("delivered", "item delivered"))
    if scan in DELIVERED_SCANS and not is_confirmed:
        scan = Scan.UNMAPPED
    is_offset_inferred = place.region not in MELBOURNE_TIME_STATES
    event_time = timestamps.parse_timestamp(
        clean_text(event.get("date")),
        country=place.country,
        region=place.region,
        received_at=received_at,
        is_offset_inferred=is_offset_inferred,
    )
    return ParsedScan(0, scan, event_time, place, text, text, "en", is_confirmed)


def parse_place(raw_place: str) -> ParsedPlace:
    """Parse a suburb with its state, or a place with a country code before it, behind it or alone."""
    if city_match := CITY_AND_STATE.match(raw_place):
        return ParsedPlace(raw_place, "AU", city_match["state"], city_match["city"])
    foreign_match = FOREIGN_COUNTRY.search(raw_place)
    code = next(filter(None, foreign_match.groups()), None) if foreign_match else None
    return ParsedPlace(raw_place, country_or_told(code, raw_place))
