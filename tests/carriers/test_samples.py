"""Every adapter parses its samples exactly as the expected files beside them say."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tracking.carriers.registry import ADAPTERS

pytestmark = pytest.mark.django_db

SAMPLES = Path(__file__).parent / "samples"
ANSWERS = sorted(path for path in SAMPLES.glob("*/*") if path.suffix in (".json", ".xml"))


def run_decode(answer: Path, *options: str) -> list[dict[str, Any]]:
    """Return the lines that `manage.py decode` prints for a sample."""
    out = io.StringIO()
    call_command("decode", answer.parent.name, str(answer), *options, stdout=out, stderr=io.StringIO())
    return [json.loads(line) for line in out.getvalue().splitlines()]


def read_expected(answer: Path, kind: str) -> list[dict[str, Any]]:
    """Return the lines of a sample's expected file; `kind` is `scans` or `shipments`."""
    text = answer.with_suffix(f".{kind}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_scan_is_parsed_as_expected(answer: Path) -> None:
    assert run_decode(answer) == read_expected(answer, "scans")


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_shipment_adds_up_as_expected(answer: Path) -> None:
    assert run_decode(answer, "--shipments") == read_expected(answer, "shipments")


@pytest.mark.parametrize("slug", sorted(ADAPTERS))
def test_every_adapter_has_a_sample(slug: str) -> None:
    assert any(path.parent.name == slug for path in ANSWERS)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"<!DOCTYPE html><title>502</title>", "not JSON"),
        (b"[1, 2]", "a list where an object was expected"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"code": 0, "data": {"accepted": {"number": 1}}}', "data.accepted is an object"),
        (b'{"code": 0, "data": {"accepted": [null]}}', "number is null"),
        (
            b'{"code": -18010002, "data": {"errors": [{"code": -18010002, "message": "Invalid token"}]}}',
            "Invalid token",
        ),
        (b'{"event": "SOMETHING_ELSE", "data": {}}', "SOMETHING_ELSE"),
        (b'{"code": 0, "data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not JSON"),
    ],
)
def test_unreadable_input_ends_decode_with_status_2_and_one_line(tmp_path: Path, body: bytes, message: str) -> None:
    answer = tmp_path / "answer.json"
    answer.write_bytes(body)

    with pytest.raises(CommandError) as error:
        call_command("decode", "17track", str(answer))

    assert error.value.returncode == 2
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_carrier_and_a_missing_file_end_with_status_2(tmp_path: Path) -> None:
    for carrier, file in (("pigeon", "-"), ("17track", str(tmp_path / "nothing.json"))):
        with pytest.raises(CommandError) as error:
            call_command("decode", carrier, file)
        assert error.value.returncode == 2
