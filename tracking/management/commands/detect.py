"""Print which carriers a tracking number may belong to: `manage.py detect "NUMBER OR TEXT" [--destination XX]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tracking.carriers.numbers import FoundNumber, find_numbers


class Command(BaseCommand):
    help = "Print one JSON object a line for every carrier that a number, or each number in a text, may belong to."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--destination", help="the country of destination, as ISO 3166-1 alpha-2")
        parser.add_argument("text", help="a number, a list of numbers, a tracking link, or any text with numbers in it")

    def handle(self, *args: Any, **options: Any) -> None:
        for number in find_numbers(options["text"], destination=options["destination"]):
            for row in candidate_rows(number):
                self.stdout.write(json.dumps(row, ensure_ascii=False))


def candidate_rows(number: FoundNumber) -> list[dict[str, Any]]:
    """Return each candidate carrier of a number as a JSON object, the best first."""
    return [
        {
            "number": candidate.number,
            "carrier": candidate.carrier,
            "format": candidate.format,
            "certainty": candidate.certainty.value,
            "reasons": [reason.value for reason in candidate.reasons],
            "country": candidate.country,
            "source": number.source.value,
        }
        for candidate in number.candidates
    ]
