"""The legs of a parcel as inline rows: the tracking number, its carrier, and the feed that is polled."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracking.admin.base import SharedChoicesInline
from tracking.admin.feed_health import format_datetime
from tracking.admin.typed_fields import SEVERAL_NUMBERS, TrackingNumberField
from tracking.models import Event, Leg, Shipment
from tracking.models.fields import number_key
from tracking.polling import schedule

if TYPE_CHECKING:
    LegModelForm = forms.ModelForm[Leg]
    LegModelFormSet = BaseInlineFormSet[Leg, Shipment, LegModelForm]
else:
    LegModelForm = forms.ModelForm
    LegModelFormSet = BaseInlineFormSet

POLLING_FIELDS: Final = frozenset({"number", "feed", "feed_state"})
SCHEDULE_FIELDS: Final = ("number_key", "ignored_feeds", *schedule.POLLING_FIELDS)


class LegForm(LegModelForm):
    """One leg. Its number cannot be edited once events are stored: another number is another leg."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        number_field = cast(TrackingNumberField, self.fields["number"])
        number_field.disabled = bool(getattr(self.instance, "has_events", False))
        number_field.stored_value = self.instance.number

    @property
    def restarts_polling(self) -> bool:
        """Return whether the number, the feed or the feed state was changed."""
        return not POLLING_FIELDS.isdisjoint(self.changed_data)

    def save(self, commit: bool = True) -> Leg:
        """Save only the edited fields and the polling schedule: workers update the others at the same time."""
        leg = super().save(commit=False)
        is_new = leg.pk is None
        if self.restarts_polling or (is_new and leg.feed is not None):
            schedule.start_polling(leg, timezone.now())
            # A feed that was taken off the number before counts again once it is chosen.
            leg.ignored_feeds = [feed_id for feed_id in leg.ignored_feeds if feed_id != leg.feed_id]
        if commit:
            changed = [*self.changed_data, *(SCHEDULE_FIELDS if self.restarts_polling else ())]
            leg.save(update_fields=None if is_new else changed)
        return leg


class UniqueLegFormSet(LegModelFormSet):
    """All legs of one parcel. A number may occur once for each carrier."""

    def clean(self) -> None:
        super().clean()
        self.offer_parcels()
        seen: set[tuple[Any, str]] = set()
        removed = self.removed_number_keys()
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            key = (data.get("carrier"), number_key(data.get("number") or ""))
            if key[1] and key in seen:
                form.add_error("number", _("This parcel already has a leg with this number and carrier."))
            elif key[1] in removed and "number" in form.changed_data:
                form.add_error("number", _("This number was removed from the parcel: undo that below."))
            seen.add(key)

    def offer_parcels(self) -> None:
        """Offer a parcel of its own for each of several numbers that were typed into one field."""
        for form in self.forms:
            for error in form.errors.as_data().get("number", ()):
                if error.code == SEVERAL_NUMBERS and error.params:
                    form.add_error("number", parcel_links(self.instance.order_id, error.params["found"]))

    def removed_number_keys(self) -> set[str]:
        """Return the keys of the numbers that were taken off the parcel."""
        if self.instance.pk is None:
            return set()
        removed = Leg.objects.filter(shipment=self.instance).exclude(removed_at=None)
        return set(removed.values_list("number_key", flat=True))


def parcel_links(order_id: int | None, numbers: Iterable[str]) -> SafeString:
    """Return a link per number to the form for a new parcel of the order, with the number filled in."""
    url = reverse("admin:tracking_shipment_add")
    queries = ((urlencode({"order": order_id or "", "number": number}), number) for number in numbers)
    links = ((url, query, gettext("Add a parcel"), number) for query, number in queries)
    return format_html_join(" · ", '<a href="{}?{}" target="_blank">{}: {}</a>', links)


class LegInline(SharedChoicesInline):
    """The carriers of a parcel, and the feeds polled for it."""

    model = Leg
    form = LegForm
    formset = UniqueLegFormSet
    can_delete = False
    fields = ("number", "carrier", "feed", "feed_state", "polling_status", "last_error")
    readonly_fields = ("polling_status", "last_error")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Leg]:
        events = Event.objects.filter(leg=OuterRef("pk"))
        legs: QuerySet[Leg] = super().get_queryset(request).filter(removed_at=None)
        return legs.select_related("reported_by").annotate(has_events=Exists(events))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let the number be pasted in any form."""
        if db_field.name == "number":
            kwargs["form_class"] = TrackingNumberField
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_extra(self, request: HttpRequest, obj: Shipment | None = None, **kwargs: Any) -> int:
        return 0 if obj else 1

    @admin.display(description=_("asked"))
    def polling_status(self, leg: Leg) -> str:
        """Describe when this leg was last polled and when it is polled next."""
        if leg.reported_by:
            return gettext("told with %(number)s") % {"number": leg.reported_by.number}
        times = (
            (gettext("last: %s"), leg.last_checked_at),
            (gettext("answered: %s"), leg.last_answer_at),
            (gettext("next: %s"), leg.next_check_at),
        )
        return "; ".join(text % format_datetime(time) for text, time in times if time) or gettext("never")
