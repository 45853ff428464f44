"""Every page of the desk opens, in a number of queries that does not grow with its rows, under the site's own CSP."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.admin.conftest import create_event
from tracking.models import Carrier, Event, Leg, Order, Payload, Shipment, Shop

ADMIN_MODELS = (Carrier, Order, Payload, Shipment, Shop)
ADDABLE_MODELS = (Carrier, Order, Shipment, Shop)


def admin_url(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:tracking_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", ADMIN_MODELS)
@pytest.mark.parametrize("term", ["", "?q=N-1", "?q=-"])
def test_every_list_opens(
    admin_client: Client, create_rows: Callable[[int], None], model: type[Model], term: str
) -> None:
    create_rows(2)

    assert admin_client.get(admin_url(model, "changelist") + term).status_code == 200


@pytest.mark.parametrize("model", ADDABLE_MODELS)
def test_every_form_of_a_new_row_opens(admin_client: Client, model: type[Model]) -> None:
    assert admin_client.get(admin_url(model, "add")).status_code == 200


@pytest.mark.parametrize("model", ADMIN_MODELS)
@pytest.mark.parametrize("page", ["change", "history"])
def test_every_row_opens(
    admin_client: Client, create_rows: Callable[[int], None], model: type[Model], page: str
) -> None:
    create_rows(1)
    row = model._default_manager.latest("pk")

    assert admin_client.get(admin_url(model, page, row.pk)).status_code == 200


@pytest.mark.parametrize("model", ADMIN_MODELS)
def test_a_list_of_twenty_rows_needs_no_more_queries_than_one_of_one(
    admin_client: Client, create_rows: Callable[[int], None], model: type[Model]
) -> None:
    counts = []
    for more in (1, 19):
        create_rows(more)
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(admin_url(model, "changelist"))
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 12


def test_a_parcel_of_thirty_events_needs_no_more_queries_than_one_of_one(admin_client: Client, leg: Leg) -> None:
    admin_client.get(admin_url(Shipment, "change", leg.shipment.pk))  # content types are looked up once a process
    counts = []
    for hours in (1, 30):
        for hour in range(hours):
            create_event(leg, f"scan {hours}", hours=hour)
            Leg.objects.get_or_create(shipment=leg.shipment, number=f"more{hour % 5}", feed=leg.feed)
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(admin_url(Shipment, "change", leg.shipment.pk))
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("model", [Event, Payload])
def test_what_was_told_is_not_added_changed_or_deleted(
    admin_client: Client, payload: Payload, model: type[Model]
) -> None:
    desk = admin.site._registry.get(model)
    request: Any = admin_client.get(reverse("admin:index")).wsgi_request

    assert desk is None or not any(
        (desk.has_add_permission(request), desk.has_change_permission(request), desk.has_delete_permission(request))
    )


@pytest.mark.parametrize("model", ADMIN_MODELS)
def test_the_pages_carry_nothing_that_the_csp_forbids(
    admin_client: Client, create_rows: Callable[[int], None], model: type[Model]
) -> None:
    create_rows(1)
    row = model._default_manager.latest("pk")

    for address in (admin_url(model, "changelist"), admin_url(model, "change", row.pk)):
        answer = admin_client.get(address)
        page = answer.content.decode()
        assert "'unsafe-inline'" not in answer["Content-Security-Policy"]
        assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=", page)


def test_only_operators_get_in(client: Client, payload: Payload) -> None:
    for address in (admin_url(Carrier, "changelist"), admin_url(Payload, "raw", payload.pk)):
        assert client.get(address).status_code == 302
