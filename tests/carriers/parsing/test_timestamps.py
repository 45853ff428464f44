"""Carriers' times: what was reported, what we can work out, and what stays unknown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.carriers.parsing import timestamps
from tracking.vocabulary import Precision, ZoneSource

RECEIVED_AT = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "country", "at", "source"),
    [
        ("2026-06-24T09:00:00+08:00", "CN", "2026-06-24T01:00:00+00:00", ZoneSource.CARRIER_OFFSET),
        ("2026-06-24T09:00:00+08:00", None, "2026-06-24T01:00:00+00:00", ZoneSource.CARRIER_OFFSET),
        ("2026-06-24T09:00:00+08:00", "US", "2026-06-24T01:00:00+00:00", ZoneSource.PROVIDER_INFERRED),
        ("2026-06-24T09:00:00Z", "US", "2026-06-24T09:00:00+00:00", ZoneSource.CARRIER_UTC),
        ("2026-06-24T09:00:00+00:00", "DE", "2026-06-24T09:00:00+00:00", ZoneSource.CARRIER_UTC),
        ("2026-01-24T09:00:00+00:00", "GB", "2026-01-24T09:00:00+00:00", ZoneSource.CARRIER_OFFSET),
        ("2026-06-24T09:00:00", "DE", "2026-06-24T07:00:00+00:00", ZoneSource.PLACE),
        ("2026-06-24T09:00:00", "CN", "2026-06-24T01:00:00+00:00", ZoneSource.PLACE),
        ("2026-06-24T09:00:00", "BR", None, ZoneSource.UNKNOWN),
        ("2026-06-24T09:00:00", None, None, ZoneSource.UNKNOWN),
        ("1970-01-01T00:00:00Z", "DE", None, ZoneSource.UNKNOWN),
        ("2099-01-01T10:00:00+01:00", "DE", None, ZoneSource.UNKNOWN),
        ("0001-01-01T00:00:01+14:00", None, None, ZoneSource.UNKNOWN),
        ("9999-12-31T23:59:59", "CN", None, ZoneSource.UNKNOWN),
        ("0001-01-01T00:00:01", "GB", None, ZoneSource.UNKNOWN),
        ("9999-12-31T23:59:59-12:00", "US", None, ZoneSource.UNKNOWN),
    ],
)
def test_a_time_has_an_instant_only_if_offset_or_place_gives_one(
    text: str, country: str | None, at: str | None, source: ZoneSource
) -> None:
    parsed = timestamps.parse_timestamp(text, country=country, received_at=RECEIVED_AT)

    assert (parsed.occurred_at.isoformat() if parsed.occurred_at else None) == at
    assert parsed.zone_source is source
    assert parsed.raw_time == text


@pytest.mark.parametrize(
    ("country", "region", "text", "source", "zone"),
    [
        ("AU", "NSW", "2026-06-24T09:00:00+08:00", ZoneSource.PROVIDER_INFERRED, None),
        ("AU", "WA", "2026-06-24T09:00:00+08:00", ZoneSource.CARRIER_OFFSET, "Australia/Perth"),
        ("US", "CA", "2026-06-24T09:00:00-07:00", ZoneSource.CARRIER_OFFSET, "America/Los_Angeles"),
        ("US", "CA", "2026-06-24T09:00:00-05:00", ZoneSource.PROVIDER_INFERRED, None),
        ("US", None, "2026-01-24T09:00:00-08:00", ZoneSource.CARRIER_OFFSET, "America/Los_Angeles"),
        ("NZ", None, "2026-01-24T09:00:00+13:00", ZoneSource.CARRIER_OFFSET, "Pacific/Auckland"),
        ("ES", "VC", "2026-01-24T09:00:00+01:00", ZoneSource.CARRIER_OFFSET, "Europe/Madrid"),
        ("BR", None, "2026-06-24T09:00:00-04:00", ZoneSource.CARRIER_OFFSET, None),
        ("US", "CA", "2026-06-24T09:00:00", ZoneSource.UNKNOWN, None),
    ],
)
def test_a_region_narrows_down_the_possible_offsets(
    country: str, region: str | None, text: str, source: ZoneSource, zone: str | None
) -> None:
    parsed = timestamps.parse_timestamp(text, country=country, region=region, received_at=RECEIVED_AT)

    assert (parsed.zone_source, parsed.zone) == (source, zone)


@pytest.mark.parametrize("text", ["2026-06-24T00:00:00", "2026-06-24", "2026-06-24T00:00"])
def test_midnight_without_an_offset_is_a_date(text: str) -> None:
    parsed = timestamps.parse_timestamp(text, country="DE", received_at=RECEIVED_AT)

    assert parsed.precision is Precision.DATE
    assert parsed.occurred_at is None
    assert parsed.local_time == datetime(2026, 6, 24)


@pytest.mark.parametrize("offset", ["+02:00", "Z", "-08:00"])
def test_midnight_with_an_offset_is_a_date_that_never_moves(offset: str) -> None:
    parsed = timestamps.parse_timestamp(f"2026-06-24T00:00:00{offset}", country="DE", received_at=RECEIVED_AT)

    assert parsed.precision is Precision.DATE
    assert (parsed.occurred_at, parsed.offset_minutes) == (None, None)
    assert parsed.local_time == datetime(2026, 6, 24)


def test_a_second_after_midnight_with_an_offset_is_a_time() -> None:
    parsed = timestamps.parse_timestamp("2026-06-24T00:00:01+02:00", country="DE", received_at=RECEIVED_AT)

    assert parsed.precision is Precision.SECOND
    assert parsed.occurred_at == datetime(2026, 6, 23, 22, 0, 1, tzinfo=UTC)


def test_a_time_without_seconds_is_known_to_the_minute() -> None:
    assert (
        timestamps.parse_timestamp("2026-06-24T09:05", country="DE", received_at=RECEIVED_AT).precision
        is Precision.MINUTE
    )


@pytest.mark.parametrize("local", ["2026-03-29T02:30:00", "2026-10-25T02:30:00"])
def test_an_hour_that_a_clock_change_skips_or_repeats_has_no_instant(local: str) -> None:
    parsed = timestamps.parse_timestamp(local, country="DE", received_at=RECEIVED_AT + timedelta(days=60))

    assert parsed.occurred_at is None
    assert parsed.local_time == datetime.fromisoformat(local)


@pytest.mark.parametrize("text", ["", None, "yesterday", "2026-13-01T00:00:00", "12/11/2026", "\x00"])
def test_text_that_is_no_time_keeps_its_raw_text_alone(text: str | None) -> None:
    parsed = timestamps.parse_timestamp(text, country="DE", received_at=RECEIVED_AT)

    assert (parsed.occurred_at, parsed.local_time, parsed.offset_minutes) == (None, None, None)
    assert parsed.raw_time == (text or "")


OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2026, 9, 1)).map(lambda moment: moment.replace(microsecond=0))
TIMES = MOMENTS.filter(lambda moment: not timestamps.is_midnight(moment))


@given(TIMES, OFFSETS, st.sampled_from(["DE", "US", "CN", "BR", "NZ", "IN", None]))
def test_local_time_minus_offset_is_always_the_instant(local: datetime, zone: timezone, country: str | None) -> None:
    parsed = timestamps.parse_timestamp(
        local.replace(tzinfo=zone).isoformat(), country=country, received_at=RECEIVED_AT
    )

    assert parsed.occurred_at == local.replace(tzinfo=zone)
    if parsed.local_time is not None:
        assert parsed.offset_minutes is not None
        assert parsed.local_time.replace(tzinfo=UTC) - timedelta(minutes=parsed.offset_minutes) == parsed.occurred_at


@given(MOMENTS, st.sampled_from(["DE", "CN", "JP", "GB", "KR", "IN", "FR"]))
def test_a_naive_time_keeps_its_local_time_in_a_single_zone_country(local: datetime, country: str) -> None:
    parsed = timestamps.parse_timestamp(local.isoformat(), country=country, received_at=RECEIVED_AT)

    if parsed.occurred_at is not None and parsed.zone is not None:
        assert timestamps.local_to_utc(parsed.zone, local) == parsed.occurred_at
    assert parsed.local_time == local
