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

from tracking.carriers.configurable.json_paths import Joined, Path
from tracking.carriers.configurable.timestamps import Clock, Timing, checked_pattern
from tracking.carriers.countries import country_of
from tracking.vocabulary import Scan

NUMBER: Final = "{number}"
KEY: Final = "{key}"
SECRET: Final = "{secret}"  # noqa: S105
BASIC: Final = "{basic}"
PLACEHOLDERS: Final = (NUMBER, KEY, SECRET, BASIC)
BRACES: Final = re.compile(r"\{\w*\}")
HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^`|~\w-]+", re.ASCII)
NAMES_OFFERED: Final = 3


class Order(TextChoices):
    """How a carrier's list of events runs."""

    AUTO = "auto", gettext_lazy("as their times say")
    NEWEST = "newest", gettext_lazy("newest first")
    OLDEST = "oldest", gettext_lazy("oldest first")


class Method(TextChoices):
    """How a question is sent."""

    GET = "GET", "GET"
    POST = "POST", "POST"


class BadRecipe(Exception):
    """A recipe that cannot be used. `faults` say by field what is wrong, in the operator's language."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


class Recipe(NamedTuple):
    """A carrier's API, described. Paths of an event start at the event; '' and an empty path mean: not told."""

    method: Method
    path: str
    headers: tuple[tuple[str, str], ...]
    body: Any
    test_number: str
    events: Path
    order: Order
    time: Joined
    pattern: str
    clock: Clock
    home: str
    zone: Joined
    code: Joined
    words: Joined
    place: Joined
    city: Joined
    region: Joined
    country: Joined
    home_country: str
    number: Joined
    missing: Joined
    missing_values: tuple[str, ...]
    codes: Mapping[str, Scan]
    answers_path: str

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Recipe:
        """Read a recipe as it was entered: texts by field. Raise one `BadRecipe` that names every wrong field."""
        faults: dict[str, str] = {}
        found: dict[str, Any] = {}
        for name in cls._fields:
            entered = given.get(name, "")
            try:
                found[name] = READERS[name](entered.strip() if isinstance(entered, str) else "")
            except ValueError as fault:
                faults[name] = str(fault)
        faults = {**contradictions(found), **faults}
        if faults:
            raise BadRecipe(faults)
        return cls(**found)

    @property
    def timing(self) -> Timing:
        """Return how this carrier tells times."""
        return Timing(self.clock, self.pattern, self.home)

    def needs(self, *placeholders: str) -> bool:
        """Tell whether a question holds one of the placeholders."""
        return any(sign in json.dumps([self.headers, self.body]) for sign in placeholders)


def contradictions(found: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong between the fields that are right by themselves."""
    faults = {}
    if found.get("clock") is Clock.HOME and not found.get("home", "-"):
        faults["home"] = _("Needed for “one clock everywhere”.")
    if found.get("body") and found.get("method") is Method.GET:
        faults["body"] = _("Only a POST has a body.")
    if "path" in found and "body" in found and NUMBER not in found["path"] + json.dumps(found["body"]):
        faults["path"] = _("The number must stand somewhere: write {number} here or in the body.")
    if found.get("missing_values") and not found.get("missing", "-"):
        faults["missing"] = _("Needed: where these values stand.")
    if found.get("missing") and not found.get("missing_values", "-"):
        faults["missing_values"] = _("Needed: what stands there for a number that is not known.")
    return faults


def read_path(entered: str) -> str:
    """Read the part of an address behind the carrier's own: `/v1/track?n={number}`."""
    if not entered.startswith("/") or re.search(r"[\s#\\]", entered):
        raise ValueError(_("It starts with / and has neither spaces nor #."))
    return known_braces(entered, (NUMBER,))


def known_braces(entered: str, known: tuple[str, ...]) -> str:
    """Return a template, or raise for a placeholder that would not be filled."""
    strange = next((found for found in BRACES.findall(entered) if found not in known), None)
    if strange:
        words = _("%(strange)s is none of: %(known)s.")
        raise ValueError(words % {"strange": strange, "known": ", ".join(known)})
    return entered


def read_headers(entered: str) -> tuple[tuple[str, str], ...]:
    """Read headers, `Name: value` one a line."""
    found = []
    for at, line in numbered_lines(entered):
        name, colon, value = line.partition(":")
        if not colon or not HEADER_NAME.fullmatch(name.strip()) or not value.strip().isprintable():
            raise ValueError(_("Line %(line)d is not of the form Name: value.") % {"line": at})
        found.append((name.strip(), known_braces(value.strip(), PLACEHOLDERS)))
    return tuple(found)


def read_body(entered: str) -> Any:
    """Read a body: JSON, in whose texts placeholders may stand."""
    try:
        body = json.loads(entered) if entered else None
    except (ValueError, RecursionError) as trouble:
        raise ValueError(_("This is not JSON: %(why)s. Placeholders stand in quotes.") % {"why": trouble}) from trouble
    known_braces(entered.replace("{}", ""), PLACEHOLDERS)
    return body


def needed(entered: str) -> str:
    """Return what must be there, or raise."""
    if not entered:
        raise ValueError(_("Needed."))
    return entered


def read_joined(entered: str) -> Joined:
    """Read one path, or several with a plus between them."""
    try:
        return Joined.of(entered)
    except ValueError as fault:
        raise ValueError(not_a_path(fault)) from fault


def read_events(entered: str) -> Path:
    """Read the one path that leads to the list."""
    try:
        return Path.of(entered)
    except ValueError as fault:
        raise ValueError(not_a_path(fault)) from fault


def not_a_path(fault: ValueError) -> str:
    """Say where a path goes wrong."""
    return _("Not a path from here on: %(rest)s. A path looks like data.items[0].events.") % {"rest": fault}


def read_pattern(entered: str) -> str:
    """Read how times are written, as a pattern of `strptime`; '' for ISO 8601."""
    try:
        return checked_pattern(entered) if entered else ""
    except ValueError as fault:
        words = _("A time cannot be read with this. It needs day, month and year, like %(example)s.")
        raise ValueError(words % {"example": "%d.%m.%Y %H:%M"}) from fault


def read_home(entered: str) -> str:
    """Read the name of a zone."""
    if entered and entered not in pytz.all_timezones_set:
        near = get_close_matches(entered, pytz.all_timezones, NAMES_OFFERED, 0.5)
        raise ValueError(_("No zone has this name.") + near_words(near))
    return entered


def read_country(entered: str) -> str:
    """Read a country by its letters or its English name."""
    found = country_of(entered)
    if entered and not (found and found in pytz.country_names):
        raise ValueError(_("No country is called so. Two letters do, like DE."))
    return found or ""


def read_codes(entered: str) -> dict[str, Scan]:
    """Read a table of codes, `CODE = scan` one a line."""
    found: dict[str, Scan] = {}
    for at, line in numbered_lines(entered):
        code, sign, name = (part.strip() for part in line.rpartition("="))
        if not sign or not code or not name:
            raise ValueError(_("Line %(line)d is not of the form CODE = scan.") % {"line": at})
        scan = scan_called(name, at)
        if found.get(code, scan) is not scan:
            raise ValueError(_("Line %(line)d gives the code %(code)s a second meaning.") % {"line": at, "code": code})
        found[code] = scan
    return found


def scan_called(name: str, line: int) -> Scan:
    """Return the scan of a name; raise with the line and the nearest names."""
    if name in Scan.values and name != Scan.UNMAPPED:
        return Scan(name)
    known = [scan.value for scan in Scan if scan is not Scan.UNMAPPED]
    holding = [value for value in known if name.casefold().replace(" ", "_") in value]
    near = (holding or get_close_matches(name.casefold(), known, NAMES_OFFERED, 0.4))[:NAMES_OFFERED]
    raise ValueError(_("Line %(line)d: no scan is called %(name)s.") % {"line": line, "name": name} + near_words(near))


def near_words(near: list[str]) -> str:
    """Name what may have been meant."""
    return " " + _("Nearest: %(names)s.") % {"names": ", ".join(near)} if near else ""


def numbered_lines(entered: str) -> list[tuple[int, str]]:
    """Return the lines that hold something, each with its number as an editor counts."""
    return [(at, line.strip()) for at, line in enumerate(entered.splitlines(), 1) if line.strip()]


def one_of(choices: type[TextChoices]) -> Callable[[str], TextChoices]:
    """Return a reader of a choice; nothing chosen is the first."""

    def read(entered: str) -> TextChoices:
        if entered and entered not in choices.values:
            raise ValueError(_("Choose one of these."))
        return choices(entered) if entered else next(iter(choices))

    return read


READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    **dict.fromkeys(("code", "words", "place", "city", "region", "country", "number", "missing", "zone"), read_joined),
    "method": one_of(Method),
    "path": read_path,
    "headers": read_headers,
    "body": read_body,
    "test_number": needed,
    "events": lambda entered: read_events(needed(entered)),
    "order": one_of(Order),
    "time": lambda entered: read_joined(needed(entered)),
    "pattern": read_pattern,
    "clock": one_of(Clock),
    "home": read_home,
    "home_country": read_country,
    "missing_values": lambda entered: tuple(line for _at, line in numbered_lines(entered)),
    "codes": read_codes,
    "answers_path": lambda entered: read_path(entered) if entered else "",
}
