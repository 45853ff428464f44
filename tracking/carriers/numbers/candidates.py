"""The result of detection: a carrier that a number may belong to, how certain that is, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Certainty(StrEnum):
    """How well a number fits a carrier."""

    CHECKED = "checked"
    """Format and check digit match, or a link names the carrier."""
    DISTINCTIVE = "shaped"
    """The format points to this carrier; it has no check digit."""
    WEAK = "loose"
    """Many carriers use the format, or the check digit is wrong."""


class MatchReason(StrEnum):
    """Why a carrier is a candidate, as stable identifiers."""

    LINK = "link"
    NAMED_IN_TEXT = "named_in_text"
    CHECK_DIGIT = "check_digit"
    CHECK_DIGIT_WRONG = "check_digit_wrong"
    SHAPE = "shape"
    ORIGIN_COUNTRY = "origin_country"
    """The number contains the country whose post issued it."""
    DESTINATION = "destination"
    """The carrier delivers in the country of destination."""
    SHOP_HISTORY = "shop_history"
    """The shop has used this carrier before."""
    COLLISION = "collision"
    """Another carrier's format matches with the same certainty."""


class CarrierCandidate(NamedTuple):
    """One carrier that a number may belong to."""

    carrier: str
    number: str
    """As the carrier writes it: capitals, no spaces or dashes, without what only the barcode adds."""
    format: str
    certainty: Certainty
    reasons: tuple[MatchReason, ...]
    country: str | None
    """The country of origin in the number itself, ISO 3166-1 alpha-2."""
    score: float
    """For ranking only."""

    @property
    def has_wrong_check_digit(self) -> bool:
        """Return whether the number has this carrier's format but a wrong check digit."""
        return MatchReason.CHECK_DIGIT_WRONG in self.reasons


class NumberSource(StrEnum):
    """Where in the text a number was found."""

    LINK = "link"
    """In a tracking link."""
    TEXT = "text"
    """Among other text."""
    STANDALONE = "bare"
    """Alone, or in a list of nothing but numbers."""


class FoundNumber(NamedTuple):
    """A number found in a text, with its candidates, best first."""

    number: str
    candidates: tuple[CarrierCandidate, ...]
    source: NumberSource
