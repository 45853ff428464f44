"""Every admin page opens, with a number of queries that does not grow with its rows, under the site's CSP."""

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
def test_every_add_form_opens(admin_client: Client, model: type[Model]) -> None:
    assert admin_client.get(admin_url(model, "add")).status_code == 200


@pytest.mark.parametrize("model", ADMIN_MODELS)
@pytest.mark.parametrize("page", ["change", "history"])
def test_every_change_and_history_page_opens(
    admin_client: Client, create_rows: Callable[[int], None], model: type[Model], page: str
) -> None:
    create_rows(1)
    row = model._default_manager.latest("pk")

    assert admin_client.get(admin_url(model, page, row.pk)).status_code == 200


@pytest.mark.parametrize("model", ADMIN_MODELS)
def test_a_list_of_twenty_rows_needs_no_more_queries_than_a_list_of_one(
    admin_client: Client, create_rows: Callable[[int], None], model: type[Model]
) -> None:
    counts = []
    for new_rows in (1, 19):
        create_rows(new_rows)
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(admin_url(model, "changelist"))
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 12


def test_a_parcel_with_thirty_events_needs_no_more_queries_than_one_with_one(admin_client: Client, leg: Leg) -> None:
    admin_client.get(admin_url(Shipment, "change", leg.shipment.pk))  # fills the process-wide cache of content types
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
def test_events_and_payloads_cannot_be_added_changed_or_deleted(
    admin_client: Client, payload: Payload, model: type[Model]
) -> None:
    model_admin = admin.site._registry.get(model)
    request: Any = admin_client.get(reverse("admin:index")).wsgi_request

    assert model_admin is None or not (
        model_admin.has_add_permission(request)
        or model_admin.has_change_permission(request)
        or model_admin.has_delete_permission(request)
    )


@pytest.mark.parametrize("model", ADMIN_MODELS)
def test_the_pages_contain_nothing_that_the_csp_forbids(
    admin_client: Client, create_rows: Callable[[int], None], model: type[Model]
) -> None:
    create_rows(1)
    row = model._default_manager.latest("pk")

    for url in (admin_url(model, "changelist"), admin_url(model, "change", row.pk)):
        response = admin_client.get(url)
        page = response.content.decode()
        assert "'unsafe-inline'" not in response["Content-Security-Policy"]
        assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=", page)


def test_anonymous_visitors_are_redirected(client: Client, payload: Payload) -> None:
    for url in (admin_url(Carrier, "changelist"), admin_url(Payload, "raw", payload.pk)):
        assert client.get(url).status_code == 302
