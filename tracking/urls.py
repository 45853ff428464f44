"""All addresses of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from tracking import health, webhooks
from tracking.pages import accuracy, ask, carrier, follow, lookup, notices, order, preferences, shipment, worker

urlpatterns = [
    path("", lookup.lookup, name="lookup"),
    path("orders/<str:token>/", order.order, name="order"),
    path("parcels/<str:token>/", shipment.shipment, name="shipment"),
    path("parcels/<str:token>/carrier/", carrier.carrier, name="carrier"),
    path("accuracy/", accuracy.accuracy, name="accuracy"),
    path("parcels/<str:token>/tasks/<slug:kind>/", ask.ask, name="ask"),
    path("orders/<str:token>/follow/", follow.follow, name="follow"),
    path("follow/<str:token>/", follow.confirm, name="confirm"),
    path("notices/<str:token>/", notices.notices, name="notices"),
    path("stop/<str:token>/", notices.stop, name="stop"),
    path("genuine/", notices.genuine, name="genuine"),
    path("sw.js", worker.worker, name="worker"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("hooks/<slug:carrier>/", webhooks.webhook, name="webhook"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}img/mark.svg")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("desk/", admin.site.urls),
]
