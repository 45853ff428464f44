"""Australia Post, Shipping and Tracking API: ten numbers a call, HTTP Basic and the account's number.

Source: Australia Post's developer portal and its example answers. Events hold a text, a time and a place, no code: a
listed text is the code. Every time carries Melbourne's offset, wherever the scan was made: the instant is right, the
local clock is right in Melbourne's zone only, so the offset counts as inferred elsewhere.
A text alone makes no delivery: the article's own status must say so too.
Not settled by public material: the full list of texts (unlisted ones are read by rules or stay unmapped), and the
route's countries (only an S10 number names its origin).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import parsed, timestamps
from tracking.carriers.adapter import Adapter, Credential, Line, basic
from tracking.carriers.json_access import RefusedAnswer, first, listing, load_json, mapping, required_text, text
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.parsed import Place, Reading, Refusal, ToldLeg, ToldParcel, ToldScan
from tracking.vocabulary import DELIVERED_SCANS, Scan

TABLE: Final = Table.load("auspost")
OTHER: Final = "other"
STATE: Final = re.compile(r"^(?P<city>.+?) (?P<state>NSW|VIC|QLD|SA|WA|TAS|NT|ACT)$")
ABROAD: Final = re.compile(r"\((?P<end>[A-Z]{2})\)$|^(?P<start>[A-Z]{2})-|^(?P<alone>(?!SA|WA|NT)[A-Z]{2})$")
MELBOURNES_CLOCK: Final = ("ACT", "NSW", "TAS", "VIC")
S10: Final = re.compile(r"^[A-Z]{2}\d{9}([A-Z]{2})$")
REASONS: Final[Mapping[str, str]] = {"ESB-10001": parsed.INVALID_NUMBER, "ESB-10002": parsed.NO_NEWS_YET}


class AusPost(Adapter):
    slug = "auspost"
    name = "Australia Post"
    version = TABLE.version
    base_url = "https://digitalapi.auspost.com.au"
    homepage = "https://developers.auspost.com.au"
    credentials = (
        Credential("key", "API key"),
        Credential("password", "Password"),
        Credential("account", "Account number"),
    )
    batch_size = 10
    calls_per_second = 0.15

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if error := first(answer.get("errors"), "errors"):
            words = text(error.get("message")) or text(error.get("name")) or "no reason given"
            raise RefusedAnswer(f"Australia Post refused the call ({text(error.get('code'))}): {words}")
        results = listing(answer.get("tracking_results"), "tracking_results")
        return Reading.of(found for item in results for found in read_result(mapping(item, "a result"), heard_at))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await ask(line, numbers)

    async def probe(self, line: Line) -> str:
        load_json(await ask(line, ["XX000000005AU"]))
        return "connected"


async def ask(line: Line, numbers: Sequence[str]) -> bytes:
    """Ask for up to ten numbers."""
    secrets = line.credentials
    headers = {
        "Authorization": basic(secrets.get("key", ""), secrets.get("password", "")),
        "Account-Number": secrets.get("account", ""),
    }
    return await line.send("GET", "/shipping/v1/track", headers=headers, params={"tracking_ids": ",".join(numbers)})


def read_result(result: Mapping[str, Any], heard_at: datetime) -> Iterator[ToldParcel | Refusal]:
    """Yield what is told under one number: a refusal, its one article, or each article of a consignment."""
    number = required_text(result.get("tracking_id"), "tracking_id")
    if error := first(result.get("errors"), "errors"):
        yield Refusal(number, REASONS.get(text(error.get("code")), parsed.OTHER), text(error.get("name")))
    articles = list(articles_in(result))
    for article in articles:
        own = text(article.get("article_id")) if len(articles) > 1 else ""
        yield read_article(article, own or number, text(article.get("status") or result.get("status")), heard_at)


def articles_in(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the articles of a result, also those inside a consignment."""
    for value in listing(result.get("trackable_items"), "trackable_items"):
        item = mapping(value, "a trackable item")
        inside = listing(item.get("items"), "items")
        yield from (mapping(article, "an article") for article in inside or [item])


def read_article(article: Mapping[str, Any], number: str, status: str, heard_at: datetime) -> ToldParcel:
    """Read one article. Events come newest first."""
    issuer = S10.match(number)
    origin = issuer.group(1) if issuer else None
    events = listing(article.get("events"), "events")
    return ToldParcel(
        number=number,
        legs=(ToldLeg("auspost", "Australia Post", number, "AU"),),
        scans=tuple(read_event(item, origin, status, heard_at) for item in reversed(events)),
        origin=origin,
    )


def read_event(item: Any, origin: str | None, status: str, heard_at: datetime) -> ToldScan:
    """Read one event; a delivery that the article's status does not know is none."""
    event = mapping(item, "an event")
    place, words = read_place(text(event.get("location"))), text(event.get("description"))
    listed = (words.casefold(), "else") in TABLE.codes
    scan = TABLE.read(words.casefold() if listed else OTHER, side_of(place.country, origin, None), words)
    if scan in DELIVERED_SCANS and not status.casefold().startswith("delivered"):
        scan = Scan.UNMAPPED
    inferred = place.region not in MELBOURNES_CLOCK
    when = timestamps.read(
        text(event.get("date")), country=place.country, region=place.region, heard_at=heard_at, inferred=inferred
    )
    return ToldScan(0, scan, when, place, words, words, "en")


def read_place(told_as: str) -> Place:
    """Read a place: a suburb with its state, or a country's code before, behind or alone."""
    if found := STATE.match(told_as):
        return Place(told_as, "AU", found["state"], found["city"])
    abroad = ABROAD.search(told_as)
    return Place(told_as, next(filter(None, abroad.groups()), None) if abroad else None)
