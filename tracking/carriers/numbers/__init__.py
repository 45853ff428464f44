"""Tracking numbers: detect their carriers, and find them in a text."""

from tracking.carriers.numbers.candidates import CarrierCandidate, Certainty, FoundNumber, MatchReason, NumberSource
from tracking.carriers.numbers.detection import detect_carriers
from tracking.carriers.numbers.search import find_numbers

__all__ = [
    "CarrierCandidate",
    "Certainty",
    "FoundNumber",
    "MatchReason",
    "NumberSource",
    "detect_carriers",
    "find_numbers",
]
