"""What an operator enters to connect a carrier that has a JSON API: how it is asked, and how its answers are read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

import pytz
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.carriers.configurable.json_paths import JoinedPaths, JsonPath
from tracking.carriers.configurable.timestamps import ClockSource, TimestampFormat, validate_time_format
from tracking.carriers.countries import country_of
from tracking.vocabulary import Scan

NUMBER_PLACEHOLDER: Final = "{number}"
KEY_PLACEHOLDER: Final = "{key}"
SECRET_PLACEHOLDER: Final = "{secret}"  # noqa: S105
BASIC_PLACEHOLDER: Final = "{basic}"
PLACEHOLDERS: Final = (NUMBER_PLACEHOLDER, KEY_PLACEHOLDER, SECRET_PLACEHOLDER, BASIC_PLACEHOLDER)
PLACEHOLDER_PATTERN: Final = re.compile(r"\{\w*\}")
HEADER_NAME_PATTERN: Final = re.compile(r"[!#$%&'*+.^`|~\w-]+", re.ASCII)
MAX_SUGGESTIONS: Final = 3


class EventOrder(TextChoices):
    """How a carrier's list of events runs."""

    AUTO = "auto", gettext_lazy("as their times say")
    NEWEST = "newest", gettext_lazy("newest first")
    OLDEST = "oldest", gettext_lazy("oldest first")


class HttpMethod(TextChoices):
    """How a question is sent."""

    GET = "GET", "GET"
    POST = "POST", "POST"


class InvalidConfigError(Exception):
    """A recipe that cannot be used. `faults` say by field what is wrong, in the operator's language."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


class AdapterConfig(NamedTuple):
    """A carrier's API, described. Paths of an event start at the event; '' and an empty path mean: not told."""

    method: HttpMethod
    path: str
    headers: tuple[tuple[str, str], ...]
    body: Any
    test_number: str
    events: JsonPath
    order: EventOrder
    time: JoinedPaths
    time_format: str
    clock_source: ClockSource
    home_zone: str
    zone: JoinedPaths
    code: JoinedPaths
    text: JoinedPaths
    place: JoinedPaths
    city: JoinedPaths
    region: JoinedPaths
    country: JoinedPaths
    home_country: str
    number: JoinedPaths
    not_found: JoinedPaths
    not_found_values: tuple[str, ...]
    codes: Mapping[str, Scan]
    answers_path: str

    @classmethod
    def parse(cls, entered_fields: Mapping[str, Any]) -> AdapterConfig:
        """Read a recipe as it was entered: texts by field. Raise one `BadRecipe` that names every wrong field."""
        faults: dict[str, str] = {}
        found: dict[str, Any] = {}
        for name in cls._fields:
            entered = entered_fields.get(name, "")
            try:
                found[name] = FIELD_PARSERS[name](entered.strip() if isinstance(entered, str) else "")
            except ValueError as fault:
                faults[name] = str(fault)
        faults = {**find_conflicts(found), **faults}
        if faults:
            raise InvalidConfigError(faults)
        return cls(**found)

    @property
    def timestamp_format(self) -> TimestampFormat:
        """Return how this carrier tells times."""
        return TimestampFormat(self.clock_source, self.time_format, self.home_zone)

    def uses_any_placeholder(self, *placeholders: str) -> bool:
        """Tell whether a question holds one of the placeholders."""
        return any(sign in json.dumps([self.headers, self.body]) for sign in placeholders)


def find_conflicts(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong between the fields that are right by themselves."""
    faults = {}
    if fields.get("clock_source") is ClockSource.HOME_ZONE and not fields.get("home_zone", "-"):
        faults["home_zone"] = _("Needed for “one clock everywhere”.")
    if fields.get("body") and fields.get("method") is HttpMethod.GET:
        faults["body"] = _("Only a POST has a body.")
    if "path" in fields and "body" in fields and NUMBER_PLACEHOLDER not in fields["path"] + json.dumps(fields["body"]):
        faults["path"] = _("The number must stand somewhere: write {number} here or in the body.")
    if fields.get("not_found_values") and not fields.get("not_found", "-"):
        faults["not_found"] = _("Needed: where these values stand.")
    if fields.get("not_found") and not fields.get("not_found_values", "-"):
        faults["not_found_values"] = _("Needed: what stands there for a number that is not known.")
    return faults


def parse_url_path(entered: str) -> str:
    """Read the part of an address behind the carrier's own: `/v1/track?n={number}`."""
    if not entered.startswith("/") or re.search(r"[\s#\\]", entered):
        raise ValueError(_("It starts with / and has neither spaces nor #."))
    return check_placeholders(entered, (NUMBER_PLACEHOLDER,))


def check_placeholders(entered: str, allowed: tuple[str, ...]) -> str:
    """Return a template, or raise for a placeholder that would not be filled."""
    strange = next((found for found in PLACEHOLDER_PATTERN.findall(entered) if found not in allowed), None)
    if strange:
        words = _("%(strange)s is none of: %(known)s.")
        raise ValueError(words % {"strange": strange, "known": ", ".join(allowed)})
    return entered


def parse_headers(entered: str) -> tuple[tuple[str, str], ...]:
    """Read headers, `Name: value` one a line."""
    found = []
    for at, line in non_empty_lines(entered):
        name, colon, value = line.partition(":")
        if not colon or not HEADER_NAME_PATTERN.fullmatch(name.strip()) or not value.strip().isprintable():
            raise ValueError(_("Line %(line)d is not of the form Name: value.") % {"line": at})
        found.append((name.strip(), check_placeholders(value.strip(), PLACEHOLDERS)))
    return tuple(found)


def parse_body_template(entered: str) -> Any:
    """Read a body: JSON, in whose texts placeholders may stand."""
    try:
        body = json.loads(entered) if entered else None
    except (ValueError, RecursionError) as trouble:
        raise ValueError(_("This is not JSON: %(why)s. Placeholders stand in quotes.") % {"why": trouble}) from trouble
    check_placeholders(entered.replace("{}", ""), PLACEHOLDERS)
    return body


def require_value(entered: str) -> str:
    """Return what must be there, or raise."""
    if not entered:
        raise ValueError(_("Needed."))
    return entered


def parse_joined_paths(entered: str) -> JoinedPaths:
    """Read one path, or several with a plus between them."""
    try:
        return JoinedPaths.parse(entered)
    except ValueError as fault:
        raise ValueError(path_error_message(fault)) from fault


def parse_events_path(entered: str) -> JsonPath:
    """Read the one path that leads to the list."""
    try:
        return JsonPath.parse(entered)
    except ValueError as fault:
        raise ValueError(path_error_message(fault)) from fault


def path_error_message(error: ValueError) -> str:
    """Say where a path goes wrong."""
    return _("Not a path from here on: %(rest)s. A path looks like data.items[0].events.") % {"rest": error}


def parse_time_format(entered: str) -> str:
    """Read how times are written, as a pattern of `strptime`; '' for ISO 8601."""
    try:
        return validate_time_format(entered) if entered else ""
    except ValueError as fault:
        words = _("A time cannot be read with this. It needs day, month and year, like %(example)s.")
        raise ValueError(words % {"example": "%d.%m.%Y %H:%M"}) from fault


def parse_zone_name(entered: str) -> str:
    """Read the name of a zone."""
    if entered and entered not in pytz.all_timezones_set:
        near = get_close_matches(entered, pytz.all_timezones, MAX_SUGGESTIONS, 0.5)
        raise ValueError(_("No zone has this name.") + suggestion_text(near))
    return entered


def parse_country(entered: str) -> str:
    """Read a country by its letters or its English name."""
    found = country_of(entered)
    if entered and not (found and found in pytz.country_names):
        raise ValueError(_("No country is called so. Two letters do, like DE."))
    return found or ""


def parse_code_lines(entered: str) -> dict[str, Scan]:
    """Read a table of codes, `CODE = scan` one a line."""
    found: dict[str, Scan] = {}
    for at, line in non_empty_lines(entered):
        code, sign, name = (part.strip() for part in line.rpartition("="))
        if not sign or not code or not name:
            raise ValueError(_("Line %(line)d is not of the form CODE = scan.") % {"line": at})
        scan = scan_by_name(name, at)
        if found.get(code, scan) is not scan:
            raise ValueError(_("Line %(line)d gives the code %(code)s a second meaning.") % {"line": at, "code": code})
        found[code] = scan
    return found


def scan_by_name(name: str, line_number: int) -> Scan:
    """Return the scan of a name; raise with the line and the nearest names."""
    if name in Scan.values and name != Scan.UNMAPPED:
        return Scan(name)
    known = [scan.value for scan in Scan if scan is not Scan.UNMAPPED]
    holding = [value for value in known if name.casefold().replace(" ", "_") in value]
    near = (holding or get_close_matches(name.casefold(), known, MAX_SUGGESTIONS, 0.4))[:MAX_SUGGESTIONS]
    raise ValueError(
        _("Line %(line)d: no scan is called %(name)s.") % {"line": line_number, "name": name} + suggestion_text(near)
    )


def suggestion_text(suggestions: list[str]) -> str:
    """Name what may have been meant."""
    return " " + _("Nearest: %(names)s.") % {"names": ", ".join(suggestions)} if suggestions else ""


def non_empty_lines(entered: str) -> list[tuple[int, str]]:
    """Return the lines that hold something, each with its number as an editor counts."""
    return [(at, line.strip()) for at, line in enumerate(entered.splitlines(), 1) if line.strip()]


def choice_parser(choices: type[TextChoices]) -> Callable[[str], TextChoices]:
    """Return a reader of a choice; nothing chosen is the first."""

    def read(entered: str) -> TextChoices:
        if entered and entered not in choices.values:
            raise ValueError(_("Choose one of these."))
        return choices(entered) if entered else next(iter(choices))

    return read


FIELD_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    **dict.fromkeys(
        ("code", "text", "place", "city", "region", "country", "number", "not_found", "zone"), parse_joined_paths
    ),
    "method": choice_parser(HttpMethod),
    "path": parse_url_path,
    "headers": parse_headers,
    "body": parse_body_template,
    "test_number": require_value,
    "events": lambda entered: parse_events_path(require_value(entered)),
    "order": choice_parser(EventOrder),
    "time": lambda entered: parse_joined_paths(require_value(entered)),
    "time_format": parse_time_format,
    "clock_source": choice_parser(ClockSource),
    "home_zone": parse_zone_name,
    "home_country": parse_country,
    "not_found_values": lambda entered: tuple(line for _at, line in non_empty_lines(entered)),
    "codes": parse_code_lines,
    "answers_path": lambda entered: parse_url_path(entered) if entered else "",
}
