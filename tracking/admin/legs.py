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

from tracking.admin.desk import RowsInline
from tracking.admin.health import clock
from tracking.models import Event, Leg, Shipment
from tracking.models.fields import number_key
from tracking.polling import schedule

if TYPE_CHECKING:
    LegModelForm = forms.ModelForm[Leg]
    LegFormSet = BaseInlineFormSet[Leg, Shipment, LegModelForm]
else:
    LegModelForm = forms.ModelForm
    LegFormSet = BaseInlineFormSet

FOLLOWED_BY: Final = frozenset({"number", "source", "tracker"})
STARTED: Final = ("number_key", *schedule.FOLLOWED)


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
    def follows_anew(self) -> bool:
        """Tell whether another number is asked, another feed, or asking begins or ends."""
        return not FOLLOWED_BY.isdisjoint(self.changed_data)

    def save(self, commit: bool = True) -> Leg:
        """Save what the form holds and nothing else: workers note their checks at the same time."""
        leg = super().save(commit=False)
        new = leg.pk is None
        if self.follows_anew or (new and leg.source is not None):
            schedule.follow(leg, timezone.now())
        if commit:
            leg.save(update_fields=None if new else [*self.changed_data, *(STARTED if self.follows_anew else ())])
        return leg


class LegRows(LegFormSet):
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


class Legs(RowsInline):
    """Who carries the parcel, and who is asked about it."""

    model = Leg
    form = LegForm
    formset = LegRows
    can_delete = False
    fields = ("number", "carrier", "source", "tracker", "asked", "trouble")
    readonly_fields = ("asked", "trouble")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Leg]:
        told = Event.objects.filter(leg=OuterRef("pk"))
        legs: QuerySet[Leg] = super().get_queryset(request)
        return legs.select_related("told_by").annotate(has_events=Exists(told))

    def get_extra(self, request: HttpRequest, obj: Shipment | None = None, **kwargs: Any) -> int:
        return 0 if obj else 1

    @admin.display(description=_("asked"))
    def asked(self, leg: Leg) -> str:
        """Say when this leg was asked and when it is asked again."""
        if leg.told_by:
            return gettext("told with %(number)s") % {"number": leg.told_by.number}
        moments = (
            (gettext("last: %s"), leg.last_checked_at),
            (gettext("answered: %s"), leg.last_answer_at),
            (gettext("next: %s"), leg.next_check_at),
        )
        return "; ".join(words % clock(moment) for words, moment in moments if moment) or gettext("never")
