"""Parse the sample answer of a configurable carrier: to validate its form, and to show the result on its page."""

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
from tracking.ingest.matching import distinct_scans, fingerprint_scans, match_scans
from tracking.models import Carrier

SAMPLE_FIELD: Final = "sample"
"""The key under which errors about the sample answer are reported, beside the keys of `AdapterConfig`."""


def render_parsed_sample(carrier: Carrier) -> SafeString:
    """Return as HTML the events that a carrier's configuration parses from its sample answer, newest first."""
    try:
        scans = scans_of_sample(AdapterConfig.parse(carrier.adapter_config), carrier.sample_answer)
        context = {"scan_rows": [(scan, format_utc_offset(scan.time.offset_minutes)) for scan in reversed(scans)]}
    except (InvalidConfigError, UnreadableAnswerError):
        context = {}
    return render_to_string("admin/tracking/carrier/_parsed_sample.html", context)


def loses_events(old_config: Mapping[str, Any], config: Mapping[str, Any], sample: str) -> bool:
    """Return whether an event in a sample answer would not be recognized as the one that it was before."""
    known = sample_fingerprints(old_config, sample)
    return len(match_scans(known, sample_fingerprints(config, sample))) < len(known)


def sample_fingerprints(config: Mapping[str, Any], sample: str) -> list[str]:
    """Return the fingerprints of the events in a sample answer, oldest first; none if it cannot be parsed."""
    try:
        return fingerprint_scans(distinct_scans(scans_of_sample(AdapterConfig.parse(config), sample)))
    except (InvalidConfigError, UnreadableAnswerError):
        return []


def scans_of_sample(config: AdapterConfig, sample: str) -> list[ParsedScan]:
    """Return the scans that `config` parses from a sample, oldest first. Raise `UnreadableAnswerError`."""
    return [scan for shipment in parse_sample(config, sample).shipments for scan in shipment.scans]


def validate_sample(config: AdapterConfig, sample: str) -> None:
    """Raise `InvalidConfigError`, with a message by field, unless `config` parses an event with a time."""
    try:
        answer = load_json_value(sample.encode())
    except UnreadableAnswerError as error:
        raise InvalidConfigError({SAMPLE_FIELD: gettext("It cannot be read: %(why)s.") % {"why": error}}) from error
    scans = require_scans(config, sample)
    if not any(scan.time.occurred_at or scan.time.local_time for scan in scans):
        raise InvalidConfigError({"time": explain_missing_time(config, answer, [scan.time.raw_time for scan in scans])})


def require_scans(config: AdapterConfig, sample: str) -> list[ParsedScan]:
    """Return the scans of a sample that is JSON. Raise `InvalidConfigError` if there are none."""
    try:
        parsed = parse_sample(config, sample)
    except PathNotFoundError as error:
        text = gettext("The pasted answer has no %(path)s. There it has: %(there)s.")
        raise InvalidConfigError({"events": text % {"path": error.path, "there": error.available}}) from error
    except UnreadableAnswerError as error:
        raise InvalidConfigError({"events": gettext("It cannot be read: %(why)s.") % {"why": error}}) from error
    if parsed.rejected_numbers:
        raise InvalidConfigError(
            {SAMPLE_FIELD: gettext("It says that the number is not known. Paste an answer with events.")}
        )
    scans = [scan for shipment in parsed.shipments for scan in shipment.scans]
    if not scans:
        raise InvalidConfigError(
            {"events": gettext("This list is empty in the pasted answer. Paste an answer with events.")}
        )
    return scans


def explain_missing_time(config: AdapterConfig, answer: Any, raw_times: list[str]) -> str:
    """Return why no event has a time: its text is not understood, or there is nothing at the path."""
    raw_time = next(filter(None, raw_times), "")
    if raw_time:
        text = gettext("“%(told)s” is not understood as a time. Look at how it is written and at whose clock.")
        return text % {"told": Truncator(raw_time).chars(60)}
    event = adapter.extract_events(answer, config.events)[0]
    return gettext("No event has a time there. An event has: %(there)s.") % {"there": describe_contents(event)}


def parse_sample(config: AdapterConfig, sample: str) -> ParsedAnswer:
    """Parse a sample answer with `config`. Raise `UnreadableAnswerError`."""
    sample_adapter = adapter.ConfigurableAdapter(config, adapter.SLUG, adapter.SLUG)
    return sample_adapter.parse(sample.encode(), received_at=datetime.now(UTC))
