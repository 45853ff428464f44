"""Shipments with their legs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracking.carriers.details.current import DetailContext, select_current
from tracking.carriers.details.parts import DeliveryDetails
from tracking.carriers.details.stored import load_details
from tracking.models.carriers import Carrier
from tracking.models.fields import clean_number, generate_token, number_key
from tracking.models.locks import lock_rows
from tracking.models.orders import Order
from tracking.vocabulary import (
    FeedState,
    JourneyKind,
    JourneyStage,
    Milestone,
    Overlay,
    Scan,
    TrackingState,
)

if TYPE_CHECKING:
    from tracking.models.forecasts import Forecast

STAGE_TIME_FIELDS: Final = {
    JourneyStage.HANDED_OVER: "handed_over_at",
    JourneyStage.EXPORTED: "exported_at",
    JourneyStage.ARRIVED: "arrived_in_country_at",
    JourneyStage.CLEARED: "cleared_at",
    JourneyStage.OUT_FOR_DELIVERY: "out_for_delivery_at",
}
"""The field with the time of each stage; that of `ORDERED` is `Order.placed_at`."""


HAS_ENDED: Final = models.Q(milestone__in=Milestone.final()) & ~models.Q(overlay=Overlay.RETURNING)
"""The condition of `Shipment.has_ended`."""


class ShipmentQuerySet(models.QuerySet["Shipment"]):
    """Queries for shipments."""

    def in_progress(self) -> Self:
        """Return the shipments that still travel: to the buyer, or back."""
        return self.exclude(HAS_ENDED)

    def lock_due(self, field: str, now: datetime, limit: int) -> list[int]:
        """Lock shipments whose time in `field` has come, longest overdue first; return the ids of `limit` at most.

        Those that another worker has locked are left out.
        """
        due = lock_rows(self.filter(**{f"{field}__lte": now}).order_by(field), skip_locked=True)
        return list(due.values_list("pk", flat=True)[:limit])


class Shipment(models.Model):
    """One parcel of an order, over all its legs. Its status fields are derived from its events and can be rebuilt."""

    token = models.CharField(max_length=32, unique=True, default=generate_token, editable=False)
    order = models.ForeignKey(Order, models.CASCADE, verbose_name=_("order"), related_name="shipments")
    origin_country = models.CharField(_("origin country"), max_length=2, blank=True)
    promised_on = models.DateField(_("promised by the shop"), null=True, blank=True)

    milestone = models.CharField(_("milestone"), max_length=24, choices=Milestone, default=Milestone.PENDING)
    overlay = models.CharField(_("overlay"), max_length=24, choices=Overlay, blank=True)
    journey = models.CharField(_("journey"), max_length=16, choices=JourneyKind, default=JourneyKind.OUTBOUND)
    journeys = models.JSONField(_("journeys"), default=list, editable=False)
    """Each journey with `kind`, `started_at`, `ended_at` and `ended_on`, in ISO 8601 or null, the current one last."""
    first_event_at = models.DateTimeField(_("first event"), null=True, editable=False)
    last_event_at = models.DateTimeField(_("last event"), null=True, editable=False)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, editable=False)
    delivered_on = models.DateField(_("delivered on"), null=True, editable=False)
    """The day at the place of the delivery: it can be known where the instant is not."""
    delivery_doubted_at = models.DateTimeField(_("delivery in doubt since"), null=True, editable=False)
    delivery_withdrawn_at = models.DateTimeField(_("delivery withdrawn at"), null=True, editable=False)
    problem_scan = models.CharField(_("scan of the problem"), max_length=40, blank=True, editable=False)
    """The scan or statement that set the overlay; for a return the one that says so."""
    problem_on = models.DateField(_("day of the problem"), null=True, editable=False)
    """The day of that scan at its place."""
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, editable=False)
    is_cancelled_by_operator = models.BooleanField(_("cancelled by the shop"), default=False, editable=False)
    is_untracked = models.BooleanField(_("shipped without tracking"), default=False, editable=False)
    has_statements = models.BooleanField(default=False, editable=False)
    """Whether an operator has ever stated something: only then are statements loaded."""
    has_other_parcel = models.BooleanField(_("number of two parcels"), default=False, editable=False)
    """Whether scans of another parcel with the same number were left out."""
    has_only_earlier_use = models.BooleanField(_("number used before only"), default=False, editable=False)
    status_due_at = models.DateTimeField(_("next conclusion"), null=True, editable=False)
    """When the time of a scan that lies in the future has come, so that it counts."""
    handed_over_at = models.DateTimeField(_("with the carrier since"), null=True, editable=False)
    exported_at = models.DateTimeField(_("left the country at"), null=True, editable=False)
    arrived_in_country_at = models.DateTimeField(_("arrived in the destination country at"), null=True, editable=False)
    cleared_at = models.DateTimeField(_("released by customs at"), null=True, editable=False)
    out_for_delivery_at = models.DateTimeField(_("went out for delivery at"), null=True, editable=False)
    last_scan = models.CharField(_("last scan"), max_length=40, blank=True, editable=False)
    last_scan_offset_minutes = models.SmallIntegerField(_("offset of the last scan"), null=True, editable=False)
    last_leg = models.ForeignKey(
        "tracking.Leg",
        models.DO_NOTHING,
        null=True,
        editable=False,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    """The leg of the last scan, for `page_state.load.current_leg`: it may be deleted or no longer in use."""
    activity_factor = models.FloatField(_("liveliness"), default=1.0, editable=False)
    last_received_at = models.DateTimeField(_("last news reached us"), null=True, editable=False)
    carrier_earliest_on = models.DateField(_("carrier's date, from"), null=True, editable=False)
    carrier_latest_on = models.DateField(_("carrier's date, until"), null=True, editable=False)
    carrier_date_source = models.CharField(_("carrier's date, source"), max_length=40, blank=True, editable=False)
    carrier_date_said_at = models.DateTimeField(_("carrier's date, given at"), null=True, editable=False)
    """When the answer came that first gave the date in force."""
    weight_grams = models.PositiveIntegerField(_("weight in grams"), null=True, editable=False)
    length_mm = models.PositiveIntegerField(_("length in millimetres"), null=True, editable=False)
    width_mm = models.PositiveIntegerField(_("width in millimetres"), null=True, editable=False)
    height_mm = models.PositiveIntegerField(_("height in millimetres"), null=True, editable=False)
    forecast = models.ForeignKey(
        "tracking.Forecast", models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("forecast")
    )
    forecast_due_at = models.DateTimeField(_("next forecast"), null=True, editable=False)
    alerts_due_at = models.DateTimeField(_("next look for alarms"), null=True, editable=False, default=timezone.now)
    """When the passing of time alone can next open or close an alert; None: only a new event can."""
    revision = models.PositiveIntegerField(_("revision"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = ShipmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        ordering = ("pk",)
        indexes = (
            models.Index(fields=["-last_received_at"]),
            models.Index(
                fields=["forecast_due_at"],
                condition=models.Q(forecast_due_at__isnull=False),
                name="shipments_due_for_forecast",
            ),
            models.Index(
                fields=["alerts_due_at"],
                condition=models.Q(alerts_due_at__isnull=False),
                name="shipments_due_for_alerts",
            ),
            models.Index(
                fields=["status_due_at"],
                condition=models.Q(status_due_at__isnull=False),
                name="shipments_due_for_status",
            ),
        )

    def __str__(self) -> str:
        return f"{self.order} / {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("shipment", args=[self.token])

    @property
    def awaits_delivery(self) -> bool:
        """Return whether the parcel is still to come to its buyer, so that a date of arrival makes sense."""
        has_ended = Milestone(self.milestone) in Milestone.final() or self.cancelled_at is not None
        return not has_ended and self.overlay != Overlay.RETURNING and self.problem_scan != Scan.EXCEPTION_LOST

    @property
    def arrival_forecast(self) -> Forecast | None:
        """Return the forecast in force of a parcel that is still to come; None where there is none."""
        return self.forecast if self.awaits_delivery else None

    @property
    def has_ended(self) -> bool:
        """Return whether the parcel has arrived, at the buyer or back at the sender, and travels no further."""
        return Milestone(self.milestone) in Milestone.final() and self.overlay != Overlay.RETURNING

    @property
    def tracking_state(self) -> TrackingState:
        """Return whether news can be expected; reads the legs, unless they are prefetched."""
        if self.is_untracked:
            return TrackingState.UNTRACKED
        has_number = any(leg.removed_at is None for leg in self.legs.all())
        return TrackingState.TRACKED if has_number else TrackingState.NO_NUMBER

    @property
    def delivery_details(self) -> DeliveryDetails:
        """Return what the feeds of the parcel tell beside its scans; reads the legs, unless they are prefetched."""
        legs = (leg for leg in self.legs.all() if leg.removed_at is None)
        return load_details((leg.details, leg.ignored_feeds) for leg in legs)

    def current_details(self, today: date) -> DeliveryDetails:
        """Return the details that are current on a day, which is that at the place of delivery."""
        started_at = self.journeys[-1]["started_at"] if len(self.journeys) > 1 else None
        # A scan of an earlier use of the number counts for nothing; a day, because a local clock is no instant.
        since = self.first_event_at - timedelta(days=1) if self.first_event_at else None
        state = DetailContext(
            Milestone(self.milestone),
            Overlay(self.overlay) if self.overlay else None,
            today,
            self.cleared_at,
            datetime.fromisoformat(started_at) if started_at else since,
            self.cancelled_at is not None,
        )
        return select_current(self.delivery_details, state)


class LegQuerySet(models.QuerySet["Leg"]):
    """Queries for legs."""

    def in_use(self) -> Self:
        """Return the legs that were not removed from their parcel."""
        return self.filter(removed_at=None)

    def due(self, now: datetime) -> Self:
        """Return the legs whose next check is due, the most overdue first."""
        return self.filter(next_check_at__lte=now).order_by("next_check_at")


class Leg(models.Model):
    """One carrier's part of a journey. It is polled at its own feed, or reported by the answers about another leg."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, verbose_name=_("parcel"), related_name="legs")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    carrier = models.ForeignKey(
        Carrier,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("carrier"),
        related_name="legs",
        help_text=_("Who carries it. Empty until somebody tells."),
    )
    number = models.CharField(_("tracking number"), max_length=64)
    number_key = models.CharField(max_length=64, editable=False)
    feed = models.ForeignKey(
        Carrier,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("feed"),
        related_name="polled_legs",
        limit_choices_to=~models.Q(adapter=""),
        help_text=_("Who is asked about it."),
    )
    reported_by = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, editable=False, related_name="reported_legs"
    )
    ignored_feeds = models.JSONField(
        _("feeds not heard"),
        default=list,
        blank=True,
        editable=False,
        help_text=_("Feeds that told of another parcel with this number."),
    )
    aliases = models.JSONField(
        _("numbers told"),
        default=list,
        blank=True,
        editable=False,
        help_text=_("Carriers that answers about this number told with another, and under which."),
    )
    removed_at = models.DateTimeField(_("removed at"), null=True, editable=False)
    """When an operator took the number off the parcel: what it reports is kept and does not count."""
    complete_answers = models.JSONField(default=dict, blank=True, editable=False)
    """By feed id, the latest answers that held its whole history of this leg: `journey.withdrawal.AnswerHistory`."""
    details = models.JSONField(default=dict, blank=True, editable=False)
    """By feed id, what its newest answers tell beside scans: `carriers.details.stored`."""
    feed_state = models.CharField(_("feed state"), max_length=12, choices=FeedState, default=FeedState.ACTIVE)
    registered_at = models.DateTimeField(_("registered at"), null=True, editable=False)
    next_check_at = models.DateTimeField(_("next check"), null=True, editable=False)
    last_checked_at = models.DateTimeField(_("last check"), null=True, editable=False)
    last_answer_at = models.DateTimeField(_("last answer"), null=True, editable=False)
    consecutive_failures = models.PositiveSmallIntegerField(_("failures in a row"), default=0, editable=False)
    last_error = models.CharField(_("trouble"), max_length=300, blank=True, editable=False)

    objects = LegQuerySet.as_manager()

    class Meta:
        verbose_name = _("leg")
        verbose_name_plural = _("legs")
        ordering = ("shipment", "position", "pk")
        constraints = (
            models.UniqueConstraint("shipment", "carrier", "number_key", name="one_leg_per_number"),
            models.UniqueConstraint(
                "shipment", "number_key", condition=models.Q(carrier=None), name="one_leg_per_number_without_carrier"
            ),
        )
        indexes = (
            models.Index(fields=["number_key"]),
            models.Index(
                fields=["next_check_at"], condition=models.Q(next_check_at__isnull=False), name="legs_due_for_check"
            ),
        )

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.number = clean_number(self.number)
        self.number_key = number_key(self.number)
        super().save(*args, **kwargs)
