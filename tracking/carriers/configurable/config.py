"""What an operator enters to connect a carrier with a JSON API: how to request it and how to parse its answers."""

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
from tracking.carriers.parsing.countries import country_of
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
    """In which order a carrier lists its events."""

    AUTO = "auto", gettext_lazy("as their times say")
    NEWEST = "newest", gettext_lazy("newest first")
    OLDEST = "oldest", gettext_lazy("oldest first")


class HttpMethod(TextChoices):
    """The HTTP method of a request."""

    GET = "GET", "GET"
    POST = "POST", "POST"


class InvalidConfigError(Exception):
    """A configuration that cannot be used. `errors` has a message by field, in the operator's language."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


class AdapterConfig(NamedTuple):
    """The description of a carrier's API.

    Paths into an event start at the event; '' and an empty path mean that the API has no such value.
    """

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
        """Parse a configuration as entered, texts by field. Raise `InvalidConfigError` with every wrong field."""
        errors: dict[str, str] = {}
        values: dict[str, Any] = {}
        for name in cls._fields:
            entered = entered_fields.get(name, "")
            try:
                values[name] = FIELD_PARSERS[name](entered.strip() if isinstance(entered, str) else "")
            except ValueError as error:
                errors[name] = str(error)
        errors = {**find_conflicts(values), **errors}
        if errors:
            raise InvalidConfigError(errors)
        return cls(**values)

    @property
    def timestamp_format(self) -> TimestampFormat:
        """Return how this carrier writes times."""
        return TimestampFormat(self.clock_source, self.time_format, self.home_zone)

    def uses_any_placeholder(self, *placeholders: str) -> bool:
        """Return whether a header or the body contains one of the placeholders."""
        template = json.dumps([self.headers, self.body])
        return any(placeholder in template for placeholder in placeholders)


def find_conflicts(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return an error by field for valid fields that contradict each other. Invalid fields are missing in `fields`."""
    return {**find_clock_conflicts(fields), **find_request_conflicts(fields), **find_not_found_conflicts(fields)}


def find_clock_conflicts(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return an error if the home zone is needed and empty."""
    # "-" stands for an invalid field, which has an error of its own already.
    if fields.get("clock_source") is ClockSource.HOME_ZONE and not fields.get("home_zone", "-"):
        return {"home_zone": _("Needed for “one clock everywhere”.")}
    return {}


def find_request_conflicts(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return an error for a GET with a body, and for a request without the tracking number."""
    errors = {}
    if fields.get("body") and fields.get("method") is HttpMethod.GET:
        errors["body"] = _("Only a POST has a body.")
    if "path" in fields and "body" in fields and NUMBER_PLACEHOLDER not in fields["path"] + json.dumps(fields["body"]):
        errors["path"] = _("The number must stand somewhere: write {number} here or in the body.")
    return errors


def find_not_found_conflicts(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return an error if only one of "not found" path and values is entered."""
    errors = {}
    if fields.get("not_found_values") and not fields.get("not_found", "-"):
        errors["not_found"] = _("Needed: where these values stand.")
    if fields.get("not_found") and not fields.get("not_found_values", "-"):
        errors["not_found_values"] = _("Needed: what stands there for a number that is not known.")
    return errors


def parse_url_path(entered: str) -> str:
    """Parse the path and query that follow the carrier's base URL: `/v1/track?n={number}`."""
    if not entered.startswith("/") or re.search(r"[\s#\\]", entered):
        raise ValueError(_("It starts with / and has neither spaces nor #."))
    return check_placeholders(entered, (NUMBER_PLACEHOLDER,))


def check_placeholders(entered: str, allowed: tuple[str, ...]) -> str:
    """Return a template; raise ValueError for a placeholder that is not allowed."""
    placeholders = PLACEHOLDER_PATTERN.findall(entered)
    unknown = next((placeholder for placeholder in placeholders if placeholder not in allowed), None)
    if unknown:
        message = _("%(strange)s is none of: %(known)s.")
        raise ValueError(message % {"strange": unknown, "known": ", ".join(allowed)})
    return entered


def parse_headers(entered: str) -> tuple[tuple[str, str], ...]:
    """Parse headers, one `Name: value` per line."""
    headers = []
    for line_number, line in non_empty_lines(entered):
        name, colon, value = line.partition(":")
        if not colon or not HEADER_NAME_PATTERN.fullmatch(name.strip()) or not value.strip().isprintable():
            raise ValueError(_("Line %(line)d is not of the form Name: value.") % {"line": line_number})
        headers.append((name.strip(), check_placeholders(value.strip(), PLACEHOLDERS)))
    return tuple(headers)


def parse_body_template(entered: str) -> Any:
    """Parse a request body: JSON whose texts may contain placeholders; None for no body."""
    try:
        body = json.loads(entered) if entered else None
    except (ValueError, RecursionError) as error:
        raise ValueError(_("This is not JSON: %(why)s. Placeholders stand in quotes.") % {"why": error}) from error
    check_placeholders(entered.replace("{}", ""), PLACEHOLDERS)
    return body


def require_value(entered: str) -> str:
    """Return a value; raise ValueError if it is empty."""
    if not entered:
        raise ValueError(_("Needed."))
    return entered


def parse_joined_paths(entered: str) -> JoinedPaths:
    """Parse one path, or several joined by `+`."""
    try:
        return JoinedPaths.parse(entered)
    except ValueError as error:
        raise ValueError(path_error_message(error)) from error


def parse_events_path(entered: str) -> JsonPath:
    """Parse the path to the list of events."""
    try:
        return JsonPath.parse(entered)
    except ValueError as error:
        raise ValueError(path_error_message(error)) from error


def path_error_message(error: ValueError) -> str:
    """Return the message that shows the invalid rest of a path."""
    return _("Not a path from here on: %(rest)s. A path looks like data.items[0].events.") % {"rest": error}


def parse_time_format(entered: str) -> str:
    """Parse the `strptime` format of times; '' for ISO 8601."""
    try:
        return validate_time_format(entered) if entered else ""
    except ValueError as error:
        message = _("A time cannot be read with this. It needs day, month and year, like %(example)s.")
        raise ValueError(message % {"example": "%d.%m.%Y %H:%M"}) from error


def parse_zone_name(entered: str) -> str:
    """Parse the IANA name of a time zone."""
    if entered and entered not in pytz.all_timezones_set:
        suggestions = get_close_matches(entered, pytz.all_timezones, MAX_SUGGESTIONS, 0.5)
        raise ValueError(_("No zone has this name.") + suggestion_text(suggestions))
    return entered


def parse_country(entered: str) -> str:
    """Parse a country's two or three letter code or its English name; return the two-letter code."""
    country = country_of(entered)
    if entered and not (country and country in pytz.country_names):
        raise ValueError(_("No country is called so. Two letters do, like DE."))
    return country or ""


def parse_code_lines(entered: str) -> dict[str, Scan]:
    """Parse a code table, one `CODE = scan` per line."""
    scans_by_code: dict[str, Scan] = {}
    for line_number, line in non_empty_lines(entered):
        # The last "=" separates, so that a code may contain one.
        code, separator, name = (part.strip() for part in line.rpartition("="))
        if not separator or not code or not name:
            raise ValueError(_("Line %(line)d is not of the form CODE = scan.") % {"line": line_number})
        scan = scan_by_name(name, line_number)
        if scans_by_code.get(code, scan) is not scan:
            message = _("Line %(line)d gives the code %(code)s a second meaning.")
            raise ValueError(message % {"line": line_number, "code": code})
        scans_by_code[code] = scan
    return scans_by_code


def scan_by_name(name: str, line_number: int) -> Scan:
    """Return the scan with a name; raise ValueError with the line number and the nearest names."""
    if name in Scan.values and name != Scan.UNMAPPED:
        return Scan(name)
    names = [scan.value for scan in Scan if scan is not Scan.UNMAPPED]
    containing = [value for value in names if name.casefold().replace(" ", "_") in value]
    suggestions = (containing or get_close_matches(name.casefold(), names, MAX_SUGGESTIONS, 0.4))[:MAX_SUGGESTIONS]
    message = _("Line %(line)d: no scan is called %(name)s.") % {"line": line_number, "name": name}
    raise ValueError(message + suggestion_text(suggestions))


def suggestion_text(suggestions: list[str]) -> str:
    """Return a sentence with the suggestions, to append to a message; '' without any."""
    return " " + _("Nearest: %(names)s.") % {"names": ", ".join(suggestions)} if suggestions else ""


def non_empty_lines(entered: str) -> list[tuple[int, str]]:
    """Return the non-empty lines, each with its line number from 1."""
    return [(number, line.strip()) for number, line in enumerate(entered.splitlines(), 1) if line.strip()]


def choice_parser(choices: type[TextChoices]) -> Callable[[str], TextChoices]:
    """Return a parser of one choice; '' is the first choice."""

    def parse_choice(entered: str) -> TextChoices:
        if entered and entered not in choices.values:
            raise ValueError(_("Choose one of these."))
        return choices(entered) if entered else next(iter(choices))

    return parse_choice


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
    "not_found_values": lambda entered: tuple(line for _number, line in non_empty_lines(entered)),
    "codes": parse_code_lines,
    "answers_path": lambda entered: parse_url_path(entered) if entered else "",
}
