"""What detection answers: a carrier that a number may belong to, how sure that is, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Certainty(StrEnum):
    """How well a number fits a carrier."""

    CHECKED = "checked"
    """The shape and the check digit agree, or a link names the carrier."""
    DISTINCTIVE = "shaped"
    """The shape is the carrier's own; there is nothing to check."""
    WEAK = "loose"
    """The shape fits many carriers, or the check digit is wrong."""


class MatchReason(StrEnum):
    """Why a carrier is named, in machine words."""

    LINK = "link"
    NAMED_IN_TEXT = "named_in_text"
    CHECK_DIGIT = "check_digit"
    CHECK_DIGIT_WRONG = "check_digit_wrong"
    SHAPE = "shape"
    ORIGIN_COUNTRY = "origin_country"
    """The number names the country whose post issued it."""
    DESTINATION = "destination"
    """The carrier delivers in the country of destination."""
    SHOP_HISTORY = "shop_history"
    """The shop has sent with this carrier before."""
    COLLISION = "collision"
    """Another carrier's format fits just as well."""


class CarrierCandidate(NamedTuple):
    """One carrier that a number may belong to."""

    carrier: str
    number: str
    """As the carrier writes it: capitals, no blanks or dashes, without what only the barcode adds."""
    format: str
    certainty: Certainty
    reasons: tuple[MatchReason, ...]
    country: str | None
    """The ISO 3166-1 alpha-2 code that the number itself names as its origin."""
    score: float
    """For ranking only."""

    @property
    def has_wrong_check_digit(self) -> bool:
        """Say whether the number looks like this carrier's with a wrong digit."""
        return MatchReason.CHECK_DIGIT_WRONG in self.reasons


class NumberSource(StrEnum):
    """Where a number stood."""

    LINK = "link"
    """In a tracking address."""
    TEXT = "text"
    """Among other words."""
    STANDALONE = "bare"
    """Alone, or in a list of nothing but numbers."""


class FoundNumber(NamedTuple):
    """A number in a text, and whose it may be."""

    number: str
    candidates: tuple[CarrierCandidate, ...]
    source: NumberSource
