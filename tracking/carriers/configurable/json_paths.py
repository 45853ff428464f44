"""Paths into a JSON value, as an operator writes them: `data.shipments[0].events`, `date + time`, `["odd.key"]`.

A path is keys separated by dots; `[0]` is an item of a list, counted from 0 (`[-1]` is the last), `[*]` each item,
`["a.key"]` a key with special characters. `$` is the whole value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from tracking.carriers.parsing.json_access import UnreadableAnswerError, clean_text, json_type_name

MAX_PATH_LENGTH: Final = 300
MAX_KEYS_SHOWN: Final = 12
STEP_PATTERN: Final = re.compile(r'\.([^.\[\]"+]+)|\["([^"]+)"\]|\[(-?\d{1,4}|\*)\]')
PLUS_PATTERN: Final = re.compile(r'\+(?=(?:[^"]*"[^"]*")*[^"]*$)')
"""A plus that joins two paths: one outside quotes."""

PathStep = str | int | None
"""A key, an index in a list, or None for every item."""


class PathNotFoundError(UnreadableAnswerError):
    """A path leads nowhere. `path` ends at the missing step; `available` describes what the value before it has."""

    def __init__(self, path: str, available: str) -> None:
        super().__init__(f"the answer has no {path}; there it has: {available}")
        self.path, self.available = path, available


class JsonPath(NamedTuple):
    """One path into a JSON value."""

    steps: tuple[PathStep, ...] = ()

    @classmethod
    def parse(cls, expression: str) -> JsonPath:
        """Parse a path; ValueError contains the part that is invalid."""
        if not expression.strip():
            raise ValueError("…")
        rest = expression.strip().removeprefix("$")
        rest = rest if not rest or rest[0] in ".[" else f".{rest}"
        if rest and (len(expression) > MAX_PATH_LENGTH or not expression.isprintable()):
            raise ValueError(rest[:40])
        return cls(tuple(parse_steps(rest)))

    def __str__(self) -> str:
        """Return the path in its shortest notation."""
        return "".join(format_step(step) for step in self.steps).removeprefix(".") or "$"

    def find_all(self, value: Any) -> list[Any]:
        """Return all values at the path; [] if it leads nowhere."""
        values = [value]
        for step in self.steps:
            values = [child for parent in values for child in children_at(parent, step)]
        return values

    def find_required(self, value: Any) -> list[Any]:
        """Return all values at the path; raise `PathNotFoundError` if it leads nowhere. `[*]` may find nothing."""
        values = [value]
        for index, step in enumerate(self.steps):
            parents, values = values, [child for parent in values for child in children_at(parent, step)]
            if parents and not values and not (step is None and has_container(parents)):
                raise PathNotFoundError(str(JsonPath(self.steps[: index + 1])), describe_contents(parents[0]))
        return values


def parse_steps(rest: str) -> Iterator[PathStep]:
    """Yield the steps of a path that begins with `.` or `[`; ValueError contains the part that is invalid."""
    while rest:
        match = STEP_PATTERN.match(rest)
        if match is None:
            raise ValueError(rest[:40])
        key, quoted, index = match.groups()
        yield (key.strip() if key else quoted) if key or quoted else parse_index(index)
        rest = rest[match.end() :]


def parse_index(text: str) -> int | None:
    """Return an index in a list, or None for `*`."""
    return None if text == "*" else int(text)


def has_container(values: Sequence[Any]) -> bool:
    """Return whether any value is a list or an object."""
    return any(isinstance(value, list | dict) for value in values)


def format_step(step: PathStep) -> str:
    """Return one step in path notation."""
    if isinstance(step, str):
        return f".{step}" if STEP_PATTERN.fullmatch(f".{step}") else f'["{step}"]'
    return f"[{'*' if step is None else step}]"


def children_at(value: Any, step: PathStep) -> Sequence[Any]:
    """Return the values that one step leads to; [] if none."""
    if isinstance(step, str):
        return [value[step]] if isinstance(value, dict) and step in value else []
    if step is None:
        return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value[step]] if isinstance(value, list) and -len(value) <= step < len(value) else []


def describe_contents(value: Any) -> str:
    """Describe a value for a message: the keys of an object, the length of a list, the type of anything else."""
    if isinstance(value, dict):
        keys = [clean_text(key)[:40] for key in value]
        more = f", … ({len(keys)})" if len(keys) > MAX_KEYS_SHOWN else ""
        return ", ".join(keys[:MAX_KEYS_SHOWN]) + more or "{}"
    return f"[{len(value)}]" if isinstance(value, list) else json_type_name(value)


def leaf_text(value: Any) -> str:
    """Return a JSON leaf as text: numbers, `true`, `false` and `null` as in JSON; '' for lists and objects."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".") if math.isfinite(value) else ""
    return clean_text(value)


class JoinedPaths(NamedTuple):
    """Several paths whose texts are joined: `date + time`."""

    paths: tuple[JsonPath, ...] = ()

    @classmethod
    def parse(cls, expression: str) -> JoinedPaths:
        """Parse paths joined by `+`; ValueError contains the part that is invalid. '' has no paths."""
        return (
            cls(tuple(JsonPath.parse(part) for part in PLUS_PATTERN.split(expression))) if expression.strip() else cls()
        )

    def __bool__(self) -> bool:
        return bool(self.paths)

    def leaf_texts(self, value: Any) -> list[str]:
        """Return the texts at the paths, with null as `null`."""
        return [leaf_text(part) for path in self.paths for part in path.find_all(value)]

    def joined_text(self, value: Any, separator: str = " ") -> str:
        """Return the distinct texts at the paths, joined by `separator`, without nulls and empty texts."""
        texts = (leaf_text(part) for path in self.paths for part in path.find_all(value) if part is not None)
        return separator.join(dict.fromkeys(text for text in texts if text))
