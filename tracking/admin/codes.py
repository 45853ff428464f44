"""Codes that no table of ours knows: what the operator says they mean is used from then on, and for all history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from tracking import tasks
from tracking.admin.desk import after_commit
from tracking.models import Phrase, UnmappedCode

if TYPE_CHECKING:
    CodeDesk = admin.ModelAdmin[UnmappedCode]
    PhraseDesk = admin.ModelAdmin[Phrase]
else:
    CodeDesk = PhraseDesk = admin.ModelAdmin


@admin.register(UnmappedCode)
class UnmappedCodeAdmin(CodeDesk):
    """The most frequent unknown codes first; choosing what one means reads its history again."""

    list_display = ("code", "carrier", "words", "scan", "count", "first_seen_at", "last_seen_at")
    list_filter = ("carrier",)
    list_select_related = ("carrier",)
    search_fields = ("code", "words")
    fields = ("carrier", "code", "words", "scan", "count", "first_seen_at", "last_seen_at")
    readonly_fields = ("carrier", "code", "words", "count", "first_seen_at", "last_seen_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: UnmappedCode, form: Any, change: bool) -> None:
        """Save the meaning and have the history with this code read again."""
        super().save_model(request, obj, form, change)
        if "scan" in form.changed_data:
            after_commit(request, tasks.relearn_code.s(obj.pk))


@admin.register(Phrase)
class PhraseAdmin(PhraseDesk):
    """Words of carriers that an operator teaches; a new meaning reads the history with these words again."""

    list_display = ("words", "carrier", "scan", "taught_at")
    list_filter = ("carrier",)
    list_select_related = ("carrier",)
    search_fields = ("words",)
    fields = ("words", "carrier", "scan")

    def save_model(self, request: HttpRequest, obj: Phrase, form: Any, change: bool) -> None:
        """Save the meaning and have the history with these words read again."""
        super().save_model(request, obj, form, change)
        after_commit(request, tasks.relearn_phrase.s(obj.pk))
