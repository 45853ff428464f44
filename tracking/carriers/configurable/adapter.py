"""The adapter of a JSON API that answers for one number per request, as an operator describes it in `AdapterConfig`.

An operator tests the configuration on a pasted answer in the admin before any number is fetched. A path that leads
nowhere is an error, never an empty answer; a code that the table does not have stays `unmapped`; the text can
contradict a delivery but never makes one.

Not supported: tokens that must be fetched first, signed requests, several numbers per request, registration, webhooks,
and codes whose meaning depends on the side of the border. Those need an adapter in `adapters/`.
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
from tracking.carriers.parsed import (
    NO_EVENTS_YET,
    ParsedAnswer,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    RejectedNumber,
)
from tracking.carriers.parsing.countries import country_of
from tracking.carriers.parsing.json_access import UnreadableAnswerError, json_type_name, load_json_value
from tracking.carriers.parsing.place_names import country_or_told
from tracking.carriers.text_rules import correct_scan_by_text
from tracking.vocabulary import BUYER_REQUEST_KINDS, BuyerTaskKind, Scan

SLUG: Final = "generic"
FORWARDED_TASK_KINDS: Final = (
    frozenset(BuyerTaskKind)
    - {BuyerTaskKind.PAPERS, BuyerTaskKind.NOT_RECEIVED}
    - (BUYER_REQUEST_KINDS - {BuyerTaskKind.KEEP_LONGER})
)
"""All but documents, which stay with the shop, missing parcels, for which only the sender can file a claim, and what
a buyer requests of the shop.
"""


class ConfigurableAdapter(Adapter):
    """The adapter of one `Carrier` row. `carrier_slug` and `carrier_name` are those of the row."""

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
        config = self.config
        if config.not_found and not body.strip():
            return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, "an empty answer"),))
        answer = load_json_value(body)
        if reason := find_not_found_value(answer, config):
            return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, reason[:200]),))
        number = config.number.joined_text(answer)
        scans = [parse_event(config, event, received_at) for event in extract_events(answer, config.events)]
        leg = ParsedLeg(self.carrier_slug, self.carrier_name, number)
        return ParsedAnswer((ParsedShipment(number, (leg,), order_oldest_first(scans, config)),))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        config, replacements = self.config, placeholder_values(client.credentials, numbers[0])
        return await client.send(
            config.method.value,
            config.path.replace(NUMBER_PLACEHOLDER, quote(numbers[0], safe="")),
            headers=self.build_headers(replacements),
            json=fill_placeholders(config.body, replacements),
            accepted_statuses=(404,) if config.not_found else (),
        )

    def build_headers(self, replacements: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of a request, with placeholders filled."""
        configured = {
            name: validate_header_value(fill_placeholders(value, replacements)) for name, value in self.config.headers
        }
        return {"Accept": "application/json"} | configured

    async def forward_answer(
        self, client: CarrierClient, number: str, task_kind: BuyerTaskKind, values: Mapping[str, str]
    ) -> str:
        body = await client.send(
            "POST",
            self.config.answers_path.replace(NUMBER_PLACEHOLDER, quote(number, safe="")),
            headers=self.build_headers(placeholder_values(client.credentials, number)),
            json={"number": number, "ask": task_kind.value, "values": dict(values)},
        )
        return parse_reference(body)

    async def probe(self, client: CarrierClient) -> str:
        body = await self.fetch(client, [self.config.test_number])
        answer = self.parse(body, received_at=datetime.now(UTC))
        if answer.rejected_numbers:
            return "connected; the test number is not known"
        return f"connected; {sum(len(shipment.scans) for shipment in answer.shipments)} events of the test number"


class IncompleteAdapter(Adapter):
    """The adapter of a carrier whose configuration is incomplete: every call raises; stored answers wait unparsed."""

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
    """Return the adapter of a configuration in JSON, cached; `IncompleteAdapter` for one with errors."""
    try:
        return ConfigurableAdapter(AdapterConfig.parse(json.loads(config_json)), carrier_slug, carrier_name)
    except InvalidConfigError as error:
        return IncompleteAdapter(", ".join(error.errors))


def find_not_found_value(answer: Any, config: AdapterConfig) -> str:
    """Return the value in an answer that means "number not found", or ''."""
    texts = config.not_found.leaf_texts(answer)
    return next((text for text in texts if text in config.not_found_values), "")


def parse_reference(body: bytes) -> str:
    """Return the `reference` of a JSON answer, at most 100 characters; '' without one or if it is not JSON."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(answer.get("reference") or "")[:100] if isinstance(answer, dict) else ""


def extract_events(answer: Any, path: JsonPath) -> list[Any]:
    """Return the events at a path in the answer's order, from one list or several. Null is an empty list.

    Raise `UnreadableAnswerError` for a path that leads nowhere and for an event that is not an object.
    """
    events: list[Any] = []
    for part in path.find_required(answer):
        events += part if isinstance(part, list) else [part] if part is not None else []
    for event in events:
        if not isinstance(event, dict):
            raise UnreadableAnswerError(f"an event at {path} is {json_type_name(event)} where an object was expected")
    return events


def parse_event(config: AdapterConfig, event: Any, received_at: datetime) -> ParsedScan:
    """Parse one event; a path that leads nowhere gives an empty value."""
    city, region = config.city.joined_text(event), config.region.joined_text(event)
    location = config.place.joined_text(event, ", ") or city
    country = country_or_told(country_of(config.country.joined_text(event)), location) or config.home_country or None
    place = ParsedPlace(location, country, region or None, city or None)
    code, text = config.code.joined_text(event, "."), config.text.joined_text(event)
    time = config.timestamp_format.parse(
        config.time.joined_text(event), config.zone.joined_text(event), country, region or None, received_at
    )
    scan = config.codes.get(code)
    return ParsedScan(0, correct_scan_by_text(scan, text) if scan else Scan.UNMAPPED, time, place, code, text)


def order_oldest_first(scans: Sequence[ParsedScan], config: AdapterConfig) -> tuple[ParsedScan, ...]:
    """Return scans oldest first, as the configuration or their times say."""
    is_reversed = config.order is EventOrder.NEWEST or (config.order is EventOrder.AUTO and is_newest_first(scans))
    return tuple(reversed(scans)) if is_reversed else tuple(scans)


def is_newest_first(scans: Sequence[ParsedScan]) -> bool:
    """Return whether more scans are followed by an earlier one than by a later one."""
    return sum(compare_times(current, following) for current, following in pairwise(scans)) < 0


def compare_times(earlier_in_list: ParsedScan, later_in_list: ParsedScan) -> int:
    """Return 1 if the second scan is later, -1 if it is earlier, 0 if equal or unknown.

    Instants are compared if both have one, else local times.
    """
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
    """Return the value of each placeholder."""
    key, secret = credentials.get("key", ""), credentials.get("secret", "")
    return {
        NUMBER_PLACEHOLDER: number,
        KEY_PLACEHOLDER: key,
        SECRET_PLACEHOLDER: secret,
        BASIC_PLACEHOLDER: basic_auth_header(key, secret),
    }


def fill_placeholders(template: Any, replacements: Mapping[str, str]) -> Any:
    """Return a template with the placeholders in all its texts filled."""
    if isinstance(template, dict):
        return {key: fill_placeholders(value, replacements) for key, value in template.items()}
    if isinstance(template, list):
        return [fill_placeholders(value, replacements) for value in template]
    return (
        PLACEHOLDER_PATTERN.sub(lambda match: replacements.get(match[0], match[0]), template)
        if isinstance(template, str)
        else template
    )


def validate_header_value(value: str) -> str:
    """Return a header's value; raise `RequestRejectedError` for one that would break the request."""
    if not value.isprintable():
        raise RequestRejectedError("a header would hold a sign that none may hold: look at the API key")
    return value
