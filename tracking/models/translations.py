"""Words of carriers that nobody has taught us, as a machine translates them where an operator has configured one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


def words_key(words: str) -> str:
    """Return the digest by which words are found."""
    return hashlib.sha256(words.strip().encode()).hexdigest()


class Translation(models.Model):
    """One carrier's words in one language of the site."""

    key = models.CharField(max_length=64, editable=False)
    language = models.CharField(_("language"), max_length=16)
    text = models.TextField(_("words"))
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)

    class Meta:
        verbose_name = _("machine translation")
        verbose_name_plural = _("machine translations")
        constraints = (models.UniqueConstraint("key", "language", name="translated_once"),)

    def __str__(self) -> str:
        return self.text[:60]


def translated(words: Iterable[str], language: str) -> dict[str, str]:
    """Return what is known of some words in a language, by the words."""
    keys = {words_key(one): one for one in words if one}
    if not keys:
        return {}
    found = Translation.objects.filter(key__in=keys, language=language).values_list("key", "text")
    return {keys[key]: text for key, text in found}
