"""The reading of a pasted answer: tried out before its recipe is saved, and shown whenever the page is opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext

from tracking.admin.events import format_utc_offset
from tracking.carriers.configurable import adapter
from tracking.carriers.configurable.config import AdapterConfig, InvalidConfigError
from tracking.carriers.configurable.json_paths import PathNotFoundError, describe_contents
from tracking.carriers.parsed import ParsedAnswer, ParsedScan
from tracking.carriers.parsing.json_access import UnreadableAnswerError, load_json_value
from tracking.ingest.dedupe import fingerprint
from tracking.models import Carrier

SAMPLE_FIELD: Final = "sample"
"""The pasted answer among the fields of a recipe."""


def render_parsed_sample(carrier: Carrier) -> SafeString:
    """Return as HTML how a carrier's recipe reads its pasted answer, the newest first."""
    try:
        scans = scans_of_sample(AdapterConfig.parse(carrier.adapter_config), carrier.sample_answer)
        context = {"rows": [(scan, format_utc_offset(scan.time.offset_minutes)) for scan in reversed(scans)]}
    except (InvalidConfigError, UnreadableAnswerError):
        context = {}
    return render_to_string("admin/tracking/carrier/_parsed_sample.html", context)


def sample_fingerprints(config: Mapping[str, Any], sample: str) -> frozenset[str]:
    """Return by what the events of an answer are known again; nothing where they cannot be read."""
    try:
        return frozenset(map(fingerprint, scans_of_sample(AdapterConfig.parse(config), sample)))
    except (InvalidConfigError, UnreadableAnswerError):
        return frozenset()


def scans_of_sample(config: AdapterConfig, sample: str) -> list[ParsedScan]:
    """Return the scans that a recipe reads in an answer, oldest first. Raise `UnreadableAnswer`."""
    return [scan for parcel in parse_sample(config, sample).shipments for scan in parcel.scans]


def validate_sample(config: AdapterConfig, sample: str) -> None:
    """Raise `BadRecipe`, with the fault at the field that is to blame, unless a recipe reads an event and its time."""
    try:
        answer = load_json_value(sample.encode())
    except UnreadableAnswerError as trouble:
        raise InvalidConfigError({SAMPLE_FIELD: gettext("It cannot be read: %(why)s.") % {"why": trouble}}) from trouble
    scans = require_scans(config, sample)
    if not any(scan.time.occurred_at or scan.time.local_time for scan in scans):
        raise InvalidConfigError({"time": explain_missing_time(config, answer, [scan.time.raw_time for scan in scans])})


def require_scans(config: AdapterConfig, sample: str) -> list[ParsedScan]:
    """Return the scans of an answer that is JSON; none at all are a fault."""
    try:
        reading = parse_sample(config, sample)
    except PathNotFoundError as trouble:
        words = gettext("The pasted answer has no %(path)s. There it has: %(there)s.")
        raise InvalidConfigError({"events": words % {"path": trouble.path, "there": trouble.available}}) from trouble
    except UnreadableAnswerError as trouble:
        raise InvalidConfigError({"events": gettext("It cannot be read: %(why)s.") % {"why": trouble}}) from trouble
    if reading.rejected_numbers:
        raise InvalidConfigError(
            {SAMPLE_FIELD: gettext("It says that the number is not known. Paste an answer with events.")}
        )
    scans = [scan for parcel in reading.shipments for scan in parcel.scans]
    if not scans:
        raise InvalidConfigError(
            {"events": gettext("This list is empty in the pasted answer. Paste an answer with events.")}
        )
    return scans


def explain_missing_time(config: AdapterConfig, answer: Any, raw_times: list[str]) -> str:
    """Say why no event has a time: the path leads nowhere, or what lies there is not understood."""
    told = next(filter(None, raw_times), "")
    if told:
        words = gettext("“%(told)s” is not understood as a time. Look at how it is written and at whose clock.")
        return words % {"told": Truncator(told).chars(60)}
    event = adapter.extract_events(answer, config.events)[0]
    return gettext("No event has a time there. An event has: %(there)s.") % {"there": describe_contents(event)}


def parse_sample(config: AdapterConfig, sample: str) -> ParsedAnswer:
    """Return what a recipe reads in a pasted answer. Raise `UnreadableAnswer`."""
    feed = adapter.ConfigurableAdapter(config, adapter.SLUG, adapter.SLUG)
    return feed.parse(sample.encode(), received_at=datetime.now(UTC))
