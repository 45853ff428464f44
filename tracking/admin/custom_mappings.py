"""Carrier codes and texts that operators map to scans. A new mapping also applies to all stored messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from tracking import tasks
from tracking.admin.base import enqueue_after_commit
from tracking.models import TextMapping, UnmappedCode

if TYPE_CHECKING:
    UnmappedCodeModelAdmin = admin.ModelAdmin[UnmappedCode]
    TextMappingModelAdmin = admin.ModelAdmin[TextMapping]
else:
    UnmappedCodeModelAdmin = TextMappingModelAdmin = admin.ModelAdmin


@admin.register(UnmappedCode)
class UnmappedCodeAdmin(UnmappedCodeModelAdmin):
    """List codes that are in no code table. Choosing a scan for one parses its stored messages again."""

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
        """Save the chosen scan and enqueue a replay of the messages that contain this code."""
        super().save_model(request, obj, form, change)
        if "scan" in form.changed_data:
            enqueue_after_commit(request, tasks.replay_mapped_code.s(obj.pk))


@admin.register(TextMapping)
class TextMappingAdmin(TextMappingModelAdmin):
    """Edit texts of carriers that operators map to scans. A change parses the stored messages with the text again."""

    list_display = ("pattern", "carrier", "scan", "updated_at")
    list_filter = ("carrier",)
    list_select_related = ("carrier",)
    search_fields = ("pattern",)
    fields = ("pattern", "carrier", "scan")

    def save_model(self, request: HttpRequest, obj: TextMapping, form: Any, change: bool) -> None:
        """Save the mapping and enqueue a replay of the messages that contain this text."""
        super().save_model(request, obj, form, change)
        enqueue_after_commit(request, tasks.replay_text_mapping.s(obj.pk))
