"""Codes that no table of ours knows: what the operator says they mean is used from then on, and for all history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from tracking import tasks
from tracking.admin.base import enqueue_after_commit
from tracking.models import TextMapping, UnmappedCode

if TYPE_CHECKING:
    UnmappedCodeModelAdmin = admin.ModelAdmin[UnmappedCode]
    PhraseModelAdmin = admin.ModelAdmin[TextMapping]
else:
    UnmappedCodeModelAdmin = PhraseModelAdmin = admin.ModelAdmin


@admin.register(UnmappedCode)
class UnmappedCodeAdmin(UnmappedCodeModelAdmin):
    """The most frequent unknown codes first; choosing what one means reads its history again."""

    list_display = ("code", "carrier", "example_text", "scan", "occurrence_count", "first_seen_at", "last_seen_at")
    list_filter = ("carrier",)
    list_select_related = ("carrier",)
    search_fields = ("code", "example_text")
    fields = ("carrier", "code", "example_text", "scan", "occurrence_count", "first_seen_at", "last_seen_at")
    readonly_fields = ("carrier", "code", "example_text", "occurrence_count", "first_seen_at", "last_seen_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: UnmappedCode, form: Any, change: bool) -> None:
        """Save the meaning and have the history with this code read again."""
        super().save_model(request, obj, form, change)
        if "scan" in form.changed_data:
            enqueue_after_commit(request, tasks.replay_mapped_code.s(obj.pk))


@admin.register(TextMapping)
class PhraseAdmin(PhraseModelAdmin):
    """Words of carriers that an operator teaches; a new meaning reads the history with these words again."""

    list_display = ("pattern", "carrier", "scan", "updated_at")
    list_filter = ("carrier",)
    list_select_related = ("carrier",)
    search_fields = ("pattern",)
    fields = ("pattern", "carrier", "scan")

    def save_model(self, request: HttpRequest, obj: TextMapping, form: Any, change: bool) -> None:
        """Save the meaning and have the history with these words read again."""
        super().save_model(request, obj, form, change)
        enqueue_after_commit(request, tasks.replay_text_mapping.s(obj.pk))
