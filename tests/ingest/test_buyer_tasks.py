"""What customs or a carrier asks of the buyer becomes a task, once, and ends with its cause."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from tests import make
from tracking.ingest.record import record
from tracking.models import Ask, Leg
from tracking.vocabulary import AskKind, AskState

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def tell(leg: Leg, *names: str) -> None:
    scans = [make.scan(name, f"2026-09-{day:02d}T10:00:00Z", country="US") for day, name in enumerate(names, start=10)]
    record(leg, make.parcel(*scans, origin="CN"), make.payload())


@pytest.mark.parametrize(
    ("scan", "kind"),
    [
        ("import.customs_info_required", AskKind.PAPERS),
        ("delivery.attempt_failed_address", AskKind.ADDRESS),
    ],
)
def test_what_is_asked_of_the_buyer_becomes_a_task_once(scan: str, kind: AskKind) -> None:
    leg = make.leg()

    for _ in range(2):
        tell(leg, "linehaul.arrived_destination", scan)

    assert list(Ask.objects.values_list("kind", "state")) == [(kind, AskState.ASKED)]


def test_the_reason_is_told_in_the_readers_language() -> None:
    leg = make.leg()

    tell(leg, "import.customs_info_required")

    assert Ask.objects.get().asked_because == "Customs asks for papers"
    with override("zh-hans"):
        assert Ask.objects.get().asked_because == "海关要求提供文件"


def test_a_task_ends_with_its_cause_unless_it_was_answered() -> None:
    unanswered, answered = make.leg("AA000000001"), make.leg("AA000000002")
    for leg in (unanswered, answered):
        tell(leg, "import.customs_info_required")
    Ask.objects.filter(shipment=answered.shipment).update(state=AskState.SENT)

    for leg in (unanswered, answered):
        tell(leg, "import.customs_info_required", "import.customs_released")

    assert Ask.objects.get(shipment=unanswered.shipment).state == AskState.CLOSED
    assert Ask.objects.get(shipment=answered.shipment).state == AskState.SENT


def test_news_without_trouble_asks_nothing() -> None:
    tell(make.leg(), "origin.picked_up", "import.customs_presented", "import.customs_released")

    assert not Ask.objects.exists()
