"""An adapter parses any answer or says why it cannot, and no text makes a parcel delivered."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.carriers.test_samples import ANSWERS
from tests.examples import scale_examples
from tracking.carriers.parsed import ParsedAnswer
from tracking.carriers.parsing.json_access import UnreadableAnswerError
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import DELIVERED_SCANS

RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
JSON_ANSWERS = [path for path in ANSWERS if path.suffix == ".json"]
TEXT_KEYS = {
    *("description", "desc", "message", "words", "standerdDesc", "statusDescription", "eventDescription", "text"),
    *("subtag_message", "status_detail", "status_details", "scanDescription", "eventDetails", "remark", "statusText"),
    *(
        "tkDesc",
        "trackingContent",
        "UpdateDescription",
        "opName",
        "label",
        "Description",
        "StatusDescription",
        "content",
    ),
    *("eventName", "tracking_detail", "eventType", "ProcessContent", "status"),
}
"""Keys under which carriers put the text of a scan."""
JsonKeys = tuple[Any, ...]
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=40),
    st.sampled_from(
        [
            [],
            {},
            [[]],
            [None],
            {"a": {"b": None}},
            "9" * 5000,
            "<b>Delivered</b>",
            "\x00",
            "\ud800",
            "2026-02-30T25:61:00",
            "NaN",
        ]
    ),
)
DELIVERED_TEXTS = st.sampled_from(["Delivered", "已签收", "Entregue", "Zugestellt", "Livré", "Delivered to recipient"])


def all_paths(value: Any, prefix: JsonKeys = ()) -> Iterator[JsonKeys]:
    """Yield the path to every part of a JSON value."""
    yield prefix
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in parts:
        yield from all_paths(inner, (*prefix, key))


def mutate(value: Any, path: JsonKeys, junk: Any, *, remove: bool) -> Any:
    """Return a copy with one part replaced or removed."""
    if not path:
        return junk
    mutated = copy.deepcopy(value)
    parent = part_at(mutated, path[:-1])
    if remove:
        del parent[path[-1]]
    else:
        parent[path[-1]] = junk
    return mutated


def part_at(value: Any, path: JsonKeys) -> Any:
    """Return the part at a path."""
    for key in path:
        value = value[key]
    return value


def key_of(path: JsonKeys) -> str:
    """Return the key of a part; the items of a list have that of the list."""
    return next((key for key in reversed(path) if isinstance(key, str)), "")


def text_paths(value: Any) -> list[JsonKeys]:
    """Return the paths of all leaves under a key that holds the text of a scan."""
    return [
        path
        for path in all_paths(value)
        if key_of(path) in TEXT_KEYS and not isinstance(part_at(value, path), dict | list)
    ]


def parse_or_none(slug: str, body: bytes) -> ParsedAnswer | None:
    """Parse a body; None if the adapter says that it cannot."""
    try:
        return ADAPTERS[slug].parse(body, received_at=RECEIVED_AT)
    except UnreadableAnswerError as error:
        assert str(error)
        assert "\n" not in str(error)
        return None


def encoded(value: Any) -> bytes:
    """Return a value as JSON, lone surrogates included."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("answer", JSON_ANSWERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
@settings(max_examples=scale_examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_answer_with_parts_replaced_or_removed_is_parsed_or_refused(answer: Path, data: st.DataObject) -> None:
    value = json.loads(answer.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(all_paths(value))))
        value = mutate(value, path, data.draw(JUNK), remove=data.draw(st.booleans()))

    parse_or_none(answer.parent.name, encoded(value))


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
@settings(max_examples=scale_examples(30))
@given(data=st.data())
def test_truncated_or_corrupt_bytes_are_parsed_or_refused(answer: Path, data: st.DataObject) -> None:
    body = answer.read_bytes()
    cut = data.draw(st.integers(0, len(body)))
    noise = data.draw(st.binary(max_size=6))
    rest = body[cut + 3 :] if data.draw(st.booleans()) else b""

    parse_or_none(answer.parent.name, body[:cut] + noise + rest)


@pytest.mark.parametrize("answer", JSON_ANSWERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
@settings(max_examples=scale_examples(30))
@given(text=st.text(max_size=30), delivered_text=DELIVERED_TEXTS)
def test_extra_text_never_makes_a_scan_delivered(answer: Path, text: str, delivered_text: str) -> None:
    value = json.loads(answer.read_bytes())
    before = parse_or_none(answer.parent.name, encoded(value))
    for path in text_paths(value):
        value = mutate(value, path, f"{part_at(value, path)} {text} {delivered_text}", remove=False)
    after = parse_or_none(answer.parent.name, encoded(value))

    assert before is not None
    assert after is not None
    assert count_delivered(after) <= count_delivered(before)


def count_delivered(answer: ParsedAnswer) -> int:
    """Return how many scans of an answer are deliveries."""
    return sum(scan.scan in DELIVERED_SCANS for shipment in answer.shipments for scan in shipment.scans)
