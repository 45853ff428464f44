"""The odds of arrival of parcels that are not there yet, day by day, and their quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tracking.eta.observations import Floats
from tracking.eta.survival_curve import SurvivalCurve, weekday_of

DAYS_AHEAD: Final = 110


@dataclass(frozen=True, slots=True)
class ArrivalDistribution:
    """The odds of parcels, one row each. `left` is the share not there at the end of each day from today on, `gone` how
    much of today's deliveries lie behind, `now` the time of day; `hours` as in `Curve`."""

    survival: Floats
    elapsed_share_today: Floats
    time_of_day: Floats
    hour_quantiles: Floats

    def quantiles(self, levels: Floats) -> Floats:
        """Return after how many days each parcel has come with the odds of `levels`, of one row for all or one each."""
        rows, days = self.survival.shape
        wanted = np.broadcast_to(levels, (rows, np.shape(levels)[-1]))
        found = np.empty(wanted.shape)
        before = np.concatenate([np.ones((rows, 1)), self.survival[:, :-1]], axis=1)
        each = np.arange(rows)
        for place in range(wanted.shape[1]):
            target = 1 - wanted[:, place]
            day = np.minimum((self.survival > target[:, None]).sum(axis=1), days - 1)
            first, last = before[each, day], self.survival[each, day]
            share = np.clip((first - target) / (first - last + 1e-12), 0.0, 1.0)
            behind = np.where(day == 0, self.elapsed_share_today, 0.0)
            hour = np.interp(
                behind + (1 - behind) * share, np.linspace(0, 1, len(self.hour_quantiles)), self.hour_quantiles
            )
            found[:, place] = np.maximum(day + hour - self.time_of_day, 0.01)
        return found

    def arrival_probability(self, days: Floats) -> Floats:
        """Return for each parcel the odds that it comes within its own number of `days` from now."""
        rows, most = self.survival.shape
        each = np.arange(rows)
        until = self.time_of_day + np.maximum(days, 0.0)
        day = np.minimum(np.floor(until).astype(int), most - 1)
        before = np.where(day == 0, 1.0, self.survival[each, np.maximum(day - 1, 0)])
        share = np.interp(
            np.minimum(until - day, 1.0), self.hour_quantiles, np.linspace(0, 1, len(self.hour_quantiles))
        )
        behind = np.where(day == 0, self.elapsed_share_today, 0.0)
        share = np.clip((share - behind) / (1 - behind + 1e-9), 0.0, 1.0)
        found: Floats = 1 - (before - (before - self.survival[each, day]) * share)
        return found


def predict_distribution(
    curve: SurvivalCurve,
    typical_days_and_dispersion: tuple[Floats, Floats],
    start_day: Floats,
    elapsed_days: Floats,
    closed_shares: Floats | None = None,
) -> ArrivalDistribution:
    """Return the odds of parcels not there `elapsed` days after `start` (days since 1970), by their `pace`: usual
    days and stretch.

    `shut` tells for each parcel and each coming day, today first, the share of its odds that a holiday takes.
    """
    clock = start_day % 1.0
    reached = elapsed_days + clock
    today = np.floor(reached)
    now = reached - today
    hazard = curve.daily_hazards(*typical_days_and_dispersion, today - clock, DAYS_AHEAD)
    weekday = (weekday_of(start_day + elapsed_days)[:, None] + np.arange(DAYS_AHEAD)) % 7
    rate = hazard / (1 - hazard) * curve.weekday_odds_ratios[weekday]
    if closed_shares is not None:
        rate = rate * (1 - closed_shares)
    daily = rate / (1 + rate)
    gone: Floats = np.minimum(np.interp(now, curve.hour_quantiles, np.linspace(0, 1, len(curve.hour_quantiles))), 0.999)
    daily[:, 0] = daily[:, 0] * (1 - gone) / (1 - daily[:, 0] * gone + 1e-9)
    return ArrivalDistribution(np.cumprod(1 - daily, axis=1), gone, now, curve.hour_quantiles)
