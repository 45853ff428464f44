"""Whose number is this? `python manage.py detect "NUMBER OR TEXT" [--destination XX]`."""

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
        for found in find_numbers(options["text"], destination=options["destination"]):
            for line in candidate_rows(found):
                self.stdout.write(json.dumps(line, ensure_ascii=False))


def candidate_rows(found: FoundNumber) -> list[dict[str, Any]]:
    """Return every candidate of a number as the documented object, best first."""
    return [
        {
            "number": candidate.number,
            "carrier": candidate.carrier,
            "format": candidate.format,
            "certainty": candidate.certainty.value,
            "reasons": [reason.value for reason in candidate.reasons],
            "country": candidate.country,
            "source": found.source.value,
        }
        for candidate in found.candidates
    ]
