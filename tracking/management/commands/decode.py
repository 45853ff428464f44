"""Show how an adapter reads a raw answer: `manage.py decode [--shipments] CARRIER FILE`."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracking.carriers.json_access import UnreadableAnswerError
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedScan, ParsedShipment
from tracking.carriers.registry import ADAPTERS
from tracking.ingest.dedupe import fingerprint
from tracking.journey import JourneyStep, derive_status


class Command(BaseCommand):
    help = "Print one JSON object a line for every scan in a raw answer, or for every number with --shipments."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--shipments", action="store_true", help="print what the scans of each number add up to")
        parser.add_argument("carrier", help=f"one of: {', '.join(sorted(ADAPTERS))}")
        parser.add_argument("file", help="the raw answer; - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        reading = parse_file(options["carrier"], options["file"])
        lines = shipment_lines(reading) if options["shipments"] else scan_lines(reading)
        for line in lines:
            self.stdout.write(json.dumps(line, ensure_ascii=False))
        for refusal in reading.rejected_numbers:
            self.stderr.write(f"{refusal.number or '-'}: {refusal.reason}: {refusal.text}")


def parse_file(carrier: str, path: str) -> ParsedAnswer:
    """Read a file as `carrier` tells it; any obstacle ends the command with status 2 and one line."""
    if carrier not in ADAPTERS:
        raise CommandError(f"no adapter is called {carrier!r}; there are: {', '.join(sorted(ADAPTERS))}", returncode=2)
    try:
        body = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return ADAPTERS[carrier].parse(body, received_at=datetime.now(UTC))
    except OSError as trouble:
        raise CommandError(f"{path}: {trouble.strerror}", returncode=2) from trouble
    except UnreadableAnswerError as trouble:
        raise CommandError(f"{path}: {trouble}", returncode=2) from trouble


def scan_lines(answer: ParsedAnswer) -> list[dict[str, Any]]:
    """Return every scan as the documented object."""
    return [scan_line(parcel, scan) for parcel in answer.shipments for scan in parcel.scans]


def scan_line(shipment: ParsedShipment, scan: ParsedScan) -> dict[str, Any]:
    """Return one scan; `leg` counts from 1 along the carriers of this answer."""
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
    """Return the leg of a scan."""
    return shipment.legs[scan.leg_index] if scan.leg_index < len(shipment.legs) else ParsedLeg("", "", shipment.number)


def shipment_lines(answer: ParsedAnswer) -> list[dict[str, Any]]:
    """Return what the scans of each number add up to."""
    return [shipment_line(parcel) for parcel in answer.shipments]


def shipment_line(shipment: ParsedShipment) -> dict[str, Any]:
    """Return one number's conclusion by the rules of `ingest`: told twice in one answer counts once."""
    scans = {(told.leg_index, fingerprint(told)): told for told in shipment.scans}.values()
    steps = [
        JourneyStep(told.scan, told.time.occurred_at, told.leg_index, sequence, told.place.country)
        for sequence, told in enumerate(scans)
    ]
    found = derive_status(steps, origin=shipment.origin, destination=shipment.destination)
    return {
        "number": shipment.number,
        "milestone": found.milestone.value,
        "overlay": found.overlay.value if found.overlay else None,
        "tracker": shipment.feed_state.value,
        "events": len(steps),
        "first_at": format_utc(found.first_event_at),
        "last_at": format_utc(found.last_event_at),
        "delivered_at": format_utc(found.delivered_at),
        "legs": [{"carrier": leg.carrier or None, "number": leg.number} for leg in shipment.legs],
    }


def format_utc(moment: datetime | None) -> str | None:
    """Write an instant as ISO 8601 in UTC with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
