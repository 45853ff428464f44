"""Map scans that the code tables do not know, by the operators' mappings or built-in phrases; count the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from django.db.models import F, Q
from django.utils import timezone

from tracking.carriers.border_sides import border_side_of
from tracking.carriers.parsed import ParsedAnswer, ParsedScan, ParsedShipment
from tracking.carriers.words import clear_phrases
from tracking.ingest.loaded import NewEvent
from tracking.models import Carrier, TextMapping, UnmappedCode
from tracking.vocabulary import DELIVERED_SCANS, Scan


class CustomMappings:
    """The operators' mappings of some feeds: codes at once, texts when the first unknown scan needs them."""

    def __init__(self, feed_ids: set[int]) -> None:
        self.feed_ids = feed_ids
        mapped = UnmappedCode.objects.filter(carrier__in=feed_ids).exclude(scan="")
        rows = mapped.values_list("carrier_id", "code", "scan")
        self.scans_by_code = {(feed_id, code): scan for feed_id, code, scan in rows}

    @cached_property
    def text_mappings(self) -> list[TextMapping]:
        """Return the text mappings of these feeds and those for all feeds; a feed's own come first."""
        mappings = TextMapping.objects.filter(Q(carrier=None) | Q(carrier__in=self.feed_ids))
        return list(mappings.order_by(F("carrier").desc(nulls_last=True), "pattern"))

    def find_scan(self, feed_id: int, scan: ParsedScan) -> Scan | None:
        """Return the scan to which an operator has mapped a feed's code or text, or None."""
        if mapped := self.scans_by_code.get((feed_id, scan.code[:120])):
            return Scan(mapped)
        matching = (
            mapping
            for mapping in self.text_mappings
            if mapping.carrier_id in (None, feed_id) and mapping.matches(scan.text)
        )
        mapping = next(matching, None)
        return Scan(mapping.scan) if mapping else None


def apply_custom_mappings(parsed: ParsedAnswer, feed_id: int, mappings: CustomMappings | None) -> ParsedAnswer:
    """Return an answer of a feed in which unmapped scans are mapped as far as possible; None: by phrases only."""
    if all(scan.scan is not Scan.UNMAPPED for shipment in parsed.shipments for scan in shipment.scans):
        return parsed
    shipments = (
        shipment._replace(scans=tuple(map_unknown_scan(scan, shipment, feed_id, mappings) for scan in shipment.scans))
        for shipment in parsed.shipments
    )
    return parsed._replace(shipments=tuple(shipments))


def map_unknown_scan(
    scan: ParsedScan, shipment: ParsedShipment, feed_id: int, mappings: CustomMappings | None
) -> ParsedScan:
    """Return a scan mapped by its code or text, or unchanged where nothing matches or its code is known."""
    if scan.scan is not Scan.UNMAPPED:
        return scan
    if mappings and (mapped := mappings.find_scan(feed_id, scan)):
        return scan._replace(scan=mapped)
    country = scan.place.country or leg_country(shipment, scan)
    side = border_side_of(country, shipment.origin, shipment.destination)
    phrase = next(clear_phrases(scan.text, side), None)
    if phrase is None or (phrase.scan in DELIVERED_SCANS and not scan.can_be_delivered):
        return scan
    return scan._replace(scan=phrase.scan, language=scan.language or phrase.language)


def leg_country(shipment: ParsedShipment, scan: ParsedScan) -> str | None:
    """Return the country of a scan's carrier where another carrier brings the parcel there; None for a sole carrier.

    A carrier that has the parcel all the way, such as a national post, reports scans on both sides of the border.
    """
    if len(shipment.legs) < 2 or scan.leg_index >= len(shipment.legs):
        return None
    return shipment.legs[scan.leg_index].country


def count_unmapped_codes(carrier: Carrier, events: Sequence[NewEvent]) -> None:
    """Count the unmapped codes among new events, for the operator to map."""
    unmapped = [event for event in events if event.scan == Scan.UNMAPPED]
    examples = {event.code: event.text[:300] for event in unmapped}
    for code, times in sorted(Counter(event.code for event in unmapped).items()):
        row, _ = UnmappedCode.objects.get_or_create(
            carrier=carrier, code=code, defaults={"example_text": examples[code]}
        )
        UnmappedCode.objects.filter(pk=row.pk).update(
            occurrence_count=F("occurrence_count") + times, last_seen_at=timezone.now()
        )
