"""All addresses of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from tracking import health, webhooks
from tracking.pages import (
    accuracy,
    addresses,
    ask,
    carrier,
    follow,
    lookup,
    notices,
    order,
    orders,
    preferences,
    rights,
    shipment,
    worker,
)

urlpatterns = [
    path("", lookup.lookup, name="lookup"),
    path("orders/<str:token>/", order.order, name="order"),
    path("orders/<str:token>/calendar.ics", order.calendar, name="calendar"),
    path("parcels/<str:token>/", shipment.shipment, name="shipment"),
    path("parcels/<str:token>/carrier/", carrier.carrier, name="carrier"),
    path("accuracy/", accuracy.accuracy, name="accuracy"),
    path("parcels/<str:token>/tasks/<slug:kind>/", ask.ask, name="ask"),
    path("orders/<str:token>/follow/", follow.follow, name="follow"),
    path("follow/<str:token>/", follow.confirm, name="confirm"),
    path("notices/<str:token>/", notices.notices, name="notices"),
    path("notices/<str:token>/addresses/", addresses.add, name="add_address"),
    path("notices/<str:token>/push/", addresses.push, name="push"),
    path("notices/<str:token>/data.json", rights.data, name="data"),
    path("notices/<str:token>/erase/", rights.erase, name="erase"),
    path("account/data.json", rights.own_data, name="own_data"),
    path("account/erase/", rights.erase_account, name="erase_account"),
    path("stop/<str:token>/", notices.stop, name="stop"),
    path("genuine/", notices.genuine, name="genuine"),
    path("account/orders/", orders.orders, name="orders"),
    path("account/", include("allauth.urls")),
    path("sw.js", worker.worker, name="worker"),
    path("manifest.webmanifest", worker.manifest, name="manifest"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("hooks/<slug:carrier>/", webhooks.webhook, name="webhook"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}img/mark.svg")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("desk/", admin.site.urls),
]
