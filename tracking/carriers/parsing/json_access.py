"""Typed access to JSON answers: a changed structure raises, an invalid leaf value counts as missing."""

from __future__ import annotations

import json
import math
from datetime import date
from typing import Any

import orjson


class UnreadableAnswerError(Exception):
    """The answer does not have the structure that the adapter expects. The message is one line: where and how."""


class RejectionAnswerError(UnreadableAnswerError):
    """The answer is well formed but refuses the request: wrong key, quota used up, service closed."""


def load_json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`; raise `UnreadableAnswerError` for anything else."""
    return expect_object(load_json_value(body), "the answer")


def load_json_value(body: bytes) -> Any:
    """Return the JSON value in `body`; raise `UnreadableAnswerError` if it is not JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return load_json_leniently(body)


def load_json_leniently(body: bytes) -> Any:
    """Parse a body that orjson refuses with the standard parser, which accepts lone surrogates and NaN."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        start = body[:40].decode("utf-8", "replace").strip().replace("\n", " ")
        raise UnreadableAnswerError(f"the answer is not JSON: it starts with {start!r}") from error


def expect_object(value: Any, name: str) -> dict[str, Any]:
    """Return `value` as a JSON object; null counts as an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableAnswerError(f"{name} is {json_type_name(value)} where an object was expected")
    return value


def expect_list(value: Any, name: str) -> list[Any]:
    """Return `value` as a JSON list; null counts as an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnreadableAnswerError(f"{name} is {json_type_name(value)} where a list was expected")
    return value


def first_object(value: Any, name: str) -> dict[str, Any]:
    """Return the first object of a JSON list, or an empty one: of a list of errors, we show the first."""
    items = expect_list(value, name)
    return expect_object(items[0], f"the first of {name}") if items else {}


def clean_text(value: Any) -> str:
    """Return a string or an integer as trimmed text without control characters; anything else as ''."""
    if isinstance(value, str):
        if value.isprintable():
            return value.strip()
        return "".join(char if char.isprintable() else " " for char in value).strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**40 else ""
    return ""


def require_text(value: Any, name: str) -> str:
    """Return a value as text; raise `UnreadableAnswerError` if it is empty or no text."""
    text = clean_text(value)
    if not text:
        raise UnreadableAnswerError(f"{name} is {json_type_name(value)} where text was expected")
    return text


def parse_coordinate(value: Any, limit: float) -> float | None:
    """Return a latitude or longitude in degrees, or None if it is missing or beyond ±`limit`."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        degrees = float(value)
    except (ValueError, OverflowError):
        return None
    return degrees if math.isfinite(degrees) and abs(degrees) <= limit else None


def parse_country_code(value: Any) -> str | None:
    """Return a two-letter country code in capitals, or None."""
    if not isinstance(value, str):
        return None
    code = value.strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def local_date_of(value: Any) -> date | None:
    """Return the local date of an ISO 8601 time, ignoring its offset, or None."""
    try:
        return date.fromisoformat(clean_text(value)[:10])
    except ValueError:
        return None


def json_type_name(value: Any) -> str:
    """Name the JSON type of a value for an error message."""
    names: dict[type, str] = {type(None): "null", bool: "a boolean", str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
