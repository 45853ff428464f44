"""What customs or a carrier requests from the buyer opens one buyer task, which is closed when its cause ends."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.models import BuyerTask, Leg
from tracking.vocabulary import BuyerTaskKind, BuyerTaskState

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def record_scans(leg: Leg, *names: str) -> None:
    scans = [
        factories.build_scan(name, f"2026-09-{day:02d}T10:00:00Z", country="US")
        for day, name in enumerate(names, start=10)
    ]
    record_shipment(leg, factories.build_shipment(*scans, origin="CN"), factories.create_payload())


@pytest.mark.parametrize(
    ("scan", "kind"),
    [
        ("import.customs_info_required", BuyerTaskKind.PAPERS),
        ("delivery.attempt_failed_address", BuyerTaskKind.ADDRESS),
    ],
)
def test_a_request_to_the_buyer_opens_one_buyer_task(scan: str, kind: BuyerTaskKind) -> None:
    leg = factories.create_leg()

    for _ in range(2):
        record_scans(leg, "linehaul.arrived_destination", scan)

    assert list(BuyerTask.objects.values_list("kind", "state")) == [(kind, BuyerTaskState.REQUESTED)]


def test_the_reason_is_shown_in_the_readers_language() -> None:
    leg = factories.create_leg()

    record_scans(leg, "import.customs_info_required")

    assert BuyerTask.objects.get().localized_reason == "Customs asks for documents"
    with override("zh-hans"):
        assert BuyerTask.objects.get().localized_reason == "海关要求提供文件"


def test_a_buyer_task_is_closed_when_its_cause_ends_unless_it_was_answered() -> None:
    unanswered, answered = factories.create_leg("AA000000001"), factories.create_leg("AA000000002")
    for leg in (unanswered, answered):
        record_scans(leg, "import.customs_info_required")
    BuyerTask.objects.filter(shipment=answered.shipment).update(state=BuyerTaskState.SUBMITTED)

    for leg in (unanswered, answered):
        record_scans(leg, "import.customs_info_required", "import.customs_released")

    assert BuyerTask.objects.get(shipment=unanswered.shipment).state == BuyerTaskState.CLOSED
    assert BuyerTask.objects.get(shipment=answered.shipment).state == BuyerTaskState.SUBMITTED


def test_scans_without_a_problem_open_no_buyer_task() -> None:
    record_scans(factories.create_leg(), "origin.picked_up", "import.customs_presented", "import.customs_released")

    assert not BuyerTask.objects.exists()
