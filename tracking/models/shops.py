"""Shops: language, time zone, and everything that pages promise in a shop's name."""

from __future__ import annotations

import hashlib
from typing import Any, Final, Self

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tracking.models.shop_pictures import ShopPicture
from tracking.shop_colours import AccentColours, InvalidColourError, ShopColours, guard_shop_colour, read_colour
from tracking.typed_input.opening_hours import InvalidOpeningHoursError, format_opening_hours, parse_opening_hours
from tracking.vocabulary import Remedy

MAX_DAYS: Final = 90
MAX_REPLY_HOURS: Final = 240
LIMIT_DAYS: Final = MaxValueValidator(MAX_DAYS)
HTTPS_ONLY: Final = URLValidator(schemes=["https"])
COLOUR_FIELDS: Final = (
    *("accent_light", "on_accent_light", "accent_soft_light"),
    *("accent_dark", "on_accent_dark", "accent_soft_dark"),
)
REMEDY_CASES: Final = ("lost", "damaged", "returned")
REMEDIES: Final = [
    (Remedy.UNSAID.value, _("nothing said")),
    (Remedy.REPLACEMENT.value, _("send it again or send a new one")),
    (Remedy.REFUND.value, _("refund")),
    (Remedy.BUYERS_CHOICE.value, _("the buyer chooses")),
]
FALLBACKS: Final = [choice for choice in REMEDIES if choice[0] != Remedy.BUYERS_CHOICE]
DAYS_HELP: Final = _("Working days until it is done. Empty: the page names no day.")
FALLBACK_HELP: Final = _("What you do if the buyer does not choose.")
FALLBACK_DAYS_HELP: Final = _("Calendar days that the buyer has to choose.")


def validate_colour(text: str) -> None:
    """Raise `ValidationError` for what is no colour."""
    try:
        read_colour(text)
    except InvalidColourError as error:
        raise ValidationError(_("Write the colour as # and six digits, like #0b5c63."), code="invalid") from error


def validate_opening_hours(text: str) -> None:
    """Raise `ValidationError` for what is no opening hours."""
    try:
        parse_opening_hours(text)
    except InvalidOpeningHoursError as error:
        raise ValidationError(
            _("Write the hours like this: Mo-Fr 09:00-17:00; Sa 10:00-14:00"), code="invalid"
        ) from error


def validate_phone(text: str) -> None:
    """Raise `ValidationError` for what is no phone number with its country code."""
    try:
        format_phone_number(text)
    except phonenumbers.NumberParseException as error:
        raise ValidationError(_("With country code: +49…"), code="invalid") from error


def format_phone_number(text: str) -> str:
    """Return a number in E.164; raise `NumberParseException` without its country code, or with too few digits."""
    number = phonenumbers.parse(text, None)
    if not phonenumbers.is_possible_number(number):
        raise phonenumbers.NumberParseException(phonenumbers.NumberParseException.NOT_A_NUMBER, text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class ShopQuerySet(models.QuerySet["Shop"]):
    """Queries for shops."""

    def counted_in_statistics(self) -> Self:
        """Return the shops whose parcels count in statistics of the whole site.

        Simulated shops count only until a real one has its first order: then nothing is learned from invented parcels.
        """
        has_real_orders = self.filter(is_simulated=False, orders__isnull=False).exists()
        return self.filter(is_simulated=False) if has_real_orders else self.all()


class Shop(models.Model):
    """A merchant's shop. One site may serve several. `tracking.shops.policy_of` turns the fields into promises."""

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=16, default="en")
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    is_simulated = models.BooleanField(
        _("simulated"),
        default=False,
        editable=False,
        help_text=_("A shop of the demo: its orders and parcels are invented."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    """Changes with every field and picture of the shop: part of the key under which pages are cached."""

    website_url = models.URLField(
        _("web site"), blank=True, validators=[HTTPS_ONLY], help_text=_("Where logo and name on the pages lead to.")
    )
    logo = models.ForeignKey(
        ShopPicture, models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("logo")
    )
    accent = models.CharField(
        _("accent colour"),
        max_length=16,
        blank=True,
        validators=[validate_colour],
        help_text=_("Links and buttons have it. It is made darker or lighter where text would be hard to read."),
    )
    accent_light = models.CharField(max_length=7, blank=True, editable=False)
    on_accent_light = models.CharField(max_length=7, blank=True, editable=False)
    accent_soft_light = models.CharField(max_length=7, blank=True, editable=False)
    accent_dark = models.CharField(max_length=7, blank=True, editable=False)
    on_accent_dark = models.CharField(max_length=7, blank=True, editable=False)
    accent_soft_dark = models.CharField(max_length=7, blank=True, editable=False)

    support_email = models.EmailField(_("support e-mail"), blank=True)
    support_phone = models.CharField(
        _("support phone"),
        max_length=24,
        blank=True,
        validators=[validate_phone],
        help_text=_("With country code: +49…"),
    )
    support_chat_url = models.URLField(_("link to a chat"), blank=True, validators=[HTTPS_ONLY])
    reply_hours = models.PositiveSmallIntegerField(
        _("usual reply time in hours"), null=True, blank=True, validators=[MaxValueValidator(MAX_REPLY_HOURS)]
    )
    support_hours = models.CharField(
        _("support hours"),
        max_length=200,
        blank=True,
        validators=[validate_opening_hours],
        help_text=_("In the time zone of the shop, like this: Mo-Fr 09:00-17:00; Sa 10:00-14:00"),
    )
    return_address = models.TextField(
        _("return address"), max_length=400, blank=True, help_text=_("Where buyers send things back to, line by line.")
    )

    handover_days = models.PositiveSmallIntegerField(
        _("days until the carrier has it"),
        null=True,
        blank=True,
        validators=[LIMIT_DAYS],
        help_text=_("Working days from the order until you hand the parcel to the carrier."),
    )
    refund_days = models.PositiveSmallIntegerField(
        _("days until a refund"),
        null=True,
        blank=True,
        validators=[LIMIT_DAYS],
        help_text=_("Working days after a cancellation, or after a thing that was sent back has reached you."),
    )
    search_days = models.PositiveSmallIntegerField(
        _("days until an answer about a parcel that was not received"),
        null=True,
        blank=True,
        validators=[LIMIT_DAYS],
        help_text=_("Working days after the buyer reported it."),
    )

    lost_remedy = models.CharField(_("lost: what you do"), max_length=12, blank=True, choices=REMEDIES)
    lost_days = models.PositiveSmallIntegerField(
        _("lost: days"), null=True, blank=True, validators=[LIMIT_DAYS], help_text=DAYS_HELP
    )
    lost_fallback = models.CharField(
        _("lost: without a choice"), max_length=12, blank=True, choices=FALLBACKS, help_text=FALLBACK_HELP
    )
    lost_fallback_days = models.PositiveSmallIntegerField(
        _("lost: days to choose"), null=True, blank=True, validators=[LIMIT_DAYS], help_text=FALLBACK_DAYS_HELP
    )
    damaged_remedy = models.CharField(_("damaged: what you do"), max_length=12, blank=True, choices=REMEDIES)
    damaged_days = models.PositiveSmallIntegerField(
        _("damaged: days"), null=True, blank=True, validators=[LIMIT_DAYS], help_text=DAYS_HELP
    )
    damaged_fallback = models.CharField(
        _("damaged: without a choice"), max_length=12, blank=True, choices=FALLBACKS, help_text=FALLBACK_HELP
    )
    damaged_fallback_days = models.PositiveSmallIntegerField(
        _("damaged: days to choose"), null=True, blank=True, validators=[LIMIT_DAYS], help_text=FALLBACK_DAYS_HELP
    )
    damaged_keep_percent = models.PositiveSmallIntegerField(
        _("damaged: refund if the buyer keeps it, in percent"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(100)],
        help_text=_("Of the price. Empty: buyers are not asked whether they keep it."),
    )
    returned_remedy = models.CharField(_("returned: what you do"), max_length=12, blank=True, choices=REMEDIES)
    returned_days = models.PositiveSmallIntegerField(
        _("returned: days"), null=True, blank=True, validators=[LIMIT_DAYS], help_text=DAYS_HELP
    )
    returned_fallback = models.CharField(
        _("returned: without a choice"), max_length=12, blank=True, choices=FALLBACKS, help_text=FALLBACK_HELP
    )
    returned_fallback_days = models.PositiveSmallIntegerField(
        _("returned: days to choose"), null=True, blank=True, validators=[LIMIT_DAYS], help_text=FALLBACK_DAYS_HELP
    )

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.support_hours = format_opening_hours(parse_opening_hours(self.support_hours))
        self.support_phone = format_phone_number(self.support_phone) if self.support_phone else ""
        update_fields = kwargs.get("update_fields")
        if update_fields is None or "accent" in update_fields:
            self.set_colours()
        if update_fields is not None:
            derived = COLOUR_FIELDS if "accent" in update_fields else ()
            kwargs["update_fields"] = {*update_fields, *derived, "updated_at"}
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Raise `ValidationError` where what the shop does contradicts itself."""
        errors = {field: error for case in REMEDY_CASES for field, error in self.remedy_errors(case)}
        if errors:
            raise ValidationError(errors)

    def remedy_errors(self, case: str) -> list[tuple[str, Any]]:
        """Return what contradicts itself in the fields of a case, "lost", "damaged" or "returned": (field, error)."""
        remedy, fallback = getattr(self, f"{case}_remedy"), getattr(self, f"{case}_fallback")
        days, fallback_days = getattr(self, f"{case}_days"), getattr(self, f"{case}_fallback_days")
        errors = []
        if days is not None and not remedy:
            errors.append((f"{case}_days", _("First say what you do.")))
        if (fallback or fallback_days is not None) and remedy != Remedy.BUYERS_CHOICE:
            errors.append((f"{case}_fallback", _("Only where the buyer chooses.")))
        elif bool(fallback) != (fallback_days is not None):
            errors.append((f"{case}_fallback_days", _("Say both: what you do, and after how many days.")))
        return errors

    def set_colours(self) -> None:
        """Set the six colours of the pages from the shop's own colour; without one the pages keep theirs."""
        self.accent = read_colour(self.accent) if self.accent else ""
        colours = guard_shop_colour(self.accent) if self.accent else None
        values = (*colours.light, *colours.dark) if colours else ("",) * len(COLOUR_FIELDS)
        for field, value in zip(COLOUR_FIELDS, values, strict=True):
            setattr(self, field, value)

    @property
    def colours(self) -> ShopColours | None:
        """Return the stored colours of both themes; None if the shop has named no colour."""
        if not self.accent_light:
            return None
        return ShopColours(
            AccentColours(self.accent_light, self.on_accent_light, self.accent_soft_light),
            AccentColours(self.accent_dark, self.on_accent_dark, self.accent_soft_dark),
        )

    @property
    def colours_version(self) -> str:
        """Return a name of the stored colours that changes with them, for the URL of the stylesheet; "" for none."""
        if not self.accent_light:
            return ""
        values = "".join(getattr(self, field) for field in COLOUR_FIELDS)
        return hashlib.sha256(f"{self.slug} {values}".encode()).hexdigest()[:12]
