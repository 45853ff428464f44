"""`manage.py decode` reads unknown codes and texts as `ingest` does."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError

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
