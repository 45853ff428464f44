"""Forecasts of parcels under way: when they are made, what they are based on, when they change; nightly training."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.eta import accuracy, prediction
from tracking.eta.calibration import RAW_LEVELS
from tracking.eta.observations import Features
from tracking.eta.training import train_all_models, train_model
from tracking.ingest.forecasts import FORECAST_INTERVAL, make_due_forecasts
from tracking.models import Forecast, ForecastAccuracy, Leg, Order, PredictionModel, Shipment, Shop
from tracking.models.forecasts import ForecastBasis
from tracking.models.texts import ForecastChangeReason
from tracking.vocabulary import JourneyStage, Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NOW = factories.RECEIVED_AT
DAY = timedelta(days=1)


def record_scans(leg: Leg, *scans: tuple[str, datetime]) -> Shipment:
    """Record scans of a leg, make the forecasts that are due then, and return the shipment."""
    parsed = [factories.build_scan(name, at.isoformat(), country="US") for name, at in scans]
    record_shipment(leg, factories.build_shipment(*parsed, origin="CN"), factories.create_payload())
    forecast_at(leg.shipment, max(at for _, at in scans) + timedelta(minutes=5))
    return Shipment.objects.select_related("forecast").get(pk=leg.shipment_id)


def forecast_at(shipment: Shipment, now: datetime) -> Forecast | None:
    """Make the forecasts as if all were due at `now`; return the shipment's current one."""
    Shipment.objects.filter(pk=shipment.pk, forecast_due_at__isnull=False).update(forecast_due_at=now)
    make_due_forecasts(now)
    return Shipment.objects.select_related("forecast").get(pk=shipment.pk).forecast


def test_without_a_trained_model_a_forecast_rests_on_general_priors() -> None:
    shipment = record_scans(factories.create_leg(), ("origin.picked_up", NOW - DAY))

    forecast = shipment.forecast
    assert forecast is not None
    assert (forecast.stage, forecast.basis, forecast.change_reason) == (
        JourneyStage.HANDED_OVER,
        ForecastBasis.GENERAL,
        ForecastChangeReason.FIRST,
    )
    assert NOW.date() < forecast.earliest_on <= forecast.most_likely_on <= forecast.latest_on
    assert 5 <= (forecast.latest_on - forecast.earliest_on).days <= 40
    assert len(forecast.raw_remaining_days) == len(RAW_LEVELS)


@pytest.mark.parametrize(
    ("scans", "stage"),
    [
        (["order.label_created"], JourneyStage.ORDERED),
        (["origin.picked_up"], JourneyStage.HANDED_OVER),
        (["origin.picked_up", "linehaul.departed"], JourneyStage.EXPORTED),
        (["linehaul.departed", "linehaul.arrived_destination"], JourneyStage.ARRIVED),
        (["import.customs_held", "import.customs_released"], JourneyStage.CLEARED),
        (["import.customs_released", "delivery.out_for_delivery"], JourneyStage.OUT_FOR_DELIVERY),
    ],
)
def test_the_latest_milestone_decides_the_journey_stage(scans: list[str], stage: JourneyStage) -> None:
    start = NOW - 2 * DAY
    shipment = record_scans(
        factories.create_leg(), *((name, start + timedelta(hours=hour)) for hour, name in enumerate(scans))
    )

    assert shipment.forecast is not None
    assert shipment.forecast.stage == stage


@pytest.mark.parametrize("scans", [["unmapped"], ["origin.picked_up", "return.started"], ["delivery.delivered"]])
def test_unmapped_returning_and_delivered_parcels_get_no_forecast(scans: list[str]) -> None:
    shipment = record_scans(
        factories.create_leg(), *((name, NOW - DAY + timedelta(hours=hour)) for hour, name in enumerate(scans))
    )

    assert shipment.forecast is None
    assert shipment.forecast_due_at is None


def test_a_parcel_without_a_destination_gets_no_forecast() -> None:
    assert (
        record_scans(
            factories.create_leg(for_order=factories.create_order(country="")), ("origin.picked_up", NOW - DAY)
        ).forecast
        is None
    )


def test_a_parcel_out_for_delivery_is_forecast_for_hours_of_the_same_day() -> None:
    morning = datetime.fromisoformat("2026-09-18T12:00:00+00:00")
    shipment = record_scans(factories.create_leg(), ("delivery.out_for_delivery", morning))

    forecast = shipment.forecast
    assert forecast is not None
    assert forecast.earliest_on == date(2026, 9, 18)
    assert forecast.earliest_at is not None
    assert forecast.latest_at is not None
    assert morning - timedelta(hours=1) <= forecast.earliest_at < forecast.latest_at <= morning + timedelta(hours=13)


def test_without_new_scans_the_next_forecast_is_due_within_a_day() -> None:
    shipment = record_scans(factories.create_leg(), ("origin.picked_up", NOW - DAY))

    assert shipment.forecast_due_at is not None
    assert shipment.forecast_due_at - (NOW - DAY) < timedelta(days=1)
    assert shipment.forecast_due_at >= NOW - DAY + FORECAST_INTERVAL


def test_an_unchanged_forecast_is_not_stored_again() -> None:
    shipment = record_scans(factories.create_leg(), ("origin.picked_up", NOW - DAY))

    current = forecast_at(shipment, NOW - DAY + timedelta(hours=20))

    assert current == shipment.forecast
    assert Forecast.objects.count() == 1
    assert Shipment.objects.get().revision == shipment.revision


def test_days_without_scans_move_the_window_and_are_given_as_the_reason() -> None:
    shipment = record_scans(factories.create_leg(), ("import.customs_released", NOW - DAY))
    first = shipment.forecast
    assert first is not None

    later = forecast_at(shipment, NOW + 9 * DAY)

    assert later is not None
    assert later.earliest_on > first.earliest_on
    assert later.change_reason == ForecastChangeReason.SILENCE
    assert Shipment.objects.get().revision == shipment.revision + 1


@pytest.mark.parametrize(
    ("after", "reason"), [(timedelta(hours=30), ForecastChangeReason.EARLY), (16 * DAY, ForecastChangeReason.LATE)]
)
def test_a_milestone_reached_early_or_late_is_given_as_the_reason(
    after: timedelta, reason: ForecastChangeReason
) -> None:
    leg = factories.create_leg()
    start = NOW - 17 * DAY
    record_scans(leg, ("origin.picked_up", start))

    shipment = record_scans(leg, ("origin.picked_up", start), ("linehaul.arrived_destination", start + after))

    assert shipment.forecast is not None
    assert shipment.forecast.change_reason == reason
    assert list(Forecast.objects.shown().values_list("change_reason", flat=True)) == [
        ForecastChangeReason.FIRST,
        reason,
    ]


def test_a_delivered_parcel_keeps_its_last_forecast_and_gets_no_more() -> None:
    leg = factories.create_leg()
    record_scans(leg, ("origin.picked_up", NOW - 5 * DAY))

    shipment = record_scans(leg, ("delivery.delivered", NOW - DAY))

    assert (shipment.milestone, shipment.forecast_due_at) == (Milestone.DELIVERED, None)
    assert shipment.forecast is not None


def create_delivered_shipments(shop: Shop, count: int) -> None:
    """Create parcels of a shop from China to the US, delivered within the last 100 days, after nine days on average."""
    rng = np.random.default_rng(count)
    orders, shipments = [], []
    for index in range(count):
        days = float(9.0 * np.exp(rng.normal(0, 0.25)))
        start = NOW - timedelta(days=days) - DAY * 100 * (index / count)
        number = f"P{index}"
        order = Order(shop=shop, number=number, number_key=number, country="US", placed_at=start - 2 * DAY)
        orders.append(order)
        shipments.append(
            Shipment(
                order=order,
                origin_country="CN",
                milestone=Milestone.DELIVERED,
                handed_over_at=start,
                delivered_at=start + days * DAY,
                delivered_on=(start + days * DAY).date(),
            )
        )
    Order.objects.bulk_create(orders)
    Shipment.objects.bulk_create(shipments)


def test_nightly_training_learns_a_shops_own_transit_times() -> None:
    leg = factories.create_leg()
    create_delivered_shipments(leg.shipment.order.shop, 120)

    assert train_all_models(NOW) == 2
    prediction.clear_model_caches()
    shipment = record_scans(leg, ("origin.picked_up", NOW))

    forecast = shipment.forecast
    assert forecast is not None
    assert (forecast.basis, forecast.sample_size) == (ForecastBasis.LANE, 120)
    assert 6 <= (forecast.most_likely_on - NOW.date()).days <= 12
    assert forecast.prediction_model == PredictionModel.objects.get(stage=JourneyStage.HANDED_OVER)


def test_a_worse_model_is_stored_but_not_activated_and_any_model_can_be_activated() -> None:
    shop = factories.create_order().shop
    create_delivered_shipments(shop, 150)
    train_model(shop, JourneyStage.HANDED_OVER, NOW)
    first = PredictionModel.objects.get()
    Shipment.objects.filter(pk__in=Shipment.objects.order_by("handed_over_at").values("pk")[:75]).update(
        delivered_at=None, milestone=Milestone.LINEHAUL, handed_over_at=NOW - 60 * DAY
    )

    accepted = train_model(shop, JourneyStage.HANDED_OVER, NOW + DAY)

    worse = PredictionModel.objects.exclude(pk=first.pk).get()
    assert (accepted, worse.accepted, worse.active) == (False, False, False)
    assert PredictionModel.objects.get(active=True) == first
    worse.activate()
    assert PredictionModel.objects.get(active=True) == worse
    first.activate()
    assert PredictionModel.objects.get(active=True) == first


def create_forecast_with_carrier_date(shipment: Shipment, source: str, error_days: int) -> None:
    """Store a forecast made at handover, with a carrier's date `error_days` after the day of delivery."""
    assert shipment.handed_over_at is not None
    assert shipment.delivered_at is not None
    Forecast.objects.create(
        shipment=shipment,
        stage=JourneyStage.HANDED_OVER,
        made_at=shipment.handed_over_at,
        elapsed_days=0,
        raw_remaining_days=[9.0 * (0.5 + level) for level in RAW_LEVELS],
        earliest_on=NOW.date(),
        latest_on=NOW.date(),
        most_likely_on=NOW.date(),
        change_reason=ForecastChangeReason.FIRST,
        basis=ForecastBasis.ALL,
        carrier_date_source=source,
        carrier_estimate_on=shipment.delivered_at.date() + timedelta(days=error_days),
        shown=False,
    )


def test_a_carriers_own_date_is_used_only_if_its_earlier_dates_were_closer() -> None:
    shop = factories.create_order().shop
    create_delivered_shipments(shop, 120)
    for index, shipment in enumerate(Shipment.objects.filter(delivered_at__isnull=False)):
        source, error_days = ("inaccurate", (index % 9 - 4) * 5) if index % 2 else ("exact", 0)
        create_forecast_with_carrier_date(shipment, source, error_days)
    train_model(shop, JourneyStage.HANDED_OVER, NOW)
    prediction.clear_model_caches()
    features = Features("CN", "US")
    carrier_date = NOW.date() + timedelta(days=4)

    arrivals = prediction.predict_arrivals(
        [
            prediction.ForecastRequest(shop.pk, JourneyStage.HANDED_OVER, NOW, features, carrier_date, source)
            for source in ("exact", "inaccurate", "unknown")
        ],
        NOW,
    )

    assert [arrival.is_from_carrier for arrival in arrivals] == [True, False, False]
    assert arrivals[0].shown_days[5] == pytest.approx(4.1, abs=0.7)


def test_shown_windows_are_scored_against_actual_deliveries() -> None:
    shop = factories.create_order().shop
    create_delivered_shipments(shop, 40)
    for index, shipment in enumerate(Shipment.objects.filter(delivered_at__isnull=False)):
        assert shipment.delivered_at is not None
        predicted_on = shipment.delivered_at.date() + timedelta(days=0 if index % 4 else -3)
        Forecast.objects.create(
            shipment=shipment,
            stage=JourneyStage.HANDED_OVER,
            made_at=shipment.delivered_at - 5 * DAY,
            elapsed_days=1,
            raw_remaining_days=[],
            earliest_on=predicted_on - DAY,
            latest_on=predicted_on + DAY,
            most_likely_on=predicted_on,
            basis=ForecastBasis.LANE,
            change_reason=ForecastChangeReason.FIRST,
        )

    accuracy.update_scores(NOW)

    overall = ForecastAccuracy.objects.get(kind="all", stage=JourneyStage.HANDED_OVER)
    assert (overall.parcel_count, overall.coverage_percent, overall.late_percent, overall.median_width_days) == (
        40,
        75.0,
        25.0,
        2.0,
    )
    assert ForecastAccuracy.objects.get(kind="lane").key == "CN>US"
    assert accuracy.CACHED_RECENT_COVERAGE.get().get(JourneyStage.HANDED_OVER) == pytest.approx(75, abs=15)
