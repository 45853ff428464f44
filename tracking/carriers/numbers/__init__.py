"""Tracking numbers: whose they are, and where they stand in a text."""

from tracking.carriers.numbers.candidates import Candidate, Certainty, Found, Reason, Source
from tracking.carriers.numbers.detection import detect
from tracking.carriers.numbers.finding import find

__all__ = ["Candidate", "Certainty", "Found", "Reason", "Source", "detect", "find"]
