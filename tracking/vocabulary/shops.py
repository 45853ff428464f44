"""What a shop does for the buyer of a parcel that went wrong."""

from __future__ import annotations

from enum import StrEnum


class Remedy(StrEnum):
    """What a shop does about a lost, damaged or returned parcel. `UNSAID`: the shop has said nothing."""

    UNSAID = ""
    REPLACEMENT = "replacement"
    REFUND = "refund"
    BUYERS_CHOICE = "choice"
