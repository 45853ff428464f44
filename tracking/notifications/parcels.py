"""A parcel as its page shows it, for messages about it: facts, state and answer from the same rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import Prefetch
from django.utils import timezone

from tracking.localization.reader import Reader
from tracking.models import Alert, BuyerTask, Leg, Notice, Shipment
from tracking.notifications.conclusions import Conclusion, conclusion_of
from tracking.notifications.said import is_said
from tracking.page_state import ParcelFacts, ParcelState, StateKind, decide_state
from tracking.page_state.alert_sentences import alert_sentences
from tracking.page_state.answer import ParcelAnswer, build_answer, names_for
from tracking.page_state.load import ACCEPTED_VISIBLE_FOR, load_facts
from tracking.shops import policy_of
from tracking.vocabulary import NoticeKind


class NotifiedParcel(NamedTuple):
    """A parcel with everything that decides what is told about it."""

    shipment: Shipment
    facts: ParcelFacts
    state: ParcelState
    conclusion: Conclusion

    def says(self, notice: Notice) -> bool:
        """Return whether the parcel's page says what a notice says."""
        return is_said(NoticeKind(notice.kind), notice.facts.get("alert", ""), self.state, self.facts, self.conclusion)

    @property
    def task(self) -> BuyerTask | None:
        """Return the buyer task that the page asks for, if it asks for one."""
        wanted = self.state.task
        tasks = (task for task in self.shipment.buyer_tasks.all() if task.is_waiting_for_buyer)
        return next((task for task in tasks if wanted is not None and task.kind == wanted.kind), None)

    def answer(self, reader: Reader) -> ParcelAnswer:
        """Return the page's answer in the active language, of an alert only what it means."""
        # What is asked stands above the answer, and where to pay is said by the state itself.
        is_asked = self.state.task is not None or self.state.kind is StateKind.DUTIES_DUE
        explanation = () if is_asked else alert_sentences(self.shipment, self.facts, self.state.kind, reader)[:1]
        return build_answer(
            self.state,
            self.facts,
            self.shipment,
            names_for(self.shipment, reader),
            reader,
            explanation,
        )


def parcel_prefetches(path: str = "") -> list[Prefetch[str]]:
    """Return what `load_parcel` needs beside `order.shop` and `forecast`: four queries for any number of parcels.

    `path` leads from the rows that are fetched to the shipment, such as `shipment__`.
    """
    legs = Leg.objects.in_use().select_related("carrier")
    return [
        Prefetch(f"{path}legs", legs.order_by("position", "pk")),
        Prefetch(f"{path}alerts", Alert.objects.open()),
        Prefetch(f"{path}buyer_tasks", BuyerTask.objects.visible_to_buyer(timezone.now() - ACCEPTED_VISIBLE_FOR)),
        Prefetch(f"{path}lines"),
    ]


def load_parcel(shipment: Shipment, now: datetime) -> NotifiedParcel:
    """Return a parcel whose shipment was fetched with `parcel_prefetches`."""
    has_contact = policy_of(shipment.order.shop).contact is not None
    facts = load_facts(shipment, now, has_contact=has_contact)
    return NotifiedParcel(shipment, facts, decide_state(facts), conclusion_of(shipment))


def load_parcels(shipments: Iterable[Shipment], now: datetime) -> dict[int, NotifiedParcel]:
    """Return parcels by the key of their shipment; each is decided once."""
    return {shipment.pk: load_parcel(shipment, now) for shipment in {row.pk: row for row in shipments}.values()}
