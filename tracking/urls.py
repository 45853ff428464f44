"""URL routes of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from tracking import health, webhooks
from tracking.pages import (
    accuracy,
    buyer_task,
    carrier_choice,
    contacts,
    demo,
    follow,
    lookup,
    notice_preferences,
    order,
    order_links,
    orders,
    personal_data,
    preferences,
    service_worker,
    shared,
    shipment,
    shop_files,
)

handler500 = "tracking.protection.server_errors.answer_server_error"
urlpatterns = [
    path("", lookup.lookup, name="lookup"),
    path("links/", order_links.order_links, name="order_links"),
    path("orders/<str:token>/", order.order, name="order"),
    path("orders/<str:token>/calendar.ics", order.calendar, name="order_calendar"),
    path("parcels/<str:token>/", shipment.shipment, name="shipment"),
    path("parcels/<str:token>/carrier/", carrier_choice.correct_carrier, name="choose_carrier"),
    path("shared/<str:signed>/", shared.shared_status, name="shared_status"),
    path("demo/", demo.demo_orders, name="demo_orders"),
    path("accuracy/", accuracy.accuracy, name="accuracy"),
    path("parcels/<str:token>/tasks/<slug:kind>/", buyer_task.answer_buyer_task, name="buyer_task"),
    path("orders/<str:token>/follow/", follow.follow_order, name="follow_order"),
    path("follow/<str:token>/", follow.confirm_follow, name="confirm_follow"),
    path("notices/<str:token>/", notice_preferences.notice_preferences, name="notice_preferences"),
    path("notices/<str:token>/addresses/", contacts.add_contact, name="add_contact"),
    path("notices/<str:token>/push/", contacts.update_push_subscription, name="push_subscription"),
    path("notices/<str:token>/data.json", personal_data.export_subscriber, name="download_subscriber_data"),
    path("notices/<str:token>/erase/", personal_data.erase_subscriber, name="erase_subscriber"),
    path("account/data.json", personal_data.export_account, name="download_account_data"),
    path("account/erase/", personal_data.erase_account, name="erase_account"),
    path("stop/<str:token>/", notice_preferences.unsubscribe, name="unsubscribe"),
    path("genuine/", notice_preferences.verify_notice, name="verify_message"),
    path("account/orders/", orders.orders, name="account_orders"),
    path("account/", include("allauth.urls")),
    path("sw.js", service_worker.service_worker, name="service_worker"),
    path("offline/", service_worker.offline, name="offline"),
    path("manifest.webmanifest", service_worker.manifest, name="web_manifest"),
    path("pictures/<str:token>-<int:side>.webp", shop_files.shop_picture, name="shop_picture"),
    path("shops/<slug:slug>-<str:version>.css", shop_files.stylesheet, name="shop_stylesheet"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("hooks/<slug:carrier>/", webhooks.receive_webhook, name="carrier_webhook"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}img/mark.svg")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("desk/", admin.site.urls),
]
