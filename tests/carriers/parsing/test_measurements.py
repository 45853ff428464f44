"""Weights and dimensions are converted from any known unit; invalid values are dropped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.carriers.parsed import Measurements
from tracking.carriers.parsing.measurements import (
    GRAMS_PER_UNIT,
    MILLIMETRES_PER_UNIT,
    build_measurements,
    parse_grams,
    parse_millimetres,
    to_grams,
    to_millimetres,
)
from tracking.carriers.registry import ADAPTERS

SAMPLES = Path(__file__).parent.parent / "samples"


@pytest.mark.parametrize(
    ("value", "unit", "weight"),
    [
        *((1.5, "kg", 1500), ("2.5", "LB", 1134), ("12,4", "oz", 352), (3, "KGM", 3000), ("850", "g", 850)),
        *((0, "kg", None), (-2, "kg", None), ("heavy", "kg", None), (None, "kg", None), (5, "stone", None)),
        *(
            (5, "", None),
            (float("nan"), "kg", None),
            (float("inf"), "kg", None),
            (5000, "kg", None),
            (True, "kg", None),
        ),
    ],
)
def test_a_weight_needs_a_number_and_a_known_unit(value: Any, unit: str, weight: int | None) -> None:
    assert to_grams(value, unit) == weight


@pytest.mark.parametrize(
    ("text", "weight"), [("2.0 lb", 907), ("0,9072KG", 907), ("1.6 LB.", 726), ("lb 2", None), ("", None), (7, None)]
)
def test_a_weight_in_text(text: Any, weight: int | None) -> None:
    assert parse_grams(text) == weight


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("30 x 20 x 10 cm", (300, 200, 100)),
        ("12X9X4 IN", (305, 229, 102)),
        ("24*18*9,5cm", (240, 180, 95)),
        ("30 × 20 × 10 mm", (30, 20, 10)),
        *(("30 x 20 cm", None), ("30 x 20 x 10", None), ("30 x 20 x 10 parsecs", None), ("0 x 0 x 0 cm", None)),
    ],
)
def test_dimensions_in_text(text: str, sides: tuple[int, int, int] | None) -> None:
    assert parse_millimetres(text) == sides


@given(st.floats(0.01, 100), st.sampled_from(sorted(GRAMS_PER_UNIT)))
def test_every_unit_of_weight_is_converted(amount: float, unit: str) -> None:
    grams = to_grams(amount, unit.upper())

    assert grams is None or abs(grams - amount * GRAMS_PER_UNIT[unit]) <= 0.5


@given(st.tuples(*[st.one_of(st.floats(), st.text(), st.integers(), st.none())] * 4))
def test_no_reported_value_raises(values: tuple[Any, Any, Any, Any]) -> None:
    for unit in (*MILLIMETRES_PER_UNIT, values[3]):
        sides = to_millimetres(*values[:3], unit)
        assert sides is None or all(0 < side <= 10_000 for side in sides)


def test_no_measurement_is_none() -> None:
    assert build_measurements(None, None) is None


@pytest.mark.parametrize(
    ("sample", "measurements"),
    [
        ("17track/china_post_to_usps.json", Measurements(726, (240, 180, 95))),
        ("aftership/china_post_to_correos.json", Measurements(900)),
        ("aramex/shenzhen_to_amman_and_back_to_tunis.json", Measurements(500)),
        ("dhl/express_cn_to_nl.json", Measurements(1350, (345, 200, 120))),
        ("easypost/guangzhou_to_texas.json", Measurements(352)),
        ("fedex/us_to_jp_and_unknown.json", Measurements(1089, (305, 229, 102))),
        ("ups/de_to_us_post.json", Measurements(1361, (330, 279, 127))),
        ("dpd", None),
    ],
)
def test_each_carriers_format_of_measurements_is_parsed(sample: str, measurements: Measurements | None) -> None:
    path = SAMPLES / sample if "/" in sample else next((SAMPLES / sample).glob("*.json"))

    answer = ADAPTERS[path.parent.name].parse(path.read_bytes(), received_at=datetime.now(UTC))

    assert answer.shipments[0].measurements == measurements
