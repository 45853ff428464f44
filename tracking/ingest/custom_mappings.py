"""What the tables of codes do not know, read as operators have taught it and as the phrase memory knows it."""

from __future__ import annotations

from functools import cached_property

from django.db.models import F, Q

from tracking.carriers.code_tables import border_side_of
from tracking.carriers.parsed import ParsedAnswer, ParsedScan, ParsedShipment
from tracking.carriers.phrases import match_phrase
from tracking.models import TextMapping, UnmappedCode
from tracking.vocabulary import Scan


class CustomMappings:
    """What operators have taught of some feeds: scans by code, and phrases, fetched when words are first unknown."""

    def __init__(self, feed_ids: set[int]) -> None:
        self.feed_ids = feed_ids
        mapped = UnmappedCode.objects.filter(carrier__in=feed_ids).exclude(scan="")
        rows = mapped.values_list("carrier_id", "code", "scan")
        self.scans_by_code = {(carrier, code): scan for carrier, code, scan in rows}

    @cached_property
    def phrases(self) -> list[TextMapping]:
        """Return the phrases of these feeds and of all; one of a feed stands before one of all."""
        found = TextMapping.objects.filter(Q(carrier=None) | Q(carrier__in=self.feed_ids))
        return list(found.order_by(F("carrier").desc(nulls_last=True), "pattern"))

    def find_scan(self, feed_id: int, parsed_scan: ParsedScan) -> Scan | None:
        """Return what a scan of a feed means by its code or its words, if an operator has said so."""
        if lesson := self.scans_by_code.get((feed_id, parsed_scan.code[:120])):
            return Scan(lesson)
        fitting = (one for one in self.phrases if one.carrier_id in (None, feed_id) and one.matches(parsed_scan.text))
        phrase = next(fitting, None)
        return Scan(phrase.scan) if phrase else None


def apply_custom_mappings(parsed: ParsedAnswer, feed_id: int, mappings: CustomMappings) -> ParsedAnswer:
    """Return a reading of a feed in which what our tables do not know is read as operators and the memory know it."""
    if all(scan.scan is not Scan.UNMAPPED for parcel in parsed.shipments for scan in parcel.scans):
        return parsed
    parcels = (
        parcel._replace(scans=tuple(map_unknown_scan(scan, parcel, feed_id, mappings) for scan in parcel.scans))
        for parcel in parsed.shipments
    )
    return parsed._replace(shipments=tuple(parcels))


def map_unknown_scan(
    parsed_scan: ParsedScan, parsed: ParsedShipment, feed_id: int, mappings: CustomMappings
) -> ParsedScan:
    """Return a scan that our tables did not know, by its code or its words if anybody does."""
    if parsed_scan.scan is not Scan.UNMAPPED:
        return parsed_scan
    if lesson := mappings.find_scan(feed_id, parsed_scan):
        return parsed_scan._replace(scan=lesson)
    known = match_phrase(parsed_scan.text, border_side_of(parsed_scan.place.country, parsed.origin, parsed.destination))
    return (
        parsed_scan._replace(scan=known.scan, language=parsed_scan.language or known.language) if known else parsed_scan
    )
