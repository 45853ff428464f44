"""What the desk's pages share: jobs that start after commit, and choices that are read once a page."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

import structlog
from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import transaction
from django.db.models import Model
from django.forms import BaseInlineFormSet, ModelChoiceField, ModelForm, Widget
from django.http import HttpRequest
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerAway

if TYPE_CHECKING:
    from celery.canvas import Signature

    TabularInline = admin.TabularInline[Any, Any]
else:
    TabularInline = admin.TabularInline

log: Final = structlog.get_logger()


def enqueue_after_commit(request: HttpRequest, *tasks: Signature[Any]) -> None:
    """Have jobs done once what was saved can be seen. With the broker away the operator is told."""
    transaction.on_commit(partial(enqueue_tasks, request, tasks))


def enqueue_tasks(request: HttpRequest, tasks: Iterable[Signature[Any]]) -> None:
    """Hand jobs to the workers, or say on the operator's next page that nobody took them."""
    try:
        for job in tasks:
            job.apply_async()
    except BrokerAway as trouble:
        log.warning("jobs not queued", jobs=[str(job) for job in tasks], error=str(trouble))
        messages.warning(
            request,
            _(
                "Saved, but the workers cannot be reached. Once they are back they ask about every number that is due; "
                "what was told earlier about a new number is read with “Read stored messages again”."
            ),
        )


class SharedChoicesInline(TabularInline):
    """Rows below a form. They share one reading of each list of choices: the queries do not grow with the rows."""

    extra = 0

    class Media:
        css: ClassVar = {"all": ("css/admin.css",)}

    def get_formset(
        self, request: HttpRequest, obj: Model | None = None, **kwargs: Any
    ) -> type[BaseInlineFormSet[Any, Any, ModelForm[Any]]]:
        formset = super().get_formset(request, obj, **kwargs)
        for field in formset.form.base_fields.values():
            if isinstance(field, ModelChoiceField):
                field.choices = list(field.iterator(field))
                hide_related_links(field.widget)
        return formset


def hide_related_links(widget: Widget) -> None:
    """Offer to choose a row, not to edit or delete it from here."""
    if isinstance(widget, RelatedFieldWidgetWrapper):
        widget.can_add_related = widget.can_change_related = False
        widget.can_delete_related = widget.can_view_related = False


class ReadOnlyAdminMixin:
    """For an admin of rows that workers write: to look at, never to add, change or erase by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
