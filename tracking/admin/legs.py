"""The legs of a parcel as rows of its page: whom to ask under which number."""

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
SCHEDULE_FIELDS: Final = ("number_key", *schedule.POLLING_FIELDS)


class LegForm(LegModelForm):
    """One leg. A number that events were told under stays as it is: another number is another leg."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].disabled = bool(getattr(self.instance, "has_events", False))

    def clean_number(self) -> str:
        """Refuse a number that is none."""
        number: str = self.cleaned_data["number"]
        if not number_key(number):
            raise forms.ValidationError(_("A number has letters or digits."))
        return number

    @property
    def restarts_polling(self) -> bool:
        """Tell whether another number is asked, another feed, or asking begins or ends."""
        return not POLLING_FIELDS.isdisjoint(self.changed_data)

    def save(self, commit: bool = True) -> Leg:
        """Save what the form holds and nothing else: workers note their checks at the same time."""
        leg = super().save(commit=False)
        new = leg.pk is None
        if self.restarts_polling or (new and leg.feed is not None):
            schedule.start_polling(leg, timezone.now())
        if commit:
            leg.save(
                update_fields=None if new else [*self.changed_data, *(SCHEDULE_FIELDS if self.restarts_polling else ())]
            )
        return leg


class UniqueLegFormSet(LegModelFormSet):
    """All legs of one parcel: no number stands twice with one carrier."""

    def clean(self) -> None:
        super().clean()
        seen: set[tuple[Any, str]] = set()
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            key = (data.get("carrier"), number_key(data.get("number") or ""))
            if key[1] and key in seen:
                form.add_error("number", _("This parcel already has a leg with this number and carrier."))
            seen.add(key)


class LegInline(SharedChoicesInline):
    """Who carries the parcel, and who is asked about it."""

    model = Leg
    form = LegForm
    formset = UniqueLegFormSet
    can_delete = False
    fields = ("number", "carrier", "feed", "feed_state", "polling_status", "last_error")
    readonly_fields = ("polling_status", "last_error")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Leg]:
        told = Event.objects.filter(leg=OuterRef("pk"))
        legs: QuerySet[Leg] = super().get_queryset(request)
        return legs.select_related("reported_by").annotate(has_events=Exists(told))

    def get_extra(self, request: HttpRequest, obj: Shipment | None = None, **kwargs: Any) -> int:
        return 0 if obj else 1

    @admin.display(description=_("asked"))
    def polling_status(self, leg: Leg) -> str:
        """Say when this leg was asked and when it is asked again."""
        if leg.reported_by:
            return gettext("told with %(number)s") % {"number": leg.reported_by.number}
        moments = (
            (gettext("last: %s"), leg.last_checked_at),
            (gettext("answered: %s"), leg.last_answer_at),
            (gettext("next: %s"), leg.next_check_at),
        )
        return "; ".join(words % format_datetime(moment) for words, moment in moments if moment) or gettext("never")
