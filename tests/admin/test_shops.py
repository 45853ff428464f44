"""Shops on the operators' desk."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tracking.models import Shop


@pytest.mark.parametrize(("zone", "kept"), [("America/Sao_Paulo", True), ("Mars/Olympus", False)])
def test_a_shop_keeps_a_clock_that_exists(admin_client: Client, zone: str, kept: bool) -> None:
    sent = {"name": "Hill", "slug": "hill", "language": "en", "zone": zone}

    admin_client.post(reverse("admin:tracking_shop_add"), sent)

    assert Shop.objects.filter(zone=zone).exists() is kept


def test_the_list_counts_orders(admin_client: Client, order: object) -> None:
    page = admin_client.get(reverse("admin:tracking_shop_changelist")).content.decode()

    assert '<td class="field-order_count">1</td>' in page
