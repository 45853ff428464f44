"""`manage.py decode` reads unknown codes and texts as `ingest` does."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError

from tests import factories
from tracking.models import Carrier, TextMapping, UnmappedCode


def decode_words(path: Path, words: str, carrier: str = "17track") -> tuple[dict[str, Any], str]:
    """Return the line that decode prints for one event with an unknown code, and what it writes to stderr."""
    event = {"time_iso": "2026-09-01T10:00:00+02:00", "description": words, "sub_status": "Strange_Code"}
    providers = [{"provider": {"name": "GLS"}, "events": [event]}]
    entry = {"number": "RR101000059CN", "track_info": {"tracking": {"providers": providers}}}
    path.write_text(json.dumps({"code": 0, "data": {"accepted": [entry]}}), encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    call_command("decode", carrier, str(path), stdout=out, stderr=err)
    return json.loads(out.getvalue()), err.getvalue()


@pytest.mark.django_db
def test_decode_maps_unknown_codes_by_the_phrase_memory(tmp_path: Path) -> None:
    line, _ = decode_words(tmp_path / "answer.json", "In Zustellung")

    assert line["scan"] == "delivery.out_for_delivery"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["code", "text"])
def test_an_operators_mapping_comes_before_the_phrase_memory(tmp_path: Path, kind: str) -> None:
    carrier = Carrier.objects.get(slug="17track")
    if kind == "code":
        UnmappedCode.objects.create(carrier=carrier, code="Strange_Code", scan="lastmile.held", example_text="")
    else:
        TextMapping.objects.create(pattern="In Zustellung", scan="lastmile.held")

    line, _ = decode_words(tmp_path / "answer.json", "In Zustellung")

    assert line["scan"] == "lastmile.held"


def test_without_a_database_decode_says_so_and_uses_the_built_in_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: str) -> None:
        raise OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(Carrier.objects, "filter", refuse)

    line, error = decode_words(tmp_path / "answer.json", "In Zustellung")

    assert line["scan"] == "delivery.out_for_delivery"
    assert error.strip() == "no database, so without the operators' mappings: connection refused"


@pytest.mark.django_db
def test_decode_prints_the_details_of_each_number(tmp_path: Path) -> None:
    event = factories.build_event_json("2026-12-01T09:00:00+01:00", "AvailableForPickup_Other", "Collect by 12 Dec")
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps(factories.build_answer_json("LZ000000015CN", events=(event,))), encoding="utf-8")
    out = io.StringIO()

    call_command("decode", "17track", str(answer), "--details", stdout=out, stderr=io.StringIO())

    assert json.loads(out.getvalue()) == {
        "number": "LZ000000015CN",
        "details": {"pickup_point": {"last_day": "2026-12-12", "scan_at": "2026-12-01T08:00:00+00:00"}},
    }
