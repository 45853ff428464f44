"""The sentences of each state. What stands between two bars is the big part of a headline: it is never broken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracking.carriers.details.parts import CustomsDocument
from tracking.page_state.states import StateKind, StepName, StepState
from tracking.vocabulary import Scan

CHIPS: Final[Mapping[StateKind, Promise]] = {
    StateKind.NO_NUMBER: _("Being prepared"),
    StateKind.NUMBER_UNKNOWN: _("Waiting for the first scan"),
    StateKind.ONLY_EARLIER_USE: _("Waiting for the first scan"),
    StateKind.LABEL_ONLY: _("Packed, not handed over yet"),
    StateKind.UNTRACKED: _("On the way"),
    StateKind.ON_THE_WAY: _("On the way"),
    StateKind.NO_DATE: _("On the way"),
    StateKind.AT_CUSTOMS: _("At customs"),
    StateKind.OUT_FOR_DELIVERY: _("With the courier"),
    StateKind.READY_TO_COLLECT: _("Ready to collect"),
    StateKind.SENT_AGAIN: _("Second journey"),
    StateKind.TWO_PARCELS: _("One number, two parcels"),
    StateKind.LOST: _("Lost"),
    StateKind.DELIVERY_WITHDRAWN: _("Not delivered after all"),
    StateKind.DAMAGED: _("Damaged"),
    StateKind.RETURNING: _("On its way back"),
    StateKind.CUSTOMS_ASKS: _("At customs"),
    StateKind.DUTIES_DUE: _("At customs"),
    StateKind.ADDRESS_PROBLEM: _("Waiting for your address"),
    StateKind.ATTEMPT_FAILED: _("Delivery tried"),
    StateKind.PICKUP_EXPIRING: _("Ready to collect"),
    StateKind.PICKUP_EXPIRED: _("Not collected in time"),
    StateKind.HELD_AT_EXPORT: _("Waiting to leave"),
    StateKind.CUSTOMS_INSPECTION: _("Customs is inspecting it"),
    StateKind.HELD_UP: _("Held up"),
    StateKind.DELAYED: _("Delayed"),
    StateKind.STALLED: _("No news"),
    StateKind.DELIVERED: _("Delivered"),
    StateKind.WITH_NEIGHBOUR: _("Delivered"),
    StateKind.IN_SAFE_PLACE: _("Delivered"),
    StateKind.COLLECTED: _("Collected"),
    StateKind.NOT_RECEIVED: _("We are looking for it"),
    StateKind.RETURNED: _("Returned"),
    StateKind.SENT_BACK: _("Sent back by you"),
    StateKind.CANCELLED: _("Cancelled"),
}
WINDOW_MESSAGES: Final[Mapping[StateKind, Promise]] = {
    StateKind.ON_THE_WAY: _("Arrives |%(days)s|"),
    StateKind.AT_CUSTOMS: _("Arrives |%(days)s|"),
    StateKind.CUSTOMS_INSPECTION: _("Arrives |%(days)s|"),
    StateKind.OUT_FOR_DELIVERY: _("Arrives |%(days)s|"),
    StateKind.SENT_AGAIN: _("Sent again. Arrives |%(days)s|"),
    StateKind.UNTRACKED: _("Sent without tracking. Usually here |%(days)s|"),
    StateKind.DELAYED: _("Now arrives |%(days)s|"),
    StateKind.CUSTOMS_ASKS: _("Answer today and it arrives |%(days)s|"),
    StateKind.DUTIES_DUE: _("Pay today and it arrives |%(days)s|"),
    StateKind.ADDRESS_PROBLEM: _("Answer today and it arrives |%(days)s|"),
}
"""Headlines with the window of arrival."""
HOURS_MESSAGE: Final = _("Arrives today between |%(first)s and %(last)s|")
DAY_MESSAGES: Final[Mapping[StateKind, tuple[Promise, Promise]]] = {
    StateKind.DELIVERED: (_("Delivered |%(day)s|"), _("Delivered")),
    StateKind.WITH_NEIGHBOUR: (_("Your neighbour has it since |%(day)s|"), _("Your neighbour has it")),
    StateKind.IN_SAFE_PLACE: (_("Left for you in a safe place |%(day)s|"), _("Left for you in a safe place")),
    StateKind.COLLECTED: (_("Collected |%(day)s|"), _("Collected")),
    StateKind.RETURNED: (_("Back at %(shop)s since |%(day)s|"), _("Back at |%(shop)s|")),
    StateKind.SENT_BACK: (_("Back at %(shop)s since |%(day)s|"), _("On its way back to |%(shop)s|")),
    StateKind.CANCELLED: (_("Cancelled |%(day)s|"), _("Cancelled")),
    StateKind.DELIVERY_WITHDRAWN: (
        _("%(carrier)s took “delivered” back on %(day)s. |It is under way again|"),
        _("%(carrier)s took “delivered” back. |It is under way again|"),
    ),
    StateKind.READY_TO_COLLECT: (_("Collect by |%(day)s|"), _("Ready to collect")),
    StateKind.PICKUP_EXPIRING: (_("Collect by |%(day)s|"), _("Collect it |soon|")),
    StateKind.PICKUP_EXPIRED: (_("Too late to collect. The last day was |%(day)s|"), _("Too late to collect")),
    StateKind.ATTEMPT_FAILED: (_("%(carrier)s tried to deliver it on |%(day)s|"), _("Delivery tried without success")),
    StateKind.NOT_RECEIVED: (_("We are looking for it. Please answer by |%(day)s|"), _("We are looking for it")),
}
"""Headlines about a day, and the same where the day is unknown."""
PLAIN_MESSAGES: Final[Mapping[StateKind, Promise]] = {
    StateKind.NO_NUMBER: _("Your parcel has no tracking number yet"),
    StateKind.NUMBER_UNKNOWN: _("%(carrier)s does not know the number yet"),
    StateKind.ONLY_EARLIER_USE: _("%(carrier)s has not started with this parcel yet"),
    StateKind.LABEL_ONLY: _("Your arrival date appears |after the first scan|"),
    StateKind.UNTRACKED: _("Sent without tracking"),
    StateKind.NO_DATE: _("Your arrival date appears |after the next scan|"),
    StateKind.OUT_FOR_DELIVERY: _("Arrives |today|"),
    StateKind.TWO_PARCELS: _("Two parcels carry this number. |Yours goes to %(destination)s|"),
    StateKind.LOST: _("%(carrier)s |cannot find it|"),
    StateKind.DAMAGED: _("It was damaged |on the way|"),
    StateKind.RETURNING: _("On its way back to |%(shop)s|"),
    StateKind.CUSTOMS_ASKS: _("Customs needs |documents or information|"),
    StateKind.DUTIES_DUE: _("Duty or tax |must be paid first|"),
    StateKind.ADDRESS_PROBLEM: _("%(carrier)s needs |your full address|"),
    StateKind.HELD_AT_EXPORT: _("Waiting to leave |%(origin)s|"),
    StateKind.CUSTOMS_INSPECTION: _("Customs |is inspecting it|"),
    StateKind.HELD_UP: _("It is held up |on the way|"),
    StateKind.DELAYED: _("It comes |later than expected|"),
    StateKind.STALLED: _("Quiet for |longer than usual|"),
}
"""Headlines without a date, for states that have none and for those whose window is unknown."""
DUTY_MESSAGE: Final = _("Pay %(amount)s duty |to %(carrier)s|")
EXPLANATIONS: Final[Mapping[StateKind, Promise]] = {
    StateKind.NO_NUMBER: _("News of your parcel begins once %(shop)s enters its number."),
    StateKind.NUMBER_UNKNOWN: _("A new parcel can take a day or two to appear. We keep looking."),
    StateKind.ONLY_EARLIER_USE: _("The number was used before. Those events are not about your parcel."),
    StateKind.LABEL_ONLY: _("The label is made. %(shop)s hands the parcel to the carrier next."),
    StateKind.UNTRACKED: _("There is no news on the way: this service reports no scans."),
    StateKind.NO_DATE: _("Parcels on this route differ too much right now to name a date."),
    StateKind.OUT_FOR_DELIVERY: _("The courier has it on the round today."),
    StateKind.READY_TO_COLLECT: _("Bring an ID with the name on the label."),
    StateKind.TWO_PARCELS: _("We show only the events that fit your route."),
    StateKind.DELIVERY_WITHDRAWN: _("We show what the carrier says now, and tell you when it is really there."),
    StateKind.LOST: _("The carrier has stopped looking for it."),
    StateKind.DAMAGED: _("The carrier reported the damage itself."),
    StateKind.RETURNING: _("It could not be delivered, or somebody stopped it."),
    StateKind.CUSTOMS_ASKS: _("It waits at customs until this is settled."),
    StateKind.DUTIES_DUE: _("Pay only on the carrier's own site. We never take money."),
    StateKind.ADDRESS_PROBLEM: _("It waits at the depot until the address is complete."),
    StateKind.ATTEMPT_FAILED: _("The carrier usually tries again on the next working day."),
    StateKind.PICKUP_EXPIRING: _("After that it goes back to the sender."),
    StateKind.PICKUP_EXPIRED: _("It goes back to the sender soon. Call the pick-up point today."),
    StateKind.HELD_AT_EXPORT: _("The shop and the carrier settle this. Nothing for you to do."),
    StateKind.CUSTOMS_INSPECTION: _("Customs takes a closer look. Nothing for you to do."),
    StateKind.DELAYED: _("We update the date with every scan."),
    StateKind.STALLED: _("We keep asking the carrier and tell you as soon as it moves."),
    StateKind.WITH_NEIGHBOUR: _("The carrier handed it to somebody near you."),
    StateKind.NOT_RECEIVED: _("The carrier says it was delivered; you say it was not. The carrier has been asked."),
    StateKind.RETURNED: _("Nothing is lost: it is back with the sender."),
}
"""One sentence below the headline. A state that is missing here says everything in its headline."""
REASONS: Final[Mapping[Scan, Promise]] = {
    Scan.DELIVERY_ATTEMPT_FAILED_ABSENT: _("Nobody was home."),
    Scan.DELIVERY_ATTEMPT_FAILED_REFUSED: _("The carrier says that it was refused."),
    Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS: _("The address was a problem."),
}
"""Why a delivery did not work."""
DOCUMENT_NAMES: Final[Mapping[CustomsDocument, Promise]] = {
    CustomsDocument.INVOICE: _("Invoice"),
    CustomsDocument.PROOF_OF_PAYMENT: _("Proof of payment"),
    CustomsDocument.TAX_ID: _("Tax number"),
    CustomsDocument.DESCRIPTION: _("What it is and what you will use it for"),
    CustomsDocument.IDENTITY: _("Proof of identity"),
    CustomsDocument.POWER_OF_ATTORNEY: _("Power of attorney for the carrier"),
    CustomsDocument.LICENCE: _("Import licence"),
    CustomsDocument.ORIGIN: _("Proof of origin"),
}
"""The documents that customs asks for, by name."""
STEP_NAMES: Final[Mapping[StepName, Promise]] = {
    StepName.PREPARED: _("Prepared"),
    StepName.SHIPPED: _("Shipped"),
    StepName.BETWEEN_COUNTRIES: _("Between countries"),
    StepName.CUSTOMS: _("Customs"),
    StepName.LOCAL_DELIVERY: _("Local delivery"),
    StepName.AT_PICKUP_POINT: _("At the pick-up point"),
    StepName.DELIVERED: _("Delivered"),
    StepName.COLLECTED: _("Collected"),
    StepName.CHECKING: _("Checking"),
    StepName.TURNED_BACK: _("Turned back"),
    StepName.WAY_BACK: _("Way back"),
    StepName.AT_THE_SHOP: _("At the shop"),
}
"""The steps of the progress, by name."""
STEP_WORDS: Final[Mapping[StepState, Promise]] = {
    StepState.DONE: _("done"),
    StepState.NOW: _("now"),
    StepState.STOPPED: _("it stopped here"),
    StepState.NEXT: _("to come"),
    StepState.AHEAD: _("to come"),
    StepState.OFF: _("not expected"),
}
"""How far a step is."""
