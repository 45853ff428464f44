"""The legs of a parcel as inline rows: the tracking number, its carrier, and the feed that is polled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracking.admin.base import SharedChoicesInline
from tracking.admin.feed_health import format_datetime
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
        self.fields["number"].disabled = bool(getattr(self.instance, "has_events", False))

    def clean_number(self) -> str:
        """Reject a number without letters or digits."""
        number: str = self.cleaned_data["number"]
        if not number_key(number):
            raise forms.ValidationError(_("A number has letters or digits."))
        return number

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

    def removed_number_keys(self) -> set[str]:
        """Return the keys of the numbers that were taken off the parcel."""
        if self.instance.pk is None:
            return set()
        removed = Leg.objects.filter(shipment=self.instance).exclude(removed_at=None)
        return set(removed.values_list("number_key", flat=True))


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
