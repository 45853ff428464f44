"""Shops, with their default language and time zone."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Shop(models.Model):
    """A merchant's shop. One site may serve several."""

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    support_email = models.EmailField(_("support e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=16, default="en")
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")

    def __str__(self) -> str:
        return self.name
