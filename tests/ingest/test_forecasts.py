"""Forecasts of parcels under way: when one is made, what it rests on, when it moves and why; and the nightly fit."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from tests import make
from tracking.eta import predict, scores
from tracking.eta.calibrate import RAW_LEVELS
from tracking.eta.history import Traits
from tracking.eta.training import refit, refit_one
from tracking.ingest.forecasts import AGAIN_AFTER, foresee_due
from tracking.ingest.record import record
from tracking.models import Forecast, Leg, Order, Predictor, PredictorPart, Score, Shipment, Shop
from tracking.models.forecasts import Basis
from tracking.models.texts import Reason
from tracking.vocabulary import Clock, Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NOW = make.HEARD
DAY = timedelta(days=1)


def tell(leg: Leg, *scans: tuple[str, datetime]) -> Shipment:
    """Tell scans of a leg, make the forecasts that are due then, and return the shipment."""
    heard = [make.scan(name, at.isoformat(), country="US") for name, at in scans]
    record(leg, make.parcel(*heard, origin="CN"), make.payload())
    due_at(leg.shipment, max(at for _, at in scans) + timedelta(minutes=5))
    return Shipment.objects.select_related("forecast").get(pk=leg.shipment_id)


def due_at(shipment: Shipment, at: datetime) -> Forecast | None:
    """Make the forecasts that are due at some time and return the one in force."""
    Shipment.objects.filter(pk=shipment.pk, forecast_due_at__isnull=False).update(forecast_due_at=at)
    foresee_due(at)
    return Shipment.objects.select_related("forecast").get(pk=shipment.pk).forecast


def test_a_parcel_with_its_carrier_gets_a_window_from_general_experience() -> None:
    shipment = tell(make.leg(), ("origin.picked_up", NOW - DAY))

    forecast = shipment.forecast
    assert forecast is not None
    assert (forecast.clock, forecast.basis, forecast.reason) == (Clock.HANDED_OVER, Basis.GENERAL, Reason.FIRST)
    assert NOW.date() < forecast.first_on <= forecast.likely_on <= forecast.last_on
    assert 5 <= (forecast.last_on - forecast.first_on).days <= 40
    assert len(forecast.days) == len(RAW_LEVELS)


@pytest.mark.parametrize(
    ("scans", "clock"),
    [
        (["order.label_created"], Clock.ORDERED),
        (["origin.picked_up"], Clock.HANDED_OVER),
        (["origin.picked_up", "linehaul.departed"], Clock.EXPORTED),
        (["linehaul.departed", "linehaul.arrived_destination"], Clock.ARRIVED),
        (["import.customs_held", "import.customs_released"], Clock.CLEARED),
        (["import.customs_released", "delivery.out_for_delivery"], Clock.OUT_FOR_DELIVERY),
    ],
)
def test_the_latest_passage_is_what_the_time_is_counted_from(scans: list[str], clock: Clock) -> None:
    start = NOW - 2 * DAY
    shipment = tell(make.leg(), *((name, start + timedelta(hours=hour)) for hour, name in enumerate(scans)))

    assert shipment.forecast is not None
    assert shipment.forecast.clock == clock


@pytest.mark.parametrize("scans", [["unmapped"], ["origin.picked_up", "return.started"], ["delivery.delivered"]])
def test_no_date_is_said_where_there_is_none(scans: list[str]) -> None:
    shipment = tell(make.leg(), *((name, NOW - DAY + timedelta(hours=hour)) for hour, name in enumerate(scans)))

    assert shipment.forecast is None
    assert shipment.forecast_due_at is None


def test_a_parcel_to_nobody_knows_where_has_no_date() -> None:
    assert tell(make.leg(of=make.order(country="")), ("origin.picked_up", NOW - DAY)).forecast is None


def test_on_the_round_it_comes_today_between_the_usual_hours() -> None:
    morning = datetime.fromisoformat("2026-09-18T12:00:00+00:00")
    shipment = tell(make.leg(), ("delivery.out_for_delivery", morning))

    forecast = shipment.forecast
    assert forecast is not None
    assert forecast.first_on == date(2026, 9, 18)
    assert forecast.from_at is not None
    assert forecast.until_at is not None
    assert morning - timedelta(hours=1) <= forecast.from_at < forecast.until_at <= morning + timedelta(hours=13)


def test_the_next_forecast_of_a_silent_parcel_comes_within_a_day() -> None:
    shipment = tell(make.leg(), ("origin.picked_up", NOW - DAY))

    assert shipment.forecast_due_at is not None
    assert shipment.forecast_due_at - (NOW - DAY) < timedelta(days=1)
    assert shipment.forecast_due_at >= NOW - DAY + AGAIN_AFTER


def test_what_says_nothing_new_is_not_said_again() -> None:
    shipment = tell(make.leg(), ("origin.picked_up", NOW - DAY))

    again = due_at(shipment, NOW - DAY + timedelta(hours=20))

    assert again == shipment.forecast
    assert Forecast.objects.count() == 1
    assert Shipment.objects.get().revision == shipment.revision


def test_silence_moves_the_window_and_says_so() -> None:
    shipment = tell(make.leg(), ("import.customs_released", NOW - DAY))
    first = shipment.forecast
    assert first is not None

    later = due_at(shipment, NOW + 9 * DAY)

    assert later is not None
    assert later.first_on > first.first_on
    assert later.reason == Reason.SILENCE
    assert Shipment.objects.get().revision == shipment.revision + 1


@pytest.mark.parametrize(("after", "reason"), [(timedelta(hours=30), Reason.EARLY), (16 * DAY, Reason.LATE)])
def test_a_step_earlier_or_later_than_usual_moves_the_window(after: timedelta, reason: Reason) -> None:
    leg = make.leg()
    start = NOW - 17 * DAY
    tell(leg, ("origin.picked_up", start))

    shipment = tell(leg, ("origin.picked_up", start), ("linehaul.arrived_destination", start + after))

    assert shipment.forecast is not None
    assert shipment.forecast.reason == reason
    assert list(Forecast.objects.shown().values_list("reason", flat=True)) == [Reason.FIRST, reason]


def test_a_delivered_parcel_keeps_its_last_forecast_and_gets_no_more() -> None:
    leg = make.leg()
    tell(leg, ("origin.picked_up", NOW - 5 * DAY))

    shipment = tell(leg, ("delivery.delivered", NOW - DAY))

    assert (shipment.milestone, shipment.forecast_due_at) == (Milestone.DELIVERED, None)
    assert shipment.forecast is not None


def past(shop: Shop, count: int, *, usual: float = 9.0, country: str = "US", until: datetime = NOW) -> None:
    """Have parcels of a shop taken from China to a country, the last one delivered just before `until`."""
    dice = np.random.default_rng(count)
    orders, shipments = [], []
    for place in range(count):
        days = float(usual * np.exp(dice.normal(0, 0.25)))
        start = until - timedelta(days=days) - DAY * 100 * (place / count)
        number = f"P{country}{usual}{place}"
        order = Order(shop=shop, number=number, number_key=number, country=country, placed_at=start - 2 * DAY)
        orders.append(order)
        shipments.append(
            Shipment(
                order=order,
                origin_country="CN",
                milestone=Milestone.DELIVERED,
                handed_over_at=start,
                delivered_at=start + days * DAY,
            )
        )
    Order.objects.bulk_create(orders)
    Shipment.objects.bulk_create(shipments)


def test_the_nightly_fit_learns_each_shops_own_times() -> None:
    leg = make.leg()
    past(leg.shipment.order.shop, 120)

    assert refit(NOW) == 2
    predict.forget()
    shipment = tell(leg, ("origin.picked_up", NOW))

    forecast = shipment.forecast
    assert forecast is not None
    assert (forecast.basis, forecast.based_on) == (Basis.LANE, 120)
    assert 6 <= (forecast.likely_on - NOW.date()).days <= 12
    assert forecast.predictor == Predictor.objects.get(clock=Clock.HANDED_OVER)


def test_a_worse_model_is_kept_aside_and_an_older_one_can_be_taken_back() -> None:
    shop = make.order().shop
    past(shop, 150)
    refit_one(shop, Clock.HANDED_OVER, NOW)
    good = Predictor.objects.get()
    part = PredictorPart.objects.get(predictor=good, kind="fit")
    part.values = [part.values[0], part.values[1], part.values[2]]
    part.save()
    Shipment.objects.filter(pk__in=Shipment.objects.order_by("handed_over_at").values("pk")[:75]).update(
        delivered_at=None, milestone=Milestone.LINEHAUL, handed_over_at=NOW - 60 * DAY
    )

    taken = refit_one(shop, Clock.HANDED_OVER, NOW + DAY)

    worse = Predictor.objects.exclude(pk=good.pk).get()
    assert (taken, worse.accepted, worse.current) == (False, False, False)
    assert Predictor.objects.get(current=True) == good
    worse.use()
    assert Predictor.objects.get(current=True) == worse
    good.use()
    assert Predictor.objects.get(current=True) == good


def test_a_carriers_own_date_is_used_only_where_it_was_closer() -> None:
    leg = make.leg()
    shop = leg.shipment.order.shop
    past(shop, 120)
    flat = [9.0 * (0.5 + level) for level in RAW_LEVELS]
    for place, shipment in enumerate(Shipment.objects.filter(delivered_at__isnull=False)):
        assert shipment.handed_over_at is not None
        assert shipment.delivered_at is not None
        for source, wrong in (("sure", 0), ("blind", (place % 9 - 4) * 5)):
            Forecast.objects.create(
                shipment=shipment, clock=Clock.HANDED_OVER, made_at=shipment.handed_over_at, elapsed_days=0, days=flat,
                first_on=NOW.date(), last_on=NOW.date(), likely_on=NOW.date(), reason=Reason.FIRST, basis=Basis.ALL,
                source=source if place % 2 == 0 or source == "blind" else "other",
                carrier_on=shipment.delivered_at.date() + timedelta(days=wrong), shown=False,
            ) if (place % 2 == 0) == (source == "sure") else None  # fmt: skip
    refit_one(shop, Clock.HANDED_OVER, NOW)
    predict.forget()
    traits = Traits("CN", "US")
    on = NOW.date() + timedelta(days=4)

    told = predict.predict(
        [predict.Want(shop.pk, Clock.HANDED_OVER, NOW, traits, on, source) for source in ("sure", "blind", "unknown")],
        NOW,
    )

    assert [one.by_carrier for one in told] == [True, False, False]
    assert told[0].days[5] == pytest.approx(4.1, abs=0.7)


def test_what_was_shown_is_counted_against_what_came() -> None:
    shop = make.order().shop
    past(shop, 40)
    for place, shipment in enumerate(Shipment.objects.filter(delivered_at__isnull=False)):
        assert shipment.delivered_at is not None
        on = shipment.delivered_at.date() + timedelta(days=0 if place % 4 else -3)
        Forecast.objects.create(
            shipment=shipment, clock=Clock.HANDED_OVER, made_at=shipment.delivered_at - 5 * DAY, elapsed_days=1,
            days=[], first_on=on - DAY, last_on=on + DAY, likely_on=on, basis=Basis.LANE, reason=Reason.FIRST,
        )  # fmt: skip

    scores.keep_scores(NOW)

    every = Score.objects.get(kind="all", clock=Clock.HANDED_OVER)
    assert (every.parcels, every.covered, every.late, every.width_days) == (40, 75.0, 25.0, 2.0)
    assert Score.objects.get(kind="lane").key == "CN>US"
    assert scores.RECORD.current().get(Clock.HANDED_OVER) == pytest.approx(75, abs=15)
