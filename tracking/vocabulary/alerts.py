"""What can be wrong with a parcel, and why."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Severity(TextChoices):
    """How much an alert matters to the buyer."""

    INFO = "info", _("good to know")
    WATCH = "watch", _("we keep an eye on it")
    ACT = "act", _("something has to be done")


class AlertKind(TextChoices):
    """What can be wrong with a parcel, or with our data about it."""

    CUSTOMS_DWELL = "customs_dwell", _("Longer at customs than usual on this route")
    PAPERS_ASKED = "papers_asked", _("Customs asks for documents")
    TAX_ID_ASKED = "tax_id_asked", _("Customs asks for a tax number")
    DUTIES_DUE = "duties_due", _("Duties or taxes must be paid")
    ADDRESS_PROBLEM = "address_problem", _("The address is incomplete or wrong")
    UNREACHABLE = "unreachable", _("The recipient cannot be reached")
    STALLED = "stalled", _("No movement for longer than usual")
    LATE_RISK = "late_risk", _("Likely to be late")
    PROMISE_AT_RISK = "promise_at_risk", _("The promised date is near and it has not arrived")
    ATTEMPTED = "attempted", _("A delivery attempt failed")
    PICKUP_EXPIRING = "pickup_expiring", _("Last days to collect it")
    HELD = "held", _("Held on the way")
    DAMAGED = "damaged", _("Reported as damaged")
    LOST = "lost", _("Reported as lost")
    RETURNING = "returning", _("Going back to the sender")
    DELIVERY_WITHDRAWN = "delivery_withdrawn", _("The carrier took “delivered” back")
    WRONG_COUNTRY = "wrong_country", _("Seen in a country that is not on its route")
    IMPOSSIBLE_TRAVEL = "impossible_travel", _("Two scans too far apart for the time between them")
    TWO_PARCELS = "two_parcels", _("Two parcels seem to share one number")
    FEED_SILENT = "feed_silent", _("Our data feed is silent")


class Cause(TextChoices):
    """The reason of a problem, as found in the carrier's text."""

    PAPERS_MISSING = "papers_missing", _("documents are missing")
    IDENTITY_MISSING = "identity_missing", _("proof of identity is missing")
    TAX_ID_MISSING = "tax_id_missing", _("a tax number is missing")
    DUTIES_UNPAID = "duties_unpaid", _("duties or taxes are not paid")
    ADDRESS_INCOMPLETE = "address_incomplete", _("the address is incomplete or wrong")
    PHONE_MISSING = "phone_missing", _("the phone number is missing or wrong")
    ABSENT = "absent", _("nobody was there")
    REFUSED = "refused", _("the delivery was refused")
    CLOSED = "closed", _("the place was closed")
