"""What an open alert adds to the answer of a parcel: what is unusual about it, and what helps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tracking.localization.reader import Reader
from tracking.models import Shipment
from tracking.page_state.alert_texts import explain_alert
from tracking.page_state.facts import ParcelFacts
from tracking.page_state.states import StateKind
from tracking.vocabulary import AlertKind

TRAVELLING: Final = (AlertKind.WRONG_COUNTRY, AlertKind.CUSTOMS_DWELL)
ALERTS_OF_STATE: Final[Mapping[StateKind, tuple[AlertKind, ...]]] = {
    StateKind.ON_THE_WAY: TRAVELLING,
    StateKind.NO_DATE: TRAVELLING,
    StateKind.AT_CUSTOMS: TRAVELLING,
    StateKind.SENT_AGAIN: TRAVELLING,
    StateKind.CUSTOMS_INSPECTION: (AlertKind.CUSTOMS_DWELL, AlertKind.HELD),
    StateKind.CUSTOMS_ASKS: (AlertKind.PAPERS_ASKED, AlertKind.TAX_ID_ASKED),
    StateKind.DUTIES_DUE: (AlertKind.DUTIES_DUE,),
    StateKind.ADDRESS_PROBLEM: (AlertKind.ADDRESS_PROBLEM, AlertKind.UNREACHABLE),
    StateKind.ATTEMPT_FAILED: (AlertKind.UNREACHABLE, AlertKind.ATTEMPTED),
    StateKind.PICKUP_EXPIRING: (AlertKind.PICKUP_EXPIRING,),
    StateKind.HELD_UP: (AlertKind.HELD, AlertKind.WRONG_COUNTRY),
    StateKind.HELD_AT_EXPORT: (AlertKind.HELD,),
    StateKind.DELAYED: (AlertKind.PROMISE_AT_RISK, AlertKind.LATE_RISK),
    StateKind.STALLED: (AlertKind.STALLED,),
    StateKind.DAMAGED: (AlertKind.DAMAGED,),
    StateKind.LOST: (AlertKind.LOST,),
}
"""The alerts that explain each state, the most telling first."""
ADVICE_NAMES_SHOP: Final = frozenset(
    {
        *(AlertKind.PAPERS_ASKED, AlertKind.TAX_ID_ASKED, AlertKind.ADDRESS_PROBLEM, AlertKind.STALLED),
        *(AlertKind.PROMISE_AT_RISK, AlertKind.DAMAGED, AlertKind.LOST, AlertKind.RETURNING),
        *(AlertKind.WRONG_COUNTRY, AlertKind.TWO_PARCELS),
    }
)
"""Alerts whose advice sends the buyer to the shop: only where the shop can be reached."""


def alert_sentences(shipment: Shipment, facts: ParcelFacts, kind: StateKind, reader: Reader) -> tuple[str, ...]:
    """Return what the alert that explains a state means, what happens next and what helps; () without such an alert.

    `shipment.alerts` are the open ones.
    """
    explaining = next((alert for alert in ALERTS_OF_STATE.get(kind, ()) if alert in facts.alerts), None)
    if explaining is None:
        return ()
    evidence = next(alert.evidence for alert in shipment.alerts.all() if alert.kind == explaining)
    texts = explain_alert(explaining, evidence, reader)
    has_advice = facts.has_contact or explaining not in ADVICE_NAMES_SHOP
    return tuple(filter(None, (texts.meaning, texts.next_step, texts.advice if has_advice else "")))
