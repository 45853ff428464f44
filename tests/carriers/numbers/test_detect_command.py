"""`manage.py detect` prints one JSON object a line for every candidate."""

from __future__ import annotations

import io
import json
from typing import Any

from django.core.management import call_command


def run_detect(*arguments: str) -> list[dict[str, Any]]:
    """Return the parsed lines that the command prints."""
    out = io.StringIO()
    call_command("detect", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_candidate_is_one_line_best_first() -> None:
    assert run_detect("lx 000 000 014 cn", "--destination", "US") == [
        {
            "number": "LX000000014CN",
            "carrier": "chinapost",
            "format": "S10",
            "certainty": "checked",
            "reasons": ["check_digit", "origin_country"],
            "country": "CN",
            "source": "bare",
        },
        {
            "number": "LX000000014CN",
            "carrier": "usps",
            "format": "S10",
            "certainty": "checked",
            "reasons": ["check_digit", "destination"],
            "country": "CN",
            "source": "bare",
        },
    ]


def test_all_numbers_of_a_text_are_printed() -> None:
    lines = run_detect("Tracking 1Z5R89390357567127, then https://www.gls-group.eu/track/ABCD12EF")

    assert [(line["number"], line["source"]) for line in lines] == [
        ("1Z5R89390357567127", "text"),
        ("ABCD12EF", "link"),
    ]
    assert run_detect("nothing here") == []
