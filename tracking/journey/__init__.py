"""Conclude from the scans of a parcel how far it is, and on which of its journeys. Pure: no database."""

from tracking.journey.conclusion import JourneySummary, ShipmentStatus, derive_sorted_status, derive_status
from tracking.journey.number_use import OrderTime
from tracking.journey.stages import stage_times
from tracking.journey.statements import build_statement_step
from tracking.journey.steps import JourneyStep

__all__ = [
    "JourneyStep",
    "JourneySummary",
    "OrderTime",
    "ShipmentStatus",
    "build_statement_step",
    "derive_sorted_status",
    "derive_status",
    "stage_times",
]
