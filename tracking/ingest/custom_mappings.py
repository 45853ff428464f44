"""What the tables of codes do not know, read as operators have taught it and as the phrase memory knows it."""

from __future__ import annotations

from functools import cached_property

from django.db.models import F, Q

from tracking.carriers.mapping import side_of
from tracking.carriers.parsed import Reading, ToldParcel, ToldScan
from tracking.carriers.phrases import meaning
from tracking.models import Phrase, UnmappedCode
from tracking.vocabulary import Scan


class Lessons:
    """What operators have taught of some feeds: scans by code, and phrases, fetched when words are first unknown."""

    def __init__(self, carriers: set[int]) -> None:
        self.carriers = carriers
        mapped = UnmappedCode.objects.filter(carrier__in=carriers).exclude(scan="")
        rows = mapped.values_list("carrier_id", "code", "scan")
        self.codes = {(carrier, code): scan for carrier, code, scan in rows}

    @cached_property
    def phrases(self) -> list[Phrase]:
        """Return the phrases of these feeds and of all; one of a feed stands before one of all."""
        found = Phrase.objects.filter(Q(carrier=None) | Q(carrier__in=self.carriers))
        return list(found.order_by(F("carrier").desc(nulls_last=True), "words"))

    def scan_of(self, carrier: int, scan: ToldScan) -> Scan | None:
        """Return what a scan of a feed means by its code or its words, if an operator has said so."""
        if lesson := self.codes.get((carrier, scan.code[:120])):
            return Scan(lesson)
        fitting = (one for one in self.phrases if one.carrier_id in (None, carrier) and one.fits(scan.words))
        phrase = next(fitting, None)
        return Scan(phrase.scan) if phrase else None


def taught(reading: Reading, carrier: int, lessons: Lessons) -> Reading:
    """Return a reading of a feed in which what our tables do not know is read as operators and the memory know it."""
    if all(scan.scan is not Scan.UNMAPPED for parcel in reading.parcels for scan in parcel.scans):
        return reading
    parcels = (
        parcel._replace(scans=tuple(learned(scan, parcel, carrier, lessons) for scan in parcel.scans))
        for parcel in reading.parcels
    )
    return reading._replace(parcels=tuple(parcels))


def learned(scan: ToldScan, parcel: ToldParcel, carrier: int, lessons: Lessons) -> ToldScan:
    """Return a scan that our tables did not know, by its code or its words if anybody does."""
    if scan.scan is not Scan.UNMAPPED:
        return scan
    if lesson := lessons.scan_of(carrier, scan):
        return scan._replace(scan=lesson)
    known = meaning(scan.words, side_of(scan.place.country, parcel.origin, parcel.destination))
    return scan._replace(scan=known.scan, lang=scan.lang or known.lang) if known else scan
