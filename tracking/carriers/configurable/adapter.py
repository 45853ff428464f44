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

from tracking.carriers.adapter import Adapter, CarrierClient, Credential, RequestRejectedError, basic_auth_header
from tracking.carriers.configurable.config import (
    BASIC_PLACEHOLDER,
    KEY_PLACEHOLDER,
    NUMBER_PLACEHOLDER,
    PLACEHOLDER_PATTERN,
    SECRET_PLACEHOLDER,
    AdapterConfig,
    EventOrder,
    InvalidConfigError,
)
from tracking.carriers.configurable.json_paths import JsonPath
from tracking.carriers.countries import country_of
from tracking.carriers.json_access import UnreadableAnswerError, json_type_name, load_json_value
from tracking.carriers.parsed import (
    NO_EVENTS_YET,
    ParsedAnswer,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    RejectedNumber,
)
from tracking.carriers.text_rules import correct_scan_by_text
from tracking.vocabulary import BuyerTaskKind, Scan

SLUG: Final = "generic"
FORWARDED_TASK_KINDS: Final = frozenset(BuyerTaskKind) - {BuyerTaskKind.PAPERS, BuyerTaskKind.NOT_RECEIVED}
"""Papers stay with the shop, and so does the word that a parcel is missing: a claim is the sender's to make."""


class ConfigurableAdapter(Adapter):
    """A carrier by its recipe. `carrier` and `title` are the slug and the name of its row."""

    slug = SLUG
    name = "JSON API"
    base_url = ""

    def __init__(self, config: AdapterConfig, carrier_slug: str, carrier_name: str) -> None:
        self.config, self.carrier_slug, self.carrier_name = config, carrier_slug, carrier_name
        self.version = f"{SLUG} {hashlib.sha256(repr(config).encode()).hexdigest()[:12]}"
        self.forwarded_task_kinds = FORWARDED_TASK_KINDS if config.answers_path else frozenset()
        self.credentials = (
            Credential("key", "API key", config.uses_any_placeholder(KEY_PLACEHOLDER, BASIC_PLACEHOLDER)),
            Credential("secret", "API secret", config.uses_any_placeholder(SECRET_PLACEHOLDER, BASIC_PLACEHOLDER)),
        )

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        recipe = self.config
        if recipe.not_found and not body.strip():
            return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, "an empty answer"),))
        answer = load_json_value(body)
        if found := next((told for told in recipe.not_found.leaf_texts(answer) if told in recipe.not_found_values), ""):
            return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, found[:200]),))
        number = recipe.number.joined_text(answer)
        events = [parse_event(recipe, event, received_at) for event in extract_events(answer, recipe.events)]
        return ParsedAnswer(
            (
                ParsedShipment(
                    number,
                    (ParsedLeg(self.carrier_slug, self.carrier_name, number),),
                    order_oldest_first(events, recipe),
                ),
            )
        )

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        recipe, filled = self.config, placeholder_values(client.credentials, numbers[0])
        return await client.send(
            recipe.method.value,
            recipe.path.replace(NUMBER_PLACEHOLDER, quote(numbers[0], safe="")),
            headers=self.build_headers(filled),
            json=fill_placeholders(recipe.body, filled),
            accepted_statuses=(404,) if recipe.not_found else (),
        )

    def build_headers(self, replacements: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of a call, with the credentials in their places."""
        own = {
            name: validate_header_value(fill_placeholders(value, replacements)) for name, value in self.config.headers
        }
        return {"Accept": "application/json"} | own

    async def forward_answer(
        self, client: CarrierClient, number: str, task_kind: BuyerTaskKind, values: Mapping[str, str]
    ) -> str:
        told = await client.send(
            "POST",
            self.config.answers_path.replace(NUMBER_PLACEHOLDER, quote(number, safe="")),
            headers=self.build_headers(placeholder_values(client.credentials, number)),
            json={"number": number, "ask": task_kind.value, "values": dict(values)},
        )
        return parse_reference(told)

    async def probe(self, client: CarrierClient) -> str:
        body = await self.fetch(client, [self.config.test_number])
        reading = self.parse(body, received_at=datetime.now(UTC))
        if reading.rejected_numbers:
            return "connected; the test number is not known"
        return f"connected; {sum(len(parcel.scans) for parcel in reading.shipments)} events of the test number"


class IncompleteAdapter(Adapter):
    """A carrier whose recipe is not complete: it is not asked, and what it told earlier waits unread."""

    slug = SLUG
    name = ConfigurableAdapter.name
    base_url = ""
    version = f"{SLUG} unfinished"
    credentials = (Credential("key", "API key", required=False), Credential("secret", "API secret", required=False))

    def __init__(self, problems: str) -> None:
        self.message = f"its recipe is not finished: {problems}"

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        raise UnreadableAnswerError(self.message)

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        raise RequestRejectedError(self.message)

    async def probe(self, client: CarrierClient) -> str:
        raise RequestRejectedError(self.message)


@lru_cache(maxsize=256)
def adapter_for(config_json: str, carrier_slug: str, carrier_name: str) -> ConfigurableAdapter | IncompleteAdapter:
    """Return the adapter of a recipe that is written as JSON; the same for the same recipe of the same carrier."""
    try:
        return ConfigurableAdapter(AdapterConfig.parse(json.loads(config_json)), carrier_slug, carrier_name)
    except InvalidConfigError as trouble:
        return IncompleteAdapter(", ".join(trouble.errors))


def parse_reference(body: bytes) -> str:
    """Return the `reference` of an answer in JSON, as short as it should be; '' where there is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(found.get("reference") or "")[:100] if isinstance(found, dict) else ""


def extract_events(answer: Any, path: JsonPath) -> list[Any]:
    """Return the events of an answer in its order, from one list or from several. Null is an empty list."""
    found: list[Any] = []
    for part in path.find_required(answer):
        found += part if isinstance(part, list) else [part] if part is not None else []
    for event in found:
        if not isinstance(event, dict):
            raise UnreadableAnswerError(f"an event at {path} is {json_type_name(event)} where an object was expected")
    return found


def parse_event(config: AdapterConfig, event: Any, received_at: datetime) -> ParsedScan:
    """Read one event; what its paths do not lead to is not told."""
    city, region = config.city.joined_text(event), config.region.joined_text(event)
    country = country_of(config.country.joined_text(event)) or config.home_country or None
    place = ParsedPlace(config.place.joined_text(event, ", ") or city, country, region or None, city or None)
    code, words = config.code.joined_text(event, "."), config.text.joined_text(event)
    when = config.timestamp_format.parse(
        config.time.joined_text(event), config.zone.joined_text(event), country, region or None, received_at
    )
    scan = config.codes.get(code)
    return ParsedScan(0, correct_scan_by_text(scan, words) if scan else Scan.UNMAPPED, when, place, code, words)


def order_oldest_first(scans: Sequence[ParsedScan], config: AdapterConfig) -> tuple[ParsedScan, ...]:
    """Return scans oldest first."""
    turned = config.order is EventOrder.NEWEST or (config.order is EventOrder.AUTO and is_newest_first(scans))
    return tuple(reversed(scans)) if turned else tuple(scans)


def is_newest_first(scans: Sequence[ParsedScan]) -> bool:
    """Tell whether more scans are followed by an earlier one than by a later one, by instants or by told clocks."""
    steps = [compare_times(one, other) for one, other in pairwise(scans)]
    return sum(steps) < 0


def compare_times(earlier_in_list: ParsedScan, later_in_list: ParsedScan) -> int:
    """Return 1 where `other` is later, -1 where it is earlier, and 0 where that is not known."""
    if earlier_in_list.time.occurred_at and later_in_list.time.occurred_at:
        return (later_in_list.time.occurred_at > earlier_in_list.time.occurred_at) - (
            later_in_list.time.occurred_at < earlier_in_list.time.occurred_at
        )
    if earlier_in_list.time.local_time and later_in_list.time.local_time:
        return (later_in_list.time.local_time > earlier_in_list.time.local_time) - (
            later_in_list.time.local_time < earlier_in_list.time.local_time
        )
    return 0


def placeholder_values(credentials: Mapping[str, str], number: str) -> dict[str, str]:
    """Return what stands in for each placeholder."""
    key, secret = credentials.get("key", ""), credentials.get("secret", "")
    return {
        NUMBER_PLACEHOLDER: number,
        KEY_PLACEHOLDER: key,
        SECRET_PLACEHOLDER: secret,
        BASIC_PLACEHOLDER: basic_auth_header(key, secret),
    }


def fill_placeholders(template: Any, replacements: Mapping[str, str]) -> Any:
    """Return a template with its placeholders filled, in all its texts."""
    if isinstance(template, dict):
        return {key: fill_placeholders(value, replacements) for key, value in template.items()}
    if isinstance(template, list):
        return [fill_placeholders(value, replacements) for value in template]
    return (
        PLACEHOLDER_PATTERN.sub(lambda sign: replacements.get(sign[0], sign[0]), template)
        if isinstance(template, str)
        else template
    )


def validate_header_value(value: str) -> str:
    """Return a header's value; raise `Refused` for one that would break the request."""
    if not value.isprintable():
        raise RequestRejectedError("a header would hold a sign that none may hold: look at the API key")
    return value
