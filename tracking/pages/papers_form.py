"""The form for the documents that customs asks for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from tracking.buyer_tasks.papers import (
    MAX_FILES,
    InvalidPaperError,
    file_too_large_message,
    receive_paper,
    too_many_files_message,
)
from tracking.localization.numbers import localize_digits
from tracking.models.texts import PaperKind
from tracking.pages.answer_form import AnswerForm, note_field
from tracking.paper_check.formats import MAX_FILE_BYTES


class MultipleFileInput(forms.ClearableFileInput):
    """A file input that accepts several files."""

    allow_multiple_selected = True


class PapersField(forms.FileField):
    """The files of one paper: photos or pages."""

    widget = MultipleFileInput(attrs={"accept": "image/*,application/pdf"})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = data if isinstance(data, list) else [data] if data else []
        if self.required and not files:
            raise forms.ValidationError(_("This document is needed."))
        return files


class PapersForm(AnswerForm):
    """The papers that customs requests; each file is checked after the form was sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        requested = self.form_context.buyer_task.requested_papers if self.form_context.buyer_task else []
        for kind in [PaperKind(name) for name in requested] or [PaperKind.INVOICE]:
            self.fields[kind.value] = PapersField(label=kind.label)
            # Read by js/files.js, which says it before the file is sent.
            message = localize_digits(file_too_large_message(), self.form_context.reader)
            limit = {"data-max-bytes": str(MAX_FILE_BYTES), "data-too-large": message}
            self.fields[kind.value].widget.attrs |= limit
        self.fields["note"] = note_field()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        files = [(name, file) for name in self.fields if name != "note" for file in cleaned.get(name, [])]
        if len(files) > MAX_FILES:
            raise forms.ValidationError(localize_digits(too_many_files_message(), self.form_context.reader))
        for name, file in files:
            self.receive_file(name, file)
        return cleaned

    def receive_file(self, name: str, file: UploadedFile) -> None:
        """Keep one file for its check; put an error with the file's name beside its field."""
        try:
            if (file.size or 0) > MAX_FILE_BYTES:
                raise InvalidPaperError(localize_digits(file_too_large_message(), self.form_context.reader))
            self.received_papers.append(receive_paper(PaperKind(name), file.name or "", file.read()))
        except InvalidPaperError as error:
            self.add_error(name, f"{file.name}: {error}")

    def values(self) -> dict[str, str]:
        return {"note": self.cleaned_data["note"]} if self.cleaned_data.get("note") else {}
