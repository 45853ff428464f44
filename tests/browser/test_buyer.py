"""The buyer's pages in a real browser, on a site that runs like `make start`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.conftest import Site, assert_accessible, find_order
from tests.browser.simulated_carrier import SimulatedCarrier, network_api_url

pytestmark = pytest.mark.browser
LIVE_UPDATE_TIMEOUT_MS = 60_000
KILOBYTE = 1000


def open_parcel(page: Page) -> None:
    """Open the first parcel of an order's page."""
    page.locator("li.parcel a").first.click()
    expect(page.locator("li.event").first).to_be_visible()


def change_setting(page: Page, choose: Callable[[], object]) -> None:
    """Open the reading settings, make a choice and apply it."""
    page.locator(".aa summary").click()
    choose()
    page.locator(".aa button").click()


@pytest.mark.usefixtures("browser_errors")
def test_a_buyer_finds_an_order_and_sees_new_events_without_reloading(page: Page, admin_page: Page, site: Site) -> None:
    carrier = SimulatedCarrier(site, "LF-1016", network_api_url(admin_page))
    find_order(page, site, "LF-1016")
    page.evaluate("window.notReloaded = true")
    events = page.locator("li.event")
    before = events.count()
    carrier.push_event("InTransit_Departure", "Departed from the hub")

    expect(events).not_to_have_count(before, timeout=LIVE_UPDATE_TIMEOUT_MS)

    assert page.evaluate("window.notReloaded") is True
    arrived = page.locator("li.event.new-arrival summary").first
    expect(arrived).to_be_visible()
    announced = page.get_by_role("status")
    expect(announced).to_contain_text("News")
    expect(announced).to_contain_text(arrived.locator(".what").inner_text())


@pytest.mark.usefixtures("browser_errors")
def test_a_change_of_one_parcel_fetches_its_card_alone(page: Page, admin_page: Page, site: Site) -> None:
    carrier = SimulatedCarrier(site, "LF-1017", network_api_url(admin_page))
    # Playwright does not emulate hidden tabs.
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => window.isHidden === true })")
    page.goto(site.url + site.orders["LF-1017"]["path"])
    expect(page.locator("#summary")).to_be_visible()
    page.evaluate("window.isHidden = true")

    with page.expect_response(lambda response: "parcel=" in response.url, timeout=LIVE_UPDATE_TIMEOUT_MS) as fetched:
        carrier.push_event("InTransit_Departure", "Departed from the hub")

    card = fetched.value.text()
    assert card.count('class="card parcel') == 1 and "<html" not in card
    expect(page).to_have_title(re.compile("^● Order LF-1017"))
    assert "mark-news" in page.locator("link[rel=icon]").evaluate("icon => icon.href")
    page.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page).to_have_title(re.compile("^Order LF-1017"))
    assert "mark-news" not in page.locator("link[rel=icon]").evaluate("icon => icon.href")


def test_a_page_catches_up_after_it_was_offline(page: Page, site: Site) -> None:
    page.goto(site.url + site.orders["LF-1001"]["path"])
    page.context.set_offline(True)
    expect(page.locator("#no-network")).to_be_visible()
    with page.expect_response(lambda response: response.request.headers.get("hx-request") == "true") as fetched:
        page.context.set_offline(False)

    assert fetched.value.ok
    expect(page.locator("#no-network")).to_be_hidden()


def test_without_network_a_page_says_what_was_last_known_and_returns_by_itself(page: Page, site: Site) -> None:
    page.goto(site.url + site.orders["LF-1005"]["path"])
    open_parcel(page)
    answer = page.locator("#answer").inner_text()
    page.wait_for_function("caches.open('offline').then(cache => cache.match('/offline/'))")
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.context.set_offline(True)

    page.reload()

    expect(page.get_by_text("No connection")).to_be_visible()
    last_known = page.locator("#answer")
    expect(last_known).to_contain_text("Last known,")
    assert answer.split()[-1] in last_known.inner_text() and "LF-1005" in page.locator(".top").inner_text()
    assert_accessible(page)

    page.context.set_offline(False)
    expect(page.locator(".ticket .steps")).to_be_visible()
    expect(page.locator("#answer")).to_have_text(re.compile(re.escape(answer.split()[-1])))


@pytest.mark.usefixtures("browser_errors")
def test_opened_details_stay_open_when_new_events_arrive(page: Page, site: Site) -> None:
    page.goto(site.url + site.orders["LF-1001"]["path"])
    open_parcel(page)
    page.locator("li.event summary").first.click()
    events = page.locator("li.event")
    before = events.count()

    expect(events).not_to_have_count(before, timeout=LIVE_UPDATE_TIMEOUT_MS)

    assert page.locator("main details[open]").count() == 1


@pytest.mark.usefixtures("browser_errors")
def test_the_language_changes_and_stays(page: Page, site: Site) -> None:
    page.goto(site.url + site.orders["LF-1002"]["path"])

    change_setting(page, lambda: page.get_by_label("Language").select_option("zh-hans"))

    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.locator(".top")).to_contain_text("订单 LF-1002")
    page.goto(site.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("我的包裹到哪儿了？")


@pytest.mark.usefixtures("browser_errors")
def test_all_times_can_be_shown_in_the_readers_time_zone(page: Page, site: Site) -> None:
    page.goto(site.url + site.orders["LF-1008"]["path"])
    open_parcel(page)
    expect(page.locator("main")).to_contain_text("Auckland time")

    change_setting(page, lambda: page.get_by_role("radio", name="My time").check())

    expect(page.locator(".timeline h4").first).to_contain_text("Berlin time")
    expect(page.locator(".timeline h4", has_text="Auckland time")).to_have_count(0)


def test_everything_works_without_javascript(browser: Browser, site: Site, context_args: dict[str, Any]) -> None:
    page = browser.new_context(java_script_enabled=False, **context_args).new_page()
    find_order(page, site, "LF-1001")
    before = page.locator("li.event").count()

    page.get_by_role("link", name="Refresh").first.click()
    assert page.locator("li.event").count() >= before

    # A request of the buyer: the look-up has proven who asks.
    parcel = page.url
    page.locator('main a.button[href*="/tasks/"]').filter(has_text="phone").first.click()
    page.get_by_role("textbox", name="Phone number").fill("+1 312 555 0142")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".stub .code")).to_have_text(re.compile(r"^\w{4}-\w{4}$"))

    page.goto(parcel)
    page.get_by_role("link", name="Notify me").click()
    page.get_by_label("Email address").fill("no-script@example.com")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.locator("main")).to_contain_text("no-script@example.com")

    page.goto(f"{site.url}/links/")
    page.get_by_label("Email of your order").fill(site.orders["LF-1001"]["email"])
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("link", name="Try another address")).to_be_visible()

    page.goto(f"{site.url}/preferences/")
    page.locator("main").get_by_label("Language").select_option("zh-hans")
    page.locator("main").get_by_role("button").last.click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.goto(parcel)
    change_setting(page, lambda: page.locator(".aa select[name=language]").select_option("ar"))
    expect(page.locator("html")).to_have_attribute("lang", "ar")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("number", ["", "LF-1001", "LF-1002", "LF-1009", "LF-1013"])
def test_pages_are_accessible(browser: Browser, site: Site, number: str, scheme: Any) -> None:
    page = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 844}).new_page()
    page.goto(site.url + (site.orders[number]["path"] if number else "/"))
    assert_accessible(page)
    if number:
        open_parcel(page)
        page.evaluate("document.querySelectorAll('main details').forEach(details => details.open = true)")
        assert_accessible(page)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_nothing_overflows_at_320_pixels(browser: Browser, site: Site, language: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640})
    context.add_cookies([{"name": "language", "value": language, "url": site.url}])
    page = context.new_page()
    for path in ["/", *(order["path"] for order in site.orders.values())]:
        page.goto(site.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        for parcel in page.locator("li.parcel a").evaluate_all("links => links.map(link => link.href)"):
            page.goto(parcel)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, parcel


def test_a_parcels_page_stays_within_its_size_limits(browser: Browser, site: Site) -> None:
    page = browser.new_context().new_page()
    requests: list[Request] = []
    page.goto(site.url + site.orders["LF-1011"]["path"])
    parcel = page.locator("li.parcel a").first.evaluate("link => link.href")
    page.close()
    page = browser.new_context().new_page()
    page.on("requestfinished", lambda request: requests.append(request))
    page.goto(parcel, wait_until="load")
    page.wait_for_timeout(500)

    sizes = {request.url: request.sizes()["responseBodySize"] for request in requests if "/live/" not in request.url}
    assert sum(sizes.values()) <= 60 * KILOBYTE, sizes
    assert sum(size for url, size in sizes.items() if url.endswith(".js")) <= 20 * KILOBYTE, sizes
    assert sum(size for url, size in sizes.items() if url.endswith(".css")) <= 15 * KILOBYTE, sizes


def test_entries_that_fit_no_order_show_what_to_try(page: Page, site: Site) -> None:
    page.goto(site.url)
    page.get_by_label("Order number").fill("LF-1001")
    page.get_by_label("Email, phone or postcode").fill("somebody@example.org")
    page.get_by_role("button", name="Show my order").click()

    expect(page.get_by_role("alert")).to_contain_text("No order fits both entries.")
    expect(page.get_by_label("Order number")).to_have_value("LF-1001")
