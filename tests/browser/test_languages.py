"""The buyer's pages in every language: no overflow at 320 px, the right text direction, and lasting settings."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, assert_accessible

pytestmark = pytest.mark.browser
LANGUAGES = [code for code, _name in settings.LANGUAGES]
ORDERS = ("LF-1009", "LF-1014")
PAGES = ("/", "/preferences/")
OVERFLOWING_ELEMENTS_SCRIPT = """() => [...document.querySelectorAll("main *, header *, footer *")]
    .filter(element => !element.closest(".unseen, .skip, select, svg") && element.getClientRects().length
        && (element.getBoundingClientRect().right > innerWidth + 1 || element.getBoundingClientRect().left < -1))
    .map(element => element.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_overflows_on_the_narrowest_phone(browser: Browser, site: Site, language: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640}, locale=language)
    page = context.new_page()
    for path in (*PAGES, *(site.orders[number]["path"] for number in ORDERS)):
        page.goto(site.url + path)
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        html = page.locator("html")
        expect(html).to_have_attribute("lang", language)
        expect(html).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        assert page.evaluate(OVERFLOWING_ELEMENTS_SCRIPT) == [], path
    context.close()


def test_a_setting_changes_every_page_and_stays(page: Page, site: Site) -> None:
    page.goto(site.url + site.orders["LF-1003"]["path"])
    page.locator("li.parcel a").first.click()
    page.locator(".aa summary").click()
    expect(page.get_by_role("radio", name="2:30")).to_be_checked()
    page.get_by_role("radio", name="14:30").check()
    page.get_by_role("button", name="Apply").click()

    expect(page.locator("input[name=hours][value='24']")).to_be_checked()
    expect(page.locator("main")).not_to_contain_text(re.compile(r"\d [AP]M"))
    page.goto(site.url + "/preferences/")
    assert_accessible(page)

    expect(page.locator("main input[name=hours][value='24']")).to_be_checked()
    page.locator("main").get_by_label("Language").select_option("ar")
    page.locator("main").get_by_role("button").last.click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert_accessible(page)


def test_an_unknown_setting_in_a_link_is_reported_and_breaks_nothing(page: Page, site: Site) -> None:
    page.goto(site.url + site.orders["LF-1010"]["path"] + "?zone=Mars/Olympus&language=tlh")

    expect(page.locator("main .note")).to_contain_text("Mars/Olympus")
    assert_accessible(page)
