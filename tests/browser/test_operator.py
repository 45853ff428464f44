"""An operator connects carriers in the admin, with a real browser, against the simulated carriers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, sign_in_operator

pytestmark = pytest.mark.browser


def run_connection_test(page: Page, site: Site, name: str) -> None:
    """Run the action "Test the connection" on a carrier."""
    page.goto(f"{site.url}/desk/tracking/carrier/")
    page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True)).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Test the connection")
    page.get_by_role("button", name="Run").or_(page.get_by_role("button", name="Go")).click()


@pytest.mark.usefixtures("browser_errors")
def test_an_operator_signs_in_and_tests_a_connection(page: Page, site: Site) -> None:
    sign_in_operator(page, site)

    run_connection_test(page, site, "Simulated carrier network")

    expect(page.locator(".messagelist")).to_contain_text("registrations left")


@pytest.mark.usefixtures("browser_errors")
def test_an_operator_connects_a_carrier_after_entering_a_wrong_key(page: Page, site: Site) -> None:
    sign_in_operator(page, site)
    page.get_by_role("link", name="Simulated carrier network", exact=True).click()
    api_url = page.get_by_label("Address of the API").input_value()

    page.goto(f"{site.url}/desk/tracking/carrier/add/")
    page.get_by_label("Name", exact=False).first.fill("Second network")
    page.get_by_label("Adapter").select_option(label="17TRACK")
    page.get_by_label("Address of the API").fill(api_url)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("still asks for")

    page.get_by_label("API key").fill("not the key")
    page.get_by_label("Enabled").check()
    page.get_by_role("button", name="Save", exact=True).click()
    run_connection_test(page, site, "Second network")
    expect(page.locator(".messagelist")).to_contain_text("Refused")

    page.get_by_role("link", name="Second network", exact=True).click()
    page.get_by_label("API key").fill(site.carrier_key)
    page.get_by_role("button", name="Save", exact=True).click()
    run_connection_test(page, site, "Second network")
    expect(page.locator(".messagelist")).to_contain_text("It works")
