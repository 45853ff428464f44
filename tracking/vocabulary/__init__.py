"""Enums that every layer shares: milestones, scans, alerts, buyer tasks, notices.

A *scan* is one thing that a carrier reports; a *milestone* is how far the parcel has come. The labels are what buyers
read, translated.
"""

from tracking.vocabulary.alerts import AlertKind, Cause, Severity
from tracking.vocabulary.buyers import BUYER_REQUEST_KINDS, BuyerTaskKind, BuyerTaskState, NoticeKind
from tracking.vocabulary.feeds import FeedState, Precision, ZoneSource
from tracking.vocabulary.journeys import (
    DELIVERED_SCANS,
    MILESTONE_OF_SCAN,
    MILESTONE_RANKS,
    Exclusion,
    JourneyKind,
    JourneyStage,
    Milestone,
    Overlay,
    Scan,
    StatementKind,
    TrackingState,
)
from tracking.vocabulary.scan_meanings import SCAN_MEANINGS
from tracking.vocabulary.shops import Remedy

__all__ = [
    "BUYER_REQUEST_KINDS",
    "DELIVERED_SCANS",
    "MILESTONE_OF_SCAN",
    "MILESTONE_RANKS",
    "SCAN_MEANINGS",
    "AlertKind",
    "BuyerTaskKind",
    "BuyerTaskState",
    "Cause",
    "Exclusion",
    "FeedState",
    "JourneyKind",
    "JourneyStage",
    "Milestone",
    "NoticeKind",
    "Overlay",
    "Precision",
    "Remedy",
    "Scan",
    "Severity",
    "StatementKind",
    "TrackingState",
    "ZoneSource",
]
