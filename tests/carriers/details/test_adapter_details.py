"""Adapters read details from fields as the samples say; a broken field loses only itself and never an answer."""

from __future__ import annotations

import inspect
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.carriers.test_mutations import JUNK, JsonKeys, all_paths, encoded, mutate
from tests.carriers.test_samples import ANSWERS, read_expected, run_decode
from tests.examples import scale_examples
from tracking.carriers.details.stored import details_as_json
from tracking.carriers.parsed import ParsedAnswer
from tracking.carriers.registry import ADAPTERS

SAMPLES = [path for path in ANSWERS if path.with_suffix(".details.jsonl").exists()]
JSON_SAMPLES = [path for path in SAMPLES if path.suffix == ".json"]
RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
DETAIL_KEYS = {
    *("deliveryInformation", "deliveryTime", "accessPointInformation", "paymentInformation"),
    *("deliveryDetails", "availableImages", "holdAtLocation", "predictedDeliveryDate", "recipientName"),
    *("predictedDeliveryWindowStartTime", "predictedDeliveryWindowEndTime", "proofOfDelivery", "remark", "nextSteps"),
    *("proofOfDeliverySignedAvailable", "Expectation", "removalPoint", "estimHourMin", "estimHourMax"),
    *("signature", "startOfEstimatedWindow", "endOfEstimatedWindow", "signedBy", "signed_by"),
}
"""The keys of fields that only details are read from."""


def detail_paths(value: Any) -> list[JsonKeys]:
    """Return the paths to all parts at or under a key that only details are read from."""
    return [path for path in all_paths(value) if DETAIL_KEYS.intersection(key for key in path if isinstance(key, str))]


def parse(path: Path, value: Any) -> ParsedAnswer:
    """Parse an answer with the adapter of its folder."""
    return ADAPTERS[path.parent.name].parse(encoded(value), received_at=RECEIVED_AT)


@pytest.mark.django_db
@pytest.mark.parametrize("answer", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_details_of_each_number_are_read_as_expected(answer: Path) -> None:
    assert run_decode(answer, "--details") == read_expected(answer, "details")


@pytest.mark.parametrize("slug", sorted(ADAPTERS))
def test_every_adapter_that_reads_details_has_a_sample_with_them(slug: str) -> None:
    reads_details = "details.fields import" in inspect.getsource(sys.modules[type(ADAPTERS[slug]).__module__])

    assert reads_details == any(path.parent.name == slug for path in SAMPLES)


@pytest.mark.parametrize("answer", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_name_of_a_sample_is_among_its_details(answer: Path) -> None:
    assert "muster" not in answer.with_suffix(".details.jsonl").read_text(encoding="utf-8").lower()


@pytest.mark.parametrize("answer", JSON_SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
@settings(max_examples=scale_examples(80), deadline=None)
@given(data=st.data())
def test_a_broken_field_of_details_leaves_the_scans_as_they_are(answer: Path, data: st.DataObject) -> None:
    value = json.loads(answer.read_bytes())
    path = data.draw(st.sampled_from(detail_paths(value)))
    broken = mutate(value, path, data.draw(JUNK), remove=data.draw(st.booleans()))

    before, after = parse(answer, value), parse(answer, broken)

    assert [shipment.scans for shipment in after.shipments] == [shipment.scans for shipment in before.shipments]
    for shipment in after.shipments:
        json.dumps(details_as_json(shipment.details))
