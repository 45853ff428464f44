"""The accuracy page: one figure with its uncertainty, tables with the same figures as the charts, worst first."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tracking.models import ForecastAccuracy
from tracking.pages.accuracy_chart import PROMISED_PERCENT, SharePoint, build_share_chart, wilson_interval


def create_score(kind: str, key: str, percent: float, count: int = 500, stage: str = "handed_over") -> None:
    ForecastAccuracy.objects.create(
        kind=kind,
        key=key,
        stage=stage,
        measured_on=date(2026, 11, 29),
        parcel_count=count,
        coverage_percent=percent,
        median_width_days=2.0,
        mean_absolute_error_days=1.25,
        late_percent=4.0,
    )


def page(client: Client, **headers: Any) -> str:
    response = client.get(reverse("accuracy"), headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.django_db
def test_without_figures_the_page_says_when_there_will_be_some(client: Client) -> None:
    html = page(client)

    assert "There is nothing to count yet" in html
    assert html.count("<h1") == 1 and "<table" not in html and "of 100" not in html


@pytest.mark.django_db
def test_the_figure_says_how_many_of_how_many_and_how_sure_it_is(client: Client) -> None:
    create_score("all", "", 70, 900, stage="ordered")
    create_score("all", "", 91, 1000)

    text = text_of(page(client, accept_language="en-US"))

    assert "91 of 100 parcels" in text
    assert "910 of 1,000 parcels, counted on Sun, Nov 29" in text
    assert "chance alone moves the figure between 89 and 93" in text
    assert "Simulated" not in text

    ForecastAccuracy.objects.update(is_simulated=True)

    assert "Simulated parcels: these are figures of the demo" in text_of(page(client, accept_language="en-US"))
    assert "Half of the windows were 3.0 days wide or less" in text


@pytest.mark.django_db
def test_a_row_has_share_range_parcels_and_what_the_share_costs(client: Client) -> None:
    create_score("all", "", 91, 1000)

    text = text_of(page(client, accept_language="en-US"))

    assert "since the carrier has it 91 89–93 1,000 Window of 3.0 days, later 4, off by 1.2 days" in text


@pytest.mark.django_db
def test_routes_stand_worst_first_and_all_of_them_can_be_read(client: Client) -> None:
    for index, destination in enumerate(("DE", "BR", "FR", "IT", "ES", "NL")):
        create_score("lane", f"CN>{destination}", 95 - index)

    html = page(client, accept_language="en-US")
    names = re.findall(r'<th scope="row">China to ([\w ]+?)(?: <small>· worst</small>)?</th>', html)

    assert names == ["Netherlands", "Spain", "Italy", "France", "Brazil", "Germany"]
    assert html.index('<details class="rest">') < html.index("China to Brazil")
    assert html.count("· worst") == 1


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_the_months_are_a_chart_and_a_table_with_the_same_figures(client: Client, language: str) -> None:
    for month, percent in (("2026-09", 84), ("2026-10", 91), ("2026-11", 92)):
        create_score("month", month, percent)

    html = page(client, accept_language=language)

    assert html.count('<circle class="dot"') == 3
    assert re.findall(r'<circle class="dot" cx="([\d.]+)"', html) == ["49.3", "148.0", "246.7"]
    assert all(f"<td>{percent}</td>" in html for percent in (84, 91, 92))


@pytest.mark.django_db
def test_one_month_is_no_chart(client: Client) -> None:
    create_score("month", "2026-11", 92)

    html = page(client)

    assert '<svg class="chart"' not in html and "<td>92</td>" in html


@pytest.mark.django_db
def test_carriers_are_shown_to_operators_only(client: Client, admin_client: Client) -> None:
    create_score("carrier", "dhl", 92)

    assert "By carrier" not in page(client)
    assert "By carrier" in page(admin_client)


@pytest.mark.parametrize(
    ("percent", "count", "low", "high"),
    [(90, 100, 82.6, 94.5), (100, 10, 72.2, 100), (0, 10, 0, 27.8), (50, 0, 0, 100)],
)
def test_the_range_is_wilsons(percent: float, count: int, low: float, high: float) -> None:
    assert wilson_interval(percent, count) == pytest.approx((low, high), abs=0.1)


POINTS = st.builds(
    lambda percent, count, is_worst: SharePoint("N", percent, *wilson_interval(percent, count), is_worst),
    st.floats(0, 100),
    st.integers(1, 100_000),
    st.booleans(),
)


@given(st.lists(POINTS, max_size=12))
def test_every_chart_lies_in_its_frame_and_shows_the_promise(points: list[SharePoint]) -> None:
    chart = build_share_chart(points)

    assert len(chart.dots) == len(points)
    for dot in chart.dots:
        assert 0 <= float(dot.x) <= 296
        assert 14 <= float(dot.high_y) <= float(dot.y) + 0.1 and float(dot.y) <= float(dot.low_y) + 0.1 <= 106.2
    assert [line.percent for line in chart.lines if line.is_promise] == [PROMISED_PERCENT]
    assert len(chart.lines) <= 6
    assert all(14 <= float(line.y) <= 106 for line in chart.lines)
