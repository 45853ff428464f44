"""Whatever arrives, an adapter reads it or says why not; and no words of any kind make a parcel delivered."""

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
from tracking.carriers.json_access import UnreadableAnswerError
from tracking.carriers.parsed import ParsedAnswer
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import DELIVERED_SCANS

RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
JSON_ANSWERS = [path for path in ANSWERS if path.suffix == ".json"]
TEXT_KEYS = {
    *("description", "desc", "message", "words", "standerdDesc", "statusDescription", "eventDescription", "text"),
    *("subtag_message", "status_detail", "status_details", "scanDescription", "eventDetails", "remark", "statusText"),
}
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
    """Yield the way to every part of a JSON value."""
    yield prefix
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in parts:
        yield from all_paths(inner, (*prefix, key))


def mutate(value: Any, path: JsonKeys, junk: Any, *, remove: bool) -> Any:
    """Return a copy with one part replaced or removed."""
    if not path:
        return junk
    whole = copy.deepcopy(value)
    holder = whole
    for key in path[:-1]:
        holder = holder[key]
    if remove:
        del holder[path[-1]]
    else:
        holder[path[-1]] = junk
    return whole


def part_at(value: Any, path: JsonKeys) -> Any:
    """Return the part that a path leads to."""
    for key in path:
        value = value[key]
    return value


def parse_or_none(slug: str, body: bytes) -> ParsedAnswer | None:
    """Read a body; None when the adapter says that it cannot."""
    try:
        return ADAPTERS[slug].parse(body, received_at=RECEIVED_AT)
    except UnreadableAnswerError as trouble:
        assert str(trouble)
        assert "\n" not in str(trouble)
        return None


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("answer", JSON_ANSWERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_part_replaced_or_lost_is_read_or_refused(answer: Path, data: st.DataObject) -> None:
    value = json.loads(answer.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(all_paths(value))))
        value = mutate(value, path, data.draw(JUNK), remove=data.draw(st.booleans()))

    parse_or_none(answer.parent.name, encoded(value))


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_bytes_cut_off_or_broken_are_read_or_refused(answer: Path, data: st.DataObject) -> None:
    body = answer.read_bytes()
    cut = data.draw(st.integers(0, len(body)))
    noise = data.draw(st.binary(max_size=6))

    parse_or_none(answer.parent.name, body[:cut] + noise + (body[cut + 3 :] if data.draw(st.booleans()) else b""))


@pytest.mark.parametrize("answer", JSON_ANSWERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
@settings(max_examples=60, deadline=None)
@given(words=st.text(max_size=30), praise=DELIVERED_TEXTS)
def test_extra_text_never_makes_a_scan_delivered(answer: Path, words: str, praise: str) -> None:
    value = json.loads(answer.read_bytes())
    before = parse_or_none(answer.parent.name, encoded(value))
    for path in list(all_paths(value)):
        if path and path[-1] in TEXT_KEYS:
            value = mutate(value, path, f"{part_at(value, path)} {words} {praise}", remove=False)
    after = parse_or_none(answer.parent.name, encoded(value))

    assert before is not None
    assert after is not None
    assert count_delivered(after) <= count_delivered(before)


def count_delivered(reading: ParsedAnswer) -> int:
    return sum(scan.scan in DELIVERED_SCANS for parcel in reading.shipments for scan in parcel.scans)
