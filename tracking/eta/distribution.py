"""The distribution of arrival of parcels under way, day by day, and its quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tracking.eta.observations import Floats
from tracking.eta.survival_curve import SurvivalCurve, weekday_of

DAYS_AHEAD: Final = 110


@dataclass(frozen=True, slots=True)
class ArrivalDistribution:
    """When parcels will arrive, one row each.

    `survival` (n, DAYS_AHEAD) is the share still under way at the end of each day, today first. `elapsed_share_today`
    is the share of today's deliveries that is already over, `time_of_day` the share of the day that has passed.
    `hour_quantiles` are as in `SurvivalCurve`.
    """

    survival: Floats
    elapsed_share_today: Floats
    time_of_day: Floats
    hour_quantiles: Floats

    def quantiles(self, levels: Floats) -> Floats:
        """Return the days from now within which each parcel arrives with probability `levels`.

        `levels` has shape (levels,) for all parcels or (parcels, levels); the result has shape (parcels, levels).
        """
        parcel_count, day_count = self.survival.shape
        level_rows = np.broadcast_to(levels, (parcel_count, np.shape(levels)[-1]))
        quantiles = np.empty(level_rows.shape)
        survival_at_dawn = np.concatenate([np.ones((parcel_count, 1)), self.survival[:, :-1]], axis=1)
        rows = np.arange(parcel_count)
        for column in range(level_rows.shape[1]):
            target = 1 - level_rows[:, column]
            day = np.minimum((self.survival > target[:, None]).sum(axis=1), day_count - 1)
            at_dawn, at_night = survival_at_dawn[rows, day], self.survival[rows, day]
            share = np.clip((at_dawn - target) / (at_dawn - at_night + 1e-12), 0.0, 1.0)
            elapsed = np.where(day == 0, self.elapsed_share_today, 0.0)
            hour = np.interp(
                elapsed + (1 - elapsed) * share, np.linspace(0, 1, len(self.hour_quantiles)), self.hour_quantiles
            )
            quantiles[:, column] = np.maximum(day + hour - self.time_of_day, 0.01)
        return quantiles

    def arrival_probability(self, days: Floats) -> Floats:
        """Return the probability that each parcel arrives within its own number of days from now, shape (parcels,)."""
        parcel_count, day_count = self.survival.shape
        rows = np.arange(parcel_count)
        until = self.time_of_day + np.maximum(days, 0.0)
        day = np.minimum(np.floor(until).astype(int), day_count - 1)
        at_dawn = np.where(day == 0, 1.0, self.survival[rows, np.maximum(day - 1, 0)])
        share = np.interp(
            np.minimum(until - day, 1.0), self.hour_quantiles, np.linspace(0, 1, len(self.hour_quantiles))
        )
        elapsed = np.where(day == 0, self.elapsed_share_today, 0.0)
        share = np.clip((share - elapsed) / (1 - elapsed + 1e-9), 0.0, 1.0)
        probability: Floats = 1 - (at_dawn - (at_dawn - self.survival[rows, day]) * share)
        return probability


def predict_distribution(
    curve: SurvivalCurve,
    typical_days_and_dispersion: tuple[Floats, Floats],
    start_day: Floats,
    elapsed_days: Floats,
    closed_shares: Floats | None = None,
) -> ArrivalDistribution:
    """Return the distribution of parcels that have not arrived `elapsed_days` after `start_day` (days since 1970).

    `closed_shares`, shape (parcels, DAYS_AHEAD), is the share of each day's odds that a closed day removes.
    """
    start_time_of_day = start_day % 1.0
    elapsed_since_midnight = elapsed_days + start_time_of_day
    today = np.floor(elapsed_since_midnight)
    time_of_day = elapsed_since_midnight - today
    hazard = curve.daily_hazards(*typical_days_and_dispersion, today - start_time_of_day, DAYS_AHEAD)
    weekday = (weekday_of(start_day + elapsed_days)[:, None] + np.arange(DAYS_AHEAD)) % 7
    odds = hazard / (1 - hazard) * curve.weekday_odds_ratios[weekday]
    if closed_shares is not None:
        odds = odds * (1 - closed_shares)
    daily = odds / (1 + odds)
    hours = curve.hour_quantiles
    elapsed_share: Floats = np.minimum(np.interp(time_of_day, hours, np.linspace(0, 1, len(hours))), 0.999)
    # The parcel has not come so far today: only the rest of today's deliveries can still bring it.
    daily[:, 0] = daily[:, 0] * (1 - elapsed_share) / (1 - daily[:, 0] * elapsed_share + 1e-9)
    return ArrivalDistribution(np.cumprod(1 - daily, axis=1), elapsed_share, time_of_day, hours)
