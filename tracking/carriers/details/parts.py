"""The typed details of a delivery that answers hold beside their scans.

`scan_at` of a part is the time of the scan that it belongs to (its instant, else its local time as if in UTC); None for
a field about the whole shipment. Texts hold no person's name: of persons only initials are kept, of neighbours only
house number and floor.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple


class LeftWithKind(StrEnum):
    """With whom, or where, a parcel was left instead of with its recipient."""

    NEIGHBOUR = "neighbour"
    SAFE_PLACE = "safe_place"


class CustomsDocument(StrEnum):
    """A document or an answer that customs can ask for."""

    INVOICE = "invoice"
    PROOF_OF_PAYMENT = "proof_of_payment"
    TAX_ID = "tax_id"
    DESCRIPTION = "description"
    IDENTITY = "identity"
    POWER_OF_ATTORNEY = "power_of_attorney"
    LICENCE = "licence"
    ORIGIN = "origin"


class PickupPoint(NamedTuple):
    """Where a parcel waits to be collected; `last_day` is the last day on which it can be."""

    name: str = ""
    address: str = ""
    opening_hours: str = ""
    code: str = ""
    last_day: date | None = None
    scan_at: datetime | None = None


class ProofOfDelivery(NamedTuple):
    """What proves a delivery. The proof itself is never stored; `received_by` holds initials."""

    has_photo: bool = False
    has_signature: bool = False
    received_by: str = ""
    scan_at: datetime | None = None


class LeftWith(NamedTuple):
    """A neighbour, by house number and floor, or a safe place in the carrier's word, such as `garage`."""

    kind: LeftWithKind
    house_number: str = ""
    floor: str = ""
    place: str = ""
    scan_at: datetime | None = None


class AttemptCount(NamedTuple):
    """How often a delivery was attempted, 1 to 9."""

    number: int
    scan_at: datetime | None = None


class DutyDemand(NamedTuple):
    """Duties or import taxes to pay; `currency` is an ISO 4217 code, `link` where to pay. `is_paid` ends a demand."""

    amount: Decimal | None = None
    currency: str = ""
    link: str = ""
    is_paid: bool = False
    scan_at: datetime | None = None


class DriverWindow(NamedTuple):
    """When the driver comes, by the clock of the place of delivery."""

    day: date
    starts: time
    ends: time
    scan_at: datetime | None = None


class CustomsDocuments(NamedTuple):
    """The documents that customs names; none once they were received."""

    kinds: tuple[CustomsDocument, ...] = ()
    scan_at: datetime | None = None


class DeliveryDetails(NamedTuple):
    """All details that one answer holds; None where it says nothing."""

    pickup_point: PickupPoint | None = None
    proof: ProofOfDelivery | None = None
    left_with: LeftWith | None = None
    attempts: AttemptCount | None = None
    duty: DutyDemand | None = None
    window: DriverWindow | None = None
    documents: CustomsDocuments | None = None


DetailPart = PickupPoint | ProofOfDelivery | LeftWith | AttemptCount | DutyDemand | DriverWindow | CustomsDocuments
NO_DETAILS: Final = DeliveryDetails()
