"""Preferences: which source each comes from, that choices are stored, and that no value breaks a page."""

from __future__ import annotations

import re
from typing import cast

import pytest
import pytz
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from tests import factories
from tracking.localization.reader import (
    PREFERENCE_NAMES,
    PREFERENCE_VALUES,
    build_reader,
    first_valid_preferences,
    supported_language,
)
from tracking.models import Order
from tracking.pages.preferences import sample_options
from tracking.pages.reader import BuyerRequest, ReaderMiddleware, activate_reader_for_order, region_of_tag

pytestmark = pytest.mark.django_db
LANGUAGES = {"en": "", "de": "", "pt-br": "", "zh-hans": "", "zh-hant": ""}


@pytest.fixture
def order() -> Order:
    return factories.create_leg(for_order=factories.create_order(country="DE")).shipment.order


def order_page(client: Client, order: Order, query: str = "", **headers: str) -> str:
    sent_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(order.get_absolute_url() + query, headers=sent_headers).content.decode()


def language_of(html: str) -> str:
    return html.partition('<html lang="')[2].partition('"')[0]


def test_language_sources_by_priority_link_account_cookie_order_browser_shop(client: Client, order: Order) -> None:
    order.shop.language = "it"
    order.shop.save()
    assert language_of(order_page(client, order)) == "it"
    assert language_of(order_page(client, order, accept_language="ja")) == "ja"
    Order.objects.update(language="fr")
    assert language_of(order_page(client, order, accept_language="ja")) == "fr"
    client.cookies["language"] = "es"
    assert language_of(order_page(client, order, accept_language="ja")) == "es"
    user = User.objects.create_user("ana@example.com", preferences={"language": "ko"})
    client.force_login(user)
    assert language_of(order_page(client, order, accept_language="ja")) == "ko"
    assert language_of(order_page(client, order, "?language=ru", accept_language="ja")) == "ru"


@pytest.mark.parametrize(
    ("accepted", "country", "units", "zone"),
    [
        ("", "DE", "metric", "Europe/Berlin"),
        ("en-GB", "DE", "uk", "Europe/London"),
        ("en-US,en", "DE", "us", "America/New_York"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "US", "metric", "Asia/Shanghai"),
        ("zh", "US", "us", "America/New_York"),
    ],
)
def test_units_and_zone_come_from_the_browsers_country_else_the_destination(
    accepted: str, country: str, units: str, zone: str
) -> None:
    request = cast(BuyerRequest, RequestFactory().get("/", headers={"accept-language": accepted}))
    ReaderMiddleware(lambda _request: HttpResponse())(request)
    order = factories.create_order(country=country)

    with translation.override("en"):
        reader = activate_reader_for_order(request, order)

    assert (reader.units, reader.zone.key) == (units, zone)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        *(("en", "en"), ("en-gb", "en"), ("de-at", "de"), ("pt", "pt-br"), ("pt-pt", "pt-br"), ("zh", "zh-hans")),
        *(("zh-cn", "zh-hans"), ("zh-tw", "zh-hant"), ("zh-hk", "zh-hant"), ("zh-hant-tw", "zh-hant")),
        *(("tlh", ""), ("zh_TW", "zh-hant"), ("*", ""), ("", ""), ("x" * 400, "")),
    ],
)
def test_a_browsers_language_tag_maps_to_a_supported_language(tag: str, language: str) -> None:
    assert supported_language(tag, LANGUAGES) == language


@pytest.mark.parametrize(
    ("tag", "region"), [("en-gb", "GB"), ("zh-hant-tw", "TW"), ("de", ""), ("en-zz", ""), ("es-419", "")]
)
def test_a_tag_may_name_a_country(tag: str, region: str) -> None:
    assert region_of_tag(tag) == region


def test_a_choice_is_stored_in_a_cookie_and_can_be_cleared(client: Client, order: Order) -> None:
    client.post(reverse("preferences"), {"hours": "12", "units": "us"})
    assert (client.cookies["hours"].value, client.cookies["units"].value) == ("12", "us")

    client.post(reverse("preferences"), {"hours": ""})

    assert client.cookies["hours"].value == ""
    assert client.cookies["units"].value == "us"


def test_a_signed_in_users_choice_applies_in_other_browsers(client: Client, order: Order) -> None:
    user = User.objects.create_user("ana@example.com")
    client.force_login(user)
    client.post(reverse("preferences"), {"language": "de", "zone": "Asia/Tokyo"})

    other = Client()
    other.force_login(User.objects.get())

    assert language_of(order_page(other, order)) == "de"
    client.post(reverse("preferences"), {"language": ""})
    assert User.objects.get().preferences == {"zone": "Asia/Tokyo"}


@pytest.mark.parametrize("name", PREFERENCE_NAMES)
def test_an_invalid_value_falls_back_with_a_message(client: Client, order: Order, name: str) -> None:
    html = order_page(client, order, f"?{name}=<script>nonsense")

    assert "&lt;script&gt;nonsense" in html
    assert "<script>nonsense" not in html
    assert language_of(html) == "en"


@given(
    st.dictionaries(st.sampled_from(PREFERENCE_NAMES), st.text(max_size=60)),
    st.dictionaries(st.sampled_from(PREFERENCE_NAMES), st.text()),
)
def test_only_valid_values_are_chosen_from_any_input(link: dict[str, str], cookie: dict[str, str]) -> None:
    chosen, invalid = first_valid_preferences([link, cookie], LANGUAGES)

    assert all(value in PREFERENCE_VALUES.get(name, (value,)) for name, value in chosen.items())
    assert not set(chosen.values()) & set(invalid) or set(link.values()) & set(cookie.values())


@pytest.mark.parametrize("cookie", ["%ff<x" * 20, ""])
def test_an_invalid_cookie_breaks_no_page(client: Client, order: Order, cookie: str) -> None:
    for name in PREFERENCE_NAMES:
        client.cookies[name] = cookie

    assert client.get(order.get_absolute_url()).status_code == 200


@given(
    st.sampled_from(sorted(LANGUAGES)),
    st.sampled_from(["", *pytz.country_timezones]),
    st.sampled_from(["", "12", "24"]),
)
def test_each_preference_has_one_value_in_effect_among_its_options(language: str, region: str, hours: str) -> None:
    reader = build_reader({"hours": hours}, language, region)

    for name in ("hours", "units", "temperature", "digits", "currency", "week"):
        effective, options = sample_options(name, reader)
        assert effective in PREFERENCE_VALUES[name]
        assert len(options) == len(PREFERENCE_VALUES[name])
        assert getattr(reader, name) in (effective, "", "latn", "own")


def pressed_choices(html: str) -> set[str]:
    return set(re.findall(r'name="(\w+" value="\w+)" checked', html))


def test_choosing_a_region_changes_its_default_formats(client: Client, order: Order) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en-US"
    before = pressed_choices(order_page(client, order))
    client.post(reverse("preferences"), {"region": "DE"})

    after = pressed_choices(order_page(client, order))

    assert before > {'units" value="us', 'hours" value="12'}
    assert after > {'units" value="metric', 'hours" value="24'}


@pytest.mark.parametrize("language", ["zh-hant", "ar", "de"])
def test_each_language_is_listed_in_its_own_name(client: Client, language: str) -> None:
    html = client.get("/", headers={"accept-language": language}).content.decode()

    for name in ("English", "Deutsch", "繁體中文", "العربية"):
        assert f">{name}</option>" in html


def test_the_preferences_page_shows_samples_of_each_value(client: Client) -> None:
    html = client.get(reverse("preferences"), headers={"accept-language": "en-US"}).content.decode()

    assert "Automatic · United States · New York" in html
    for sample in ("14:30", "7.5 mi", "12 km", "20°C", "68°F", "Germany · Berlin", "Germany"):
        assert sample in html


def test_the_admin_uses_operator_languages_only(admin_client: Client) -> None:
    html = admin_client.get(reverse("admin:index"), headers={"accept-language": "fr"}).content.decode()

    assert language_of(html) == "en"


def test_short_choices_are_buttons_with_one_pressed_and_long_ones_lists(client: Client) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en-US"

    def marked(name: str) -> list[str]:
        html = client.get(reverse("preferences")).content.decode()
        return re.findall(rf'type="radio" name="{name}" value="(\w*)" checked', html)

    assert (marked("look"), marked("clock"), marked("hours"), marked("units")) == (["auto"], ["place"], [""], [])
    client.post(reverse("preferences"), {"look": "dark", "clock": "mine", "hours": "24"})
    assert (marked("look"), marked("clock"), marked("hours")) == (["dark"], ["mine"], ["24"])
    assert 'data-theme="dark"' in client.get(reverse("preferences")).content.decode()


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_every_preference_has_a_label_and_each_value_once(client: Client, language: str) -> None:
    html = client.get(reverse("preferences"), headers={"accept-language": language}).content.decode()

    for name in PREFERENCE_VALUES:
        values = re.findall(rf'name="{name}" value="(\w+)"', html)
        assert len(values) == len(set(values))
    for identifier in re.findall(r'<select id="([\w-]+)"', html):
        assert f'<label for="{identifier}">' in html
    assert html.count("<fieldset>") == html.count("<legend>") >= 2
