"""Print how a raw answer is read: `manage.py decode [--shipments | --details] CARRIER FILE`.

Unknown codes and texts are mapped as in `ingest`: by the operators' mappings, then by the built-in phrases.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError

from tracking.carriers.details.collect import collect_details
from tracking.carriers.details.stored import details_as_json
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedScan, ParsedShipment
from tracking.carriers.parsing.json_access import UnreadableAnswerError
from tracking.carriers.registry import ADAPTERS
from tracking.ingest.custom_mappings import CustomMappings, apply_custom_mappings
from tracking.ingest.matching import distinct_scans
from tracking.journey import JourneyStep, derive_status
from tracking.models import Carrier


class Command(BaseCommand):
    help = "Print one JSON object a line for every scan, or for every number with --shipments or --details."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        kind = parser.add_mutually_exclusive_group()
        kind.add_argument("--shipments", action="store_true", help="print what the scans of each number add up to")
        kind.add_argument("--details", action="store_true", help="print pick-up point, proof of delivery and the like")
        parser.add_argument("carrier", help=f"one of: {', '.join(sorted(ADAPTERS))}")
        parser.add_argument("file", help="the raw answer; - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        answer = self.map_as_ingest(parse_file(options["carrier"], options["file"]), options["carrier"])
        for line in lines_of(answer, options):
            self.stdout.write(json.dumps(line, ensure_ascii=False))
        for rejected in answer.rejected_numbers:
            self.stderr.write(f"{rejected.number or '-'}: {rejected.reason}: {rejected.text}")

    def map_as_ingest(self, answer: ParsedAnswer, slug: str) -> ParsedAnswer:
        """Map unknown codes and texts as `ingest` does; without a database by the built-in tables alone."""
        try:
            feed = Carrier.objects.filter(slug=slug).first()
            if feed is None:
                return apply_custom_mappings(answer, 0, None)
            return apply_custom_mappings(answer, feed.pk, CustomMappings({feed.pk}))
        except (DatabaseError, InterfaceError, ImproperlyConfigured) as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            self.stderr.write(f"no database, so without the operators' mappings: {reason}")
            return apply_custom_mappings(answer, 0, None)


def parse_file(carrier: str, path: str) -> ParsedAnswer:
    """Parse a file with the adapter of `carrier`; an error ends the command with one line and status 2."""
    if carrier not in ADAPTERS:
        raise CommandError(f"no adapter is called {carrier!r}; there are: {', '.join(sorted(ADAPTERS))}", returncode=2)
    try:
        body = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return ADAPTERS[carrier].parse(body, received_at=datetime.now(UTC)).with_newest_results()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=2) from error
    except UnreadableAnswerError as error:
        raise CommandError(f"{path}: {error}", returncode=2) from error


def lines_of(answer: ParsedAnswer, options: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the options ask to print."""
    if options["details"]:
        return details_lines(answer)
    return shipment_lines(answer) if options["shipments"] else scan_lines(answer)


def scan_lines(answer: ParsedAnswer) -> list[dict[str, Any]]:
    """Return every scan of an answer as a JSON object."""
    return [scan_line(shipment, scan) for shipment in answer.shipments for scan in shipment.scans]


def scan_line(shipment: ParsedShipment, scan: ParsedScan) -> dict[str, Any]:
    """Return one scan as a JSON object; its `leg` counts the carriers of the answer from 1."""
    leg = leg_of(shipment, scan)
    return {
        "number": shipment.number,
        "leg": scan.leg_index + 1,
        "carrier": leg.carrier or None,
        "at": format_utc(scan.time.occurred_at),
        "local": scan.time.local_time.isoformat() if scan.time.local_time else None,
        "offset_minutes": scan.time.offset_minutes,
        "precision": scan.time.precision.value,
        "zone_source": scan.time.zone_source.value,
        "scan": scan.scan.value,
        "milestone": scan.scan.milestone.value if scan.scan.milestone else None,
        "place": scan.place._asdict(),
        "code": scan.code,
        "words": scan.text,
    }


def leg_of(shipment: ParsedShipment, scan: ParsedScan) -> ParsedLeg:
    """Return the leg of a scan; a leg without a carrier where the answer names none."""
    return shipment.legs[scan.leg_index] if scan.leg_index < len(shipment.legs) else ParsedLeg("", "", shipment.number)


def shipment_lines(answer: ParsedAnswer) -> list[dict[str, Any]]:
    """Return the status of each number of an answer as a JSON object."""
    return [shipment_line(shipment) for shipment in answer.shipments]


def shipment_line(shipment: ParsedShipment) -> dict[str, Any]:
    """Return the status of one number as a JSON object. As in `ingest`, a scan that is repeated counts once."""
    scans = distinct_scans(shipment.scans)
    steps = [
        JourneyStep(
            scan.scan,
            scan.time.occurred_at,
            scan.leg_index,
            sequence,
            scan.place.country,
            scan.time.offset_minutes,
            scan.time.local_time.isoformat() if scan.time.local_time else "",
            scan.time.precision,
            city=scan.place.city or scan.place.text,
            zone=scan.time.zone or "",
        )
        for sequence, scan in enumerate(scans)
    ]
    status = derive_status(steps, origin=shipment.origin, destination=shipment.destination, now=datetime.now(UTC))
    return {
        "number": shipment.number,
        "milestone": status.milestone.value,
        "overlay": status.overlay.value if status.overlay else None,
        "tracker": shipment.feed_state.value,
        "events": len(steps),
        "first_at": format_utc(status.first_event_at),
        "last_at": format_utc(status.last_event_at),
        "delivered_at": format_utc(status.delivered_at),
        "delivered_on": status.delivered_on.isoformat() if status.delivered_on else None,
        "journey": status.journey.value,
        "legs": [{"carrier": leg.carrier or None, "number": leg.number} for leg in shipment.legs],
    }


def details_lines(answer: ParsedAnswer) -> list[dict[str, Any]]:
    """Return what an answer tells of each number beside its scans, as a JSON object."""
    return [
        {"number": shipment.number, "details": details_as_json(collect_details(shipment))}
        for shipment in answer.shipments
    ]


def format_utc(instant: datetime | None) -> str | None:
    """Format an instant as ISO 8601 in UTC, ending in Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant else None
