"""Words of carriers that nobody has taught us, as a machine translates them where an operator has configured one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


def text_key(text: str) -> str:
    """Return the digest by which words are found."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


class MachineTranslation(models.Model):
    """One carrier's words in one language of the site."""

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
    """Return what is known of some words in a language, by the words."""
    keys = {text_key(one): one for one in texts if one}
    if not keys:
        return {}
    found = MachineTranslation.objects.filter(text_key__in=keys, language=language).values_list(
        "text_key", "translated_text"
    )
    return {keys[key]: text for key, text in found}
