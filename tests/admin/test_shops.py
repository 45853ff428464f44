"""Shops in the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tracking.models import Shop


@pytest.mark.parametrize(("zone", "is_saved"), [("America/Sao_Paulo", True), ("Mars/Olympus", False)])
def test_a_shop_accepts_only_a_time_zone_that_exists(admin_client: Client, zone: str, is_saved: bool) -> None:
    data = {"name": "Hill", "slug": "hill", "language": "en", "zone": zone}

    admin_client.post(reverse("admin:tracking_shop_add"), data)

    assert Shop.objects.filter(zone=zone).exists() is is_saved


def test_the_list_shows_the_number_of_orders(admin_client: Client, order: object) -> None:
    page = admin_client.get(reverse("admin:tracking_shop_changelist")).content.decode()

    assert '<td class="field-order_count">1</td>' in page
