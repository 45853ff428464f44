"""Ways into a JSON value, as an operator writes them: `data.shipments[0].events`, `date + time`, `["odd.key"]`.

A path is keys with dots between them; `[0]` takes one of a list, counted from 0 (`[-1]` the last), `[*]` each of them,
`["a key"]` a key with a sign that means something here. `$` is the whole value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from tracking.carriers.json_access import UnreadableAnswerError, clean_text, json_type_name

MAX_PATH_LENGTH: Final = 300
MAX_KEYS_SHOWN: Final = 12
STEP_PATTERN: Final = re.compile(r'\.([^.\[\]"+]+)|\["([^"]+)"\]|\[(-?\d{1,4}|\*)\]')
PLUS_PATTERN: Final = re.compile(r'\+(?=(?:[^"]*"[^"]*")*[^"]*$)')
"""A plus that joins two paths: one that stands in no quotes."""

PathStep = str | int | None
"""A key, a position in a list, or None for each part."""


class PathNotFoundError(UnreadableAnswerError):
    """A path leads nowhere. `path` is as far as it was followed, `there` what lies one step before its end."""

    def __init__(self, path: str, available: str) -> None:
        super().__init__(f"the answer has no {path}; there it has: {available}")
        self.path, self.available = path, available


class JsonPath(NamedTuple):
    """One way into a JSON value."""

    steps: tuple[PathStep, ...] = ()

    @classmethod
    def parse(cls, expression: str) -> JsonPath:
        """Read a path; ValueError names the part that is none."""
        if not expression.strip():
            raise ValueError("…")
        rest = expression.strip().removeprefix("$")
        rest = rest if not rest or rest[0] in ".[" else f".{rest}"
        steps: list[PathStep] = []
        while rest:
            found = STEP_PATTERN.match(rest)
            if found is None or len(expression) > MAX_PATH_LENGTH or not expression.isprintable():
                raise ValueError(rest[:40])
            key, quoted, position = found.groups()
            steps.append((key.strip() if key else quoted) if key or quoted else parse_index(position))
            rest = rest[found.end() :]
        return cls(tuple(steps))

    def __str__(self) -> str:
        """Write the path the plain way."""
        return "".join(format_step(step) for step in self.steps).removeprefix(".") or "$"

    def find_all(self, value: Any) -> list[Any]:
        """Return all that lies at the path; nothing where it leads nowhere."""
        found = [value]
        for step in self.steps:
            found = [inner for outer in found for inner in children_at(outer, step)]
        return found

    def find_required(self, value: Any) -> list[Any]:
        """Return all that lies at the path; raise `NotThere` where it leads nowhere. No parts of a list are some."""
        found = [value]
        for place, step in enumerate(self.steps):
            outer, found = found, [inner for one in found for inner in children_at(one, step)]
            if outer and not found and not (step is None and any(isinstance(one, list | dict) for one in outer)):
                raise PathNotFoundError(str(JsonPath(self.steps[: place + 1])), describe_contents(outer[0]))
        return found


def parse_index(position: str) -> int | None:
    """Return a position in a list, or None for each."""
    return None if position == "*" else int(position)


def format_step(step: PathStep) -> str:
    """Write one step."""
    if isinstance(step, str):
        return f".{step}" if STEP_PATTERN.fullmatch(f".{step}") else f'["{step}"]'
    return f"[{'*' if step is None else step}]"


def children_at(value: Any, step: PathStep) -> Sequence[Any]:
    """Return what one step finds in a value."""
    if isinstance(step, str):
        return [value[step]] if isinstance(value, dict) and step in value else []
    if step is None:
        return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value[step]] if isinstance(value, list) and -len(value) <= step < len(value) else []


def describe_contents(value: Any) -> str:
    """Say in a few words what a value holds: the keys of an object, the length of a list, the kind of the rest."""
    if isinstance(value, dict):
        keys = [clean_text(key)[:40] for key in value]
        more = f", … ({len(keys)})" if len(keys) > MAX_KEYS_SHOWN else ""
        return ", ".join(keys[:MAX_KEYS_SHOWN]) + more or "{}"
    return f"[{len(value)}]" if isinstance(value, list) else json_type_name(value)


def leaf_text(value: Any) -> str:
    """Return a leaf of JSON as text: numbers as written, `true`, `false`, `null`; lists and objects are none."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".") if math.isfinite(value) else ""
    return clean_text(value)


class JoinedPaths(NamedTuple):
    """Several ways whose texts are read as one: `date + time`."""

    paths: tuple[JsonPath, ...] = ()

    @classmethod
    def parse(cls, expression: str) -> JoinedPaths:
        """Read paths with a plus between them; ValueError names the part that is none. Nothing written is no path."""
        return (
            cls(tuple(JsonPath.parse(part) for part in PLUS_PATTERN.split(expression))) if expression.strip() else cls()
        )

    def __bool__(self) -> bool:
        return bool(self.paths)

    def leaf_texts(self, value: Any) -> list[str]:
        """Return the texts found in a value, null among them."""
        return [leaf_text(part) for path in self.paths for part in path.find_all(value)]

    def joined_text(self, value: Any, separator: str = " ") -> str:
        """Return the texts found in a value, each once, joined by `between`; null and nothing count as ''."""
        found = (leaf_text(part) for path in self.paths for part in path.find_all(value) if part is not None)
        return separator.join(dict.fromkeys(part for part in found if part))
