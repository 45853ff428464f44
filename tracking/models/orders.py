"""Orders and their lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Self

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracking.models.fields import generate_token, number_key, read_country
from tracking.models.shops import Shop
from tracking.typed_input.email_addresses import normalize_email_address


class OrderQuerySet(models.QuerySet["Order"]):
    """Queries for orders by what a buyer knows of them."""

    def matching_number(self, number: str) -> Self:
        """Return the orders with a typed order number, in any shop and spelling."""
        key = number_key(number)
        return self.filter(number_key=key) if key else self.none()

    def with_tracking_numbers(self, number_keys: Iterable[str]) -> Self:
        """Return the orders with a shipment under one of these tracking numbers."""
        return self.filter(shipments__legs__number_key__in=list(number_keys)).distinct()


class Order(models.Model):
    """One purchase of one buyer. The token is in the URL of its page: only the buyer gets it."""

    token = models.CharField(max_length=32, unique=True, default=generate_token, editable=False)
    shop = models.ForeignKey(Shop, models.PROTECT, verbose_name=_("shop"), related_name="orders")
    number = models.CharField(_("order number"), max_length=64)
    number_key = models.CharField(max_length=64, editable=False)
    placed_at = models.DateTimeField(_("placed at"), default=timezone.now)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=24, blank=True, help_text=_("With country code: +49…"))
    postal_code = models.CharField(_("postal code"), max_length=16, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    region = models.CharField(_("state or region"), max_length=80, blank=True)
    country = models.CharField(
        _("destination country"), max_length=2, blank=True, help_text=_("Two letters, ISO 3166.")
    )
    language = models.CharField(_("language"), max_length=16, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    """Changes with every field and line of the order: part of the key under which pages are cached."""

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-placed_at",)
        indexes = (models.Index(fields=["number_key"]), models.Index(fields=["email"]))
        constraints = (models.UniqueConstraint("shop", "number_key", name="one_order_per_number"),)

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.number_key = number_key(self.number)
        self.email = normalize_email_address(self.email)
        if kwargs.get("update_fields") is None or "country" in kwargs["update_fields"]:
            self.country = read_country(self.country)
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "updated_at"}
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("order", args=[self.token])

    @property
    def has_stated_time(self) -> bool:
        """Return whether `placed_at` was given; left to its default it only says when the order was entered."""
        return abs(self.created_at - self.placed_at) > timedelta(minutes=1)


class OrderLine(models.Model):
    """One article of an order, with the data that customs needs."""

    order = models.ForeignKey(Order, models.CASCADE, verbose_name=_("order"), related_name="lines")
    shipment = models.ForeignKey(
        "tracking.Shipment", models.SET_NULL, null=True, blank=True, verbose_name=_("parcel"), related_name="lines"
    )
    sku = models.CharField(_("article number"), max_length=64, blank=True)
    title = models.CharField(_("title"), max_length=200)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    unit_price = models.DecimalField(_("unit price"), max_digits=12, decimal_places=2, null=True, blank=True)
    hs_code = models.CharField(_("HS code"), max_length=12, blank=True)
    weight_grams = models.PositiveIntegerField(_("weight in grams"), null=True, blank=True)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ("pk",)
        constraints = (models.CheckConstraint(condition=models.Q(quantity__gt=0), name="quantity_is_positive"),)

    def __str__(self) -> str:
        return f"{self.quantity} x {self.title}"
