"""Shared by the admin pages: tasks enqueued after commit, inlines with cached choices, read-only admins."""

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
from kombu.exceptions import OperationalError as BrokerUnavailable

if TYPE_CHECKING:
    from celery.canvas import Signature

    TabularInline = admin.TabularInline[Any, Any]
else:
    TabularInline = admin.TabularInline

log: Final = structlog.get_logger()


def enqueue_after_commit(request: HttpRequest, *tasks: Signature[Any]) -> None:
    """Enqueue tasks once the transaction is committed, so that workers see the saved rows."""
    transaction.on_commit(partial(enqueue_tasks, request, tasks))


def enqueue_tasks(request: HttpRequest, tasks: Iterable[Signature[Any]]) -> None:
    """Send tasks to the broker. If it cannot be reached, warn the operator on the next page instead of failing."""
    try:
        for task in tasks:
            task.apply_async()
    except BrokerUnavailable as error:
        log.warning("tasks not enqueued", tasks=[str(task) for task in tasks], error=str(error))
        messages.warning(
            request,
            _(
                "Saved, but the workers cannot be reached. Once they are back they ask about every number that is due; "
                "what was told earlier about a new number is read with “Read stored messages again”."
            ),
        )


class SharedChoicesInline(TabularInline):
    """An inline whose rows share one query for each list of choices.

    Django would query the choices of every foreign key again for each row.
    """

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
    """Remove the links that add, change, view or delete the related row."""
    if isinstance(widget, RelatedFieldWidgetWrapper):
        widget.can_add_related = widget.can_change_related = False
        widget.can_delete_related = widget.can_view_related = False


class ReadOnlyAdminMixin:
    """Make a model admin read-only, for rows that workers write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
