"""A carrier without code: any JSON API that asks for one number a call, as an operator describes it in a `Recipe`.

Facts come from the operator and from no documentation of ours: an answer pasted on the desk shows how it is read before
a single parcel is asked about. A path that leads nowhere is an error, never an empty answer; a code that the table does
not have stays `unmapped`; words can take a delivery back and never make one.

Not possible: tokens that must be fetched first, signed requests, several numbers a call, numbers to be registered,
webhooks, and codes that mean something else on each side of the border. Those need an adapter of their own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers.adapter import Adapter, Credential, Line, Refused, basic
from tracking.carriers.configurable.config import BASIC, BRACES, KEY, NUMBER, SECRET, BadRecipe, Order, Recipe
from tracking.carriers.configurable.json_paths import Path
from tracking.carriers.countries import country_of
from tracking.carriers.json_access import UnreadableAnswer, kind, load_any
from tracking.carriers.parsed import NO_NEWS_YET, Place, Reading, Refusal, ToldLeg, ToldParcel, ToldScan
from tracking.carriers.text_rules import second_opinion
from tracking.vocabulary import AskKind, Scan

SLUG: Final = "generic"
FORWARDED: Final = frozenset(AskKind) - {AskKind.PAPERS, AskKind.NOT_RECEIVED}
"""Papers stay with the shop, and so does the word that a parcel is missing: a claim is the sender's to make."""


class GenericJson(Adapter):
    """A carrier by its recipe. `carrier` and `title` are the slug and the name of its row."""

    slug = SLUG
    name = "JSON API"
    base_url = ""

    def __init__(self, recipe: Recipe, carrier: str, title: str) -> None:
        self.recipe, self.carrier, self.title = recipe, carrier, title
        self.version = f"{SLUG} {hashlib.sha256(repr(recipe).encode()).hexdigest()[:12]}"
        self.forwards = FORWARDED if recipe.answers_path else frozenset()
        self.credentials = (
            Credential("key", "API key", recipe.needs(KEY, BASIC)),
            Credential("secret", "API secret", recipe.needs(SECRET, BASIC)),
        )

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        recipe = self.recipe
        if recipe.missing and not body.strip():
            return Reading((), (Refusal("", NO_NEWS_YET, "an empty answer"),))
        answer = load_any(body)
        if found := next((told for told in recipe.missing.leaves(answer) if told in recipe.missing_values), ""):
            return Reading((), (Refusal("", NO_NEWS_YET, found[:200]),))
        number = recipe.number.text(answer)
        events = [read_event(recipe, event, heard_at) for event in events_of(answer, recipe.events)]
        return Reading((ToldParcel(number, (ToldLeg(self.carrier, self.title, number),), in_order(events, recipe)),))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        recipe, filled = self.recipe, fillings(line.credentials, numbers[0])
        return await line.send(
            recipe.method.value,
            recipe.path.replace(NUMBER, quote(numbers[0], safe="")),
            headers=self.headers(filled),
            json=fill(recipe.body, filled),
            good=(404,) if recipe.missing else (),
        )

    def headers(self, filled: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of a call, with the credentials in their places."""
        own = {name: sendable(fill(value, filled)) for name, value in self.recipe.headers}
        return {"Accept": "application/json"} | own

    async def forward(self, line: Line, number: str, ask: AskKind, values: Mapping[str, str]) -> str:
        told = await line.send(
            "POST",
            self.recipe.answers_path.replace(NUMBER, quote(number, safe="")),
            headers=self.headers(fillings(line.credentials, number)),
            json={"number": number, "ask": ask.value, "values": dict(values)},
        )
        return reference_in(told)

    async def probe(self, line: Line) -> str:
        body = await self.fetch(line, [self.recipe.test_number])
        reading = self.parse(body, heard_at=datetime.now(UTC))
        if reading.refusals:
            return "connected; the test number is not known"
        return f"connected; {sum(len(parcel.scans) for parcel in reading.parcels)} events of the test number"


class Unfinished(Adapter):
    """A carrier whose recipe is not complete: it is not asked, and what it told earlier waits unread."""

    slug = SLUG
    name = GenericJson.name
    base_url = ""
    version = f"{SLUG} unfinished"
    credentials = (Credential("key", "API key", required=False), Credential("secret", "API secret", required=False))

    def __init__(self, wrong: str) -> None:
        self.words = f"its recipe is not finished: {wrong}"

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        raise UnreadableAnswer(self.words)

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        raise Refused(self.words)

    async def probe(self, line: Line) -> str:
        raise Refused(self.words)


@lru_cache(maxsize=256)
def adapter_for(recipe: str, carrier: str, title: str) -> GenericJson | Unfinished:
    """Return the adapter of a recipe that is written as JSON; the same for the same recipe of the same carrier."""
    try:
        return GenericJson(Recipe.read(json.loads(recipe)), carrier, title)
    except BadRecipe as trouble:
        return Unfinished(", ".join(trouble.faults))


def reference_in(told: bytes) -> str:
    """Return the `reference` of an answer in JSON, as short as it should be; '' where there is none."""
    try:
        found = json.loads(told)
    except (ValueError, RecursionError):
        return ""
    return str(found.get("reference") or "")[:100] if isinstance(found, dict) else ""


def events_of(answer: Any, path: Path) -> list[Any]:
    """Return the events of an answer in its order, from one list or from several. Null is an empty list."""
    found: list[Any] = []
    for part in path.follow(answer):
        found += part if isinstance(part, list) else [part] if part is not None else []
    for event in found:
        if not isinstance(event, dict):
            raise UnreadableAnswer(f"an event at {path} is {kind(event)} where an object was expected")
    return found


def read_event(recipe: Recipe, event: Any, heard_at: datetime) -> ToldScan:
    """Read one event; what its paths do not lead to is not told."""
    city, region = recipe.city.text(event), recipe.region.text(event)
    country = country_of(recipe.country.text(event)) or recipe.home_country or None
    place = Place(recipe.place.text(event, ", ") or city, country, region or None, city or None)
    code, words = recipe.code.text(event, "."), recipe.words.text(event)
    when = recipe.timing.read(recipe.time.text(event), recipe.zone.text(event), country, region or None, heard_at)
    scan = recipe.codes.get(code)
    return ToldScan(0, second_opinion(scan, words) if scan else Scan.UNMAPPED, when, place, code, words)


def in_order(scans: Sequence[ToldScan], recipe: Recipe) -> tuple[ToldScan, ...]:
    """Return scans oldest first."""
    turned = recipe.order is Order.NEWEST or (recipe.order is Order.AUTO and falls(scans))
    return tuple(reversed(scans)) if turned else tuple(scans)


def falls(scans: Sequence[ToldScan]) -> bool:
    """Tell whether more scans are followed by an earlier one than by a later one, by instants or by told clocks."""
    steps = [step(one, other) for one, other in pairwise(scans)]
    return sum(steps) < 0


def step(one: ToldScan, other: ToldScan) -> int:
    """Return 1 where `other` is later, -1 where it is earlier, and 0 where that is not known."""
    if one.when.at and other.when.at:
        return (other.when.at > one.when.at) - (other.when.at < one.when.at)
    if one.when.local and other.when.local:
        return (other.when.local > one.when.local) - (other.when.local < one.when.local)
    return 0


def fillings(credentials: Mapping[str, str], number: str) -> dict[str, str]:
    """Return what stands in for each placeholder."""
    key, secret = credentials.get("key", ""), credentials.get("secret", "")
    return {NUMBER: number, KEY: key, SECRET: secret, BASIC: basic(key, secret)}


def fill(template: Any, filled: Mapping[str, str]) -> Any:
    """Return a template with its placeholders filled, in all its texts."""
    if isinstance(template, dict):
        return {key: fill(value, filled) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, filled) for value in template]
    return BRACES.sub(lambda sign: filled.get(sign[0], sign[0]), template) if isinstance(template, str) else template


def sendable(value: str) -> str:
    """Return a header's value; raise `Refused` for one that would break the request."""
    if not value.isprintable():
        raise Refused("a header would hold a sign that none may hold: look at the API key")
    return value
