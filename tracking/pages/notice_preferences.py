"""A subscriber's page: language, time zone, quiet hours, which notices on which channel, unsubscribing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytz
from django import forms
from django.conf import settings
from django.core.signing import BadSignature
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tracking.models import Contact, Mute, Notice, NoticePreference, Shipment, Subscriber
from tracking.models.texts import DisabledReason
from tracking.notifications.channels import CHANNELS, configured_channels, vapid
from tracking.notifications.channels.channel import Channel, InvalidContactAddressError
from tracking.notifications.channels.email import EmailChannel
from tracking.notifications.channels.push import PushChannel
from tracking.notifications.channels.webhook import WebhookChannel
from tracking.notifications.texts import authenticity_code, contact_id_from_token
from tracking.notifications.triggers import DEFAULT_KINDS
from tracking.pages.contacts import address_channels
from tracking.pages.lockout import is_locked_out, record_failure
from tracking.pages.notice_patterns import PATTERNS, pattern_of, patterns_with
from tracking.pages.private import private_page
from tracking.vocabulary import NoticeKind

if TYPE_CHECKING:
    SubscriberModelForm = forms.ModelForm[Subscriber]
else:
    SubscriberModelForm = forms.ModelForm

HOUR_CHOICES: Final = [("", "–"), *((hour, f"{hour:02}:00") for hour in range(24))]


class NoticeKindRow(NamedTuple):
    """One kind of notice with a checkbox for each channel: (name in the form, label, whether checked)."""

    kind: NoticeKind
    patterns: str
    checkboxes: list[tuple[str, str, bool]]


class SubscriberForm(SubscriberModelForm):
    """The settings of a subscriber, besides the checkboxes for kinds and channels."""

    quiet_from_hour = forms.TypedChoiceField(
        label=_("Quiet from"), choices=HOUR_CHOICES, required=False, coerce=int, empty_value=None
    )
    quiet_until_hour = forms.TypedChoiceField(
        label=_("until"), choices=HOUR_CHOICES, required=False, coerce=int, empty_value=None
    )
    language = forms.ChoiceField(label=_("Language"), choices=lambda: settings.LANGUAGES)
    zone = forms.ChoiceField(label=_("Time zone"), choices=lambda: [(name, name) for name in pytz.common_timezones])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.user_id is None:
            del self.fields["follow_new_orders"]

    class Meta:
        model = Subscriber
        fields = (
            *("language", "zone", "quiet_from_hour", "quiet_until_hour", "urgent_in_quiet_hours", "digest_frequency"),
            *("attach_calendar", "follow_new_orders", "paused"),
        )
        labels: dict[str, Any] = {
            "urgent_in_quiet_hours": _("A task with a deadline and “out for delivery” may come in quiet hours"),
            "digest_frequency": _("How often"),
            "attach_calendar": _("Send calendar files that keep the arrival date in my calendar up to date"),
            "follow_new_orders": _("Write about new orders too"),
            "paused": _("Pause everything"),
        }


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def notice_preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Show the notice preferences of a subscriber; save them on POST."""
    subscriber = get_object_or_404(Subscriber, token=token)
    form = SubscriberForm(request.POST or None, instance=subscriber)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            save_notice_preferences(subscriber, request)
            save_mutes(subscriber, request)
            reactivate_contacts(subscriber, request)
        response = redirect(f"{request.path}?saved=1")
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, subscriber.language, max_age=settings.LANGUAGE_COOKIE_AGE)
        return response
    contacts = list(subscriber.contacts.order_by("channel", "pk"))
    channels = subscriber_channels(subscriber)
    context = {
        "form": form,
        "subscriber": subscriber,
        "contacts": [row for contact in contacts if (row := contact_row(contact))],
        "channels": [ChannelColumn(str(channel.label), channel_icon(name)) for name, channel in channels.items()],
        "rows": notice_kind_rows(subscriber, channels),
        "patterns": [(name, pattern.label) for name, pattern in PATTERNS.items()],
        "chosen_pattern": chosen_pattern(subscriber, channels),
        "followed_shipments": followed_shipments(subscriber),
        "address_channels": address_channels().items(),
        "vapid_public_key": vapid.public_key(),
        "saved": "saved" in request.GET,
    }
    return render(request, "notices/page.html", context)


class ContactRow(NamedTuple):
    """A contact on the page: its channel's label, and the part of the address that may be shown."""

    contact: Contact
    label: str
    display_address: str
    icon: str


class ChannelColumn(NamedTuple):
    """A channel as a column of the table: its name for readers and its pictogram."""

    label: str
    icon: str


def channel_icon(name: str) -> str:
    """Return the pictogram of a channel; all messengers have the same."""
    return {EmailChannel.name: "mail", PushChannel.name: "phone", WebhookChannel.name: "link"}.get(name, "speech")


def contact_row(contact: Contact) -> ContactRow | None:
    """Return a contact as its subscriber may see it; None if the site does not have its channel any more."""
    channel = CHANNELS.get(contact.channel)
    if channel is None:
        return None
    try:
        display_address = channel.display_address(contact.address)
    except InvalidContactAddressError:
        display_address = ""
    return ContactRow(contact, str(channel.label), display_address, channel_icon(contact.channel))


def subscriber_channels(subscriber: Subscriber) -> dict[str, Channel]:
    """Return the configured channels on which a subscriber has a contact, by name."""
    names = set(subscriber.contacts.values_list("channel", flat=True))
    return {name: channel for name, channel in configured_channels().items() if name in names}


def notice_kind_rows(subscriber: Subscriber, channels: Mapping[str, Channel]) -> list[NoticeKindRow]:
    """Return the table of notice kinds and channels."""
    enabled = {(stored.kind, stored.channel): stored.enabled for stored in subscriber.notice_preferences.all()}
    return [
        NoticeKindRow(
            kind,
            patterns_with(kind),
            [
                (checkbox_name(kind, name), str(channel.label), enabled.get((kind.value, name), kind in DEFAULT_KINDS))
                for name, channel in channels.items()
            ],
        )
        for kind in NoticeKind
    ]


def chosen_pattern(subscriber: Subscriber, channels: Mapping[str, Channel]) -> str:
    """Return the pattern that the stored preferences of all channels follow; '' if there is none."""
    rows = notice_kind_rows(subscriber, channels)
    return pattern_of(
        frozenset(row.kind for row in rows if row.checkboxes[index][2]) for index, _channel in enumerate(channels)
    )


def checkbox_name(kind: NoticeKind, channel: str) -> str:
    """Return the name in the form of the checkbox for a kind on a channel."""
    return f"notify {kind.value} {channel}"


def save_notice_preferences(subscriber: Subscriber, request: HttpRequest) -> None:
    """Store the preferences that differ from the defaults: those of a newly chosen pattern, else the checkboxes.

    Those for channels that are not on the page now are left alone.
    """
    channels = subscriber_channels(subscriber)
    pattern = PATTERNS.get(request.POST.get("much", ""))
    if pattern is PATTERNS.get(chosen_pattern(subscriber, channels)):
        pattern = None
    subscriber.notice_preferences.filter(channel__in=channels).delete()
    NoticePreference.objects.bulk_create(
        NoticePreference(subscriber=subscriber, kind=kind, channel=name, enabled=is_enabled)
        for kind in NoticeKind
        for name in channels
        if (is_enabled := kind in pattern.kinds if pattern else checkbox_name(kind, name) in request.POST)
        != (kind in DEFAULT_KINDS)
    )


def followed_shipments(subscriber: Subscriber) -> list[tuple[Shipment, bool]]:
    """Return the latest 50 shipments that a subscriber follows, newest order first, each with whether it is muted."""
    muted = set(subscriber.mutes.values_list("shipment", flat=True))
    followed = Shipment.objects.filter(
        order__follows__subscriber=subscriber, order__follows__confirmed_at__isnull=False
    )
    latest = followed.select_related("order__shop").order_by("-order__placed_at", "pk")[:50]
    return [(shipment, shipment.pk in muted) for shipment in latest]


def save_mutes(subscriber: Subscriber, request: HttpRequest) -> None:
    """Mute the shipments whose checkbox is checked, and no others."""
    checked = set(request.POST.getlist("mute"))
    subscriber.mutes.all().delete()
    Mute.objects.bulk_create(
        Mute(subscriber=subscriber, shipment=shipment)
        for shipment, _muted in followed_shipments(subscriber)
        if str(shipment.pk) in checked
    )


def reactivate_contacts(subscriber: Subscriber, request: HttpRequest) -> None:
    """Enable the contacts that the subscriber declares to be right."""
    contact_ids = [pk for pk in request.POST.getlist("reactivate") if pk.isdigit()]
    subscriber.contacts.filter(pk__in=contact_ids).enable()


@csrf_exempt
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop all notices to one address by one POST without a CSRF token, as mail programs send it (RFC 8058).

    A GET only shows the button, because mail scanners open links.
    """
    try:
        pk = contact_id_from_token(token)
    except BadSignature as error:
        raise Http404 from error
    contact = get_object_or_404(Contact.objects.select_related("subscriber"), pk=pk)
    if request.method == "POST":
        Contact.objects.filter(pk=contact.pk).disable(DisabledReason.UNSUBSCRIBED)
        contact.refresh_from_db()
    return render(request, "notices/unsubscribe.html", {"contact": contact})


@require_safe
def verify_notice(request: HttpRequest) -> HttpResponse:
    """Return whether a check code belongs to a message that this site sent."""
    code = request.GET.get("code", "").strip().upper()[:40]
    if code and is_locked_out(request, code):
        return render(request, "notices/verify_notice.html", {"code": code, "error": "too_many"}, status=429)
    notice = notice_for_code(code) if code else None
    if code and notice is None:
        record_failure(request, code)
    return render(request, "notices/verify_notice.html", {"code": code, "notice": notice})


def notice_for_code(code: str) -> Notice | None:
    """Return the sent notice that has this check code, or None."""
    pk, _dash, _digest = code.partition("-")
    # 19 digits may be more than the database's key can hold, and the query would fail.
    notice = Notice.objects.filter(pk=pk, sent_at__isnull=False).first() if pk.isdigit() and len(pk) < 19 else None
    return notice if notice and constant_time_compare(authenticity_code(notice), code) else None
