"""Machine translations of carriers' texts that no code table or phrase maps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


def text_key(text: str) -> str:
    """Return the digest by which a text is looked up."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


class MachineTranslation(models.Model):
    """One carrier text in one language of the site."""

    text_key = models.CharField(max_length=64, editable=False)
    language = models.CharField(_("language"), max_length=16)
    translated_text = models.TextField(_("words"))
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)

    class Meta:
        verbose_name = _("machine translation")
        verbose_name_plural = _("machine translations")
        constraints = (models.UniqueConstraint("text_key", "language", name="one_translation_per_language"),)

    def __str__(self) -> str:
        return self.translated_text[:60]


def find_translations(texts: Iterable[str], language: str) -> dict[str, str]:
    """Return the stored translations of some texts into a language, by original text."""
    originals = {text_key(text): text for text in texts if text}
    if not originals:
        return {}
    rows = MachineTranslation.objects.filter(text_key__in=originals, language=language).values_list(
        "text_key", "translated_text"
    )
    return {originals[key]: translated for key, translated in rows}
