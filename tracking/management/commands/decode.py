"""Show how an adapter reads a raw answer: `manage.py decode [--shipments] CARRIER FILE`."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracking.carriers.json_access import UnreadableAnswer
from tracking.carriers.parsed import Reading, ToldLeg, ToldParcel, ToldScan
from tracking.carriers.registry import ADAPTERS
from tracking.ingest.dedupe import fingerprint
from tracking.journey import Step, conclude


class Command(BaseCommand):
    help = "Print one JSON object a line for every scan in a raw answer, or for every number with --shipments."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--shipments", action="store_true", help="print what the scans of each number add up to")
        parser.add_argument("carrier", help=f"one of: {', '.join(sorted(ADAPTERS))}")
        parser.add_argument("file", help="the raw answer; - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        reading = read(options["carrier"], options["file"])
        lines = shipment_lines(reading) if options["shipments"] else scan_lines(reading)
        for line in lines:
            self.stdout.write(json.dumps(line, ensure_ascii=False))
        for refusal in reading.refusals:
            self.stderr.write(f"{refusal.number or '-'}: {refusal.reason}: {refusal.words}")


def read(carrier: str, file: str) -> Reading:
    """Read a file as `carrier` tells it; any obstacle ends the command with status 2 and one line."""
    if carrier not in ADAPTERS:
        raise CommandError(f"no adapter is called {carrier!r}; there are: {', '.join(sorted(ADAPTERS))}", returncode=2)
    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return ADAPTERS[carrier].parse(body, heard_at=datetime.now(UTC))
    except OSError as trouble:
        raise CommandError(f"{file}: {trouble.strerror}", returncode=2) from trouble
    except UnreadableAnswer as trouble:
        raise CommandError(f"{file}: {trouble}", returncode=2) from trouble


def scan_lines(reading: Reading) -> list[dict[str, Any]]:
    """Return every scan as the documented object."""
    return [scan_line(parcel, scan) for parcel in reading.parcels for scan in parcel.scans]


def scan_line(parcel: ToldParcel, told: ToldScan) -> dict[str, Any]:
    """Return one scan; `leg` counts from 1 along the carriers of this answer."""
    leg = leg_of(parcel, told)
    return {
        "number": parcel.number,
        "leg": told.leg + 1,
        "carrier": leg.carrier or None,
        "at": utc(told.when.at),
        "local": told.when.local.isoformat() if told.when.local else None,
        "offset_minutes": told.when.offset_minutes,
        "precision": told.when.precision.value,
        "zone_source": told.when.zone_source.value,
        "scan": told.scan.value,
        "milestone": told.scan.milestone.value if told.scan.milestone else None,
        "place": told.place._asdict(),
        "code": told.code,
        "words": told.words,
    }


def leg_of(parcel: ToldParcel, told: ToldScan) -> ToldLeg:
    """Return the leg of a scan."""
    return parcel.legs[told.leg] if told.leg < len(parcel.legs) else ToldLeg("", "", parcel.number)


def shipment_lines(reading: Reading) -> list[dict[str, Any]]:
    """Return what the scans of each number add up to."""
    return [shipment_line(parcel) for parcel in reading.parcels]


def shipment_line(parcel: ToldParcel) -> dict[str, Any]:
    """Return one number's conclusion by the rules of `ingest`: told twice in one answer counts once."""
    scans = {(told.leg, fingerprint(told)): told for told in parcel.scans}.values()
    steps = [
        Step(told.scan, told.when.at, told.leg, sequence, told.place.country) for sequence, told in enumerate(scans)
    ]
    found = conclude(steps, origin=parcel.origin, destination=parcel.destination)
    return {
        "number": parcel.number,
        "milestone": found.milestone.value,
        "overlay": found.overlay.value if found.overlay else None,
        "tracker": parcel.tracker.value,
        "events": len(steps),
        "first_at": utc(found.first_at),
        "last_at": utc(found.last_at),
        "delivered_at": utc(found.delivered_at),
        "legs": [{"carrier": leg.carrier or None, "number": leg.number} for leg in parcel.legs],
    }


def utc(moment: datetime | None) -> str | None:
    """Write an instant as ISO 8601 in UTC with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
