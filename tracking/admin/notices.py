"""Notices in the admin: the outbox, a preview of each kind in each language, and test messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone, translation
from django.utils.translation import gettext

from accounts.models import User
from tracking.admin.base import ReadOnlyAdminMixin
from tracking.models import Contact, Notice, Order, Shipment, Shop, Subscriber
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import DeliveryError, NotificationMessage
from tracking.notifications.channels.email import EmailChannel
from tracking.notifications.parcels import load_parcel
from tracking.notifications.texts import build_message, reader_for_subscriber
from tracking.vocabulary import NoticeKind, Scan

if TYPE_CHECKING:
    NoticeModelAdmin = admin.ModelAdmin[Notice]
    SubscriberModelAdmin = admin.ModelAdmin[Subscriber]
else:
    NoticeModelAdmin = SubscriberModelAdmin = admin.ModelAdmin


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdminMixin, NoticeModelAdmin):
    """List the notices of the outbox, newest first."""

    list_display = (
        "enqueued_at",
        "kind",
        "shipment",
        "contact",
        "state",
        "due_at",
        "sent_at",
        "attempts",
        "last_error",
    )
    list_filter = ("state", "kind", "contact__channel")
    list_select_related = ("shipment__order", "contact")
    search_fields = ("shipment__order__number_key",)
    show_full_result_count = False
    change_list_template = "admin/tracking/notice/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(self.preview)
        return [path("preview/", preview, name="tracking_notice_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Show a sample notice of a kind in a language. A POST sends it to the operator's own address."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        kind, language = request.GET.get("kind", NoticeKind.SHIPPED), request.GET.get("language", "en")
        if kind not in NoticeKind.values or language not in dict(settings.LANGUAGES):
            raise Http404
        message = sample_message(NoticeKind(kind), language)
        if request.method == "POST":
            assert isinstance(request.user, User)
            self.send_test(request, message, request.user.email)
            return redirect(request.get_full_path())
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("How notices read"),
            "message": message,
            "kinds": NoticeKind.choices,
            "languages": settings.LANGUAGES,
            "kind": kind,
            "language": language,
        }
        return TemplateResponse(request, "admin/tracking/notice/preview.html", context)

    def send_test(self, request: HttpRequest, message: NotificationMessage, address: str) -> None:
        """E-mail a sample to `address` and show whether it was sent."""
        try:
            CHANNELS[EmailChannel.name].send(message, address)
        except DeliveryError as error:
            self.message_user(request, gettext("Not sent: %(why)s") % {"why": error}, messages.ERROR)
        else:
            self.message_user(request, gettext("Sent to %(address)s.") % {"address": address})


SAMPLE_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)
SAMPLE_FIELDS: Final[Mapping[NoticeKind, Mapping[str, Any]]] = {
    NoticeKind.SHIPPED: {"milestone": "accepted"},
    NoticeKind.DEPARTED: {"milestone": "linehaul"},
    NoticeKind.ARRIVED: {"milestone": "import_customs"},
    NoticeKind.CUSTOMS_STARTED: {"milestone": "import_customs"},
    NoticeKind.BUYER_TASK_OPENED: {
        "milestone": "import_customs",
        "overlay": "exception",
        "problem_scan": "import.customs_info_required",
    },
    NoticeKind.OUT_FOR_DELIVERY: {"milestone": "out_for_delivery"},
    NoticeKind.ATTEMPTED: {"milestone": "out_for_delivery", "overlay": "attempt_failed"},
    NoticeKind.READY: {"milestone": "available_for_pickup"},
    NoticeKind.PICKUP_EXPIRING: {"milestone": "available_for_pickup"},
    NoticeKind.PROBLEM: {"milestone": "linehaul", "overlay": "exception"},
    NoticeKind.DELIVERED: {"milestone": "delivered"},
    NoticeKind.RETURNING: {"overlay": "returning", "journey": "return"},
    NoticeKind.RETURNED: {"milestone": "returned", "journey": "return"},
    NoticeKind.SENT_AGAIN: {"milestone": "accepted", "journey": "sent_again"},
    NoticeKind.SENT_BACK: {"milestone": "delivered", "overlay": "returning", "journey": "buyer_return"},
    NoticeKind.DELIVERY_WITHDRAWN: {
        "milestone": "out_for_delivery",
        "delivery_withdrawn_at": datetime(2026, 1, 1, tzinfo=UTC),
    },
}
"""The fields of a parcel that a notice of each kind is about; any other is with the local carrier."""


def sample_message(kind: NoticeKind, language: str) -> NotificationMessage:
    """Build the message a buyer would get, about an unsaved sample parcel. No row is written."""
    order = Order(shop=Shop(name="Nordlicht Outdoor"), number="LF-1001", country="DE", token="sample")  # noqa: S106
    contact = Contact(pk=0, channel=EmailChannel.name, subscriber=Subscriber(token="sample"))  # noqa: S106
    facts = {"scan": sample_scan(kind), "at": timezone.now().isoformat(), "zone": "Europe/Berlin", "country": "DE"}
    shipment = Shipment(pk=0, order=order, token="sample", **SAMPLE_FIELDS.get(kind, {"milestone": "last_mile"}))  # noqa: S106
    notice, now = Notice(pk=0, contact=contact, shipment=shipment, kind=kind, facts=facts), timezone.now()
    with translation.override(language):
        reader = reader_for_subscriber(contact.subscriber, language, "DE")
        return build_message([notice], {0: load_parcel(shipment, now)}, reader, language, now)


def sample_scan(kind: NoticeKind) -> str:
    """Return a scan that fits a kind of notice."""
    scans = {NoticeKind.ATTEMPTED: Scan.DELIVERY_ATTEMPT_FAILED_ABSENT, NoticeKind.DELIVERED: Scan.DELIVERY_DELIVERED}
    return scans.get(kind, Scan.ORIGIN_PICKED_UP).value


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdminMixin, SubscriberModelAdmin):
    """List subscribers. Their preferences are read-only; an operator can delete a subscriber on request."""

    list_display = ("__str__", "user", "language", "zone", "digest_frequency", "paused", "created_at")
    list_filter = ("paused", "digest_frequency", "language")
    search_fields = ("contacts__address", "user__email")
    list_select_related = ("user",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super(ReadOnlyAdminMixin, self).has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Allow deleting a subscriber with their notices, although single notices cannot be deleted."""
        deleted, counts, _missing_permissions, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected
