"""A parcel held at customs for papers, until its release: the buyer on a phone, the operator in the admin."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import gettext, override
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.conftest import Site, assert_accessible
from tests.browser.simulated_carrier import SimulatedCarrier, network_api_url
from tracking.models.texts import PaperRefusal, RejectionReason

pytestmark = pytest.mark.browser
ORDER = "LF-1002"
REASON = "The photo is blurred: nobody can read the amount."
UPDATE_TIMEOUT_MS = 20_000


@pytest.fixture
def buyer_page(browser: Browser, site: Site, language: str) -> Iterator[Page]:
    """Yield the parcel's page on a phone, in the language of the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    context.add_cookies([{"name": "language", "value": language, "url": site.url}])
    page = context.new_page()
    page.goto(site.url + site.orders[ORDER]["path"])
    page.locator("li.parcel a").first.click()
    yield page
    context.close()


def build_photo(shade: int) -> FilePayload:
    """Build a photo as a phone would upload it."""
    buffer = io.BytesIO()
    Image.new("RGB", (1200, 900), (shade, 120, 90)).save(buffer, "JPEG")
    return {"name": "IMG_2041.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}


def submit_files(page: Page, translated: Any, file: FilePayload) -> None:
    """Choose a file for each requested paper and send them. `translated` translates a label of the page."""
    for field in page.locator("input[type=file]").all():
        field.set_input_files(file)
    page.get_by_role("button", name=translated("Send"), exact=True).click()


def submit_papers(page: Page, translated: Any, shade: int) -> None:
    """Send a photo for each requested paper, and wait on the receipt until they are checked."""
    submit_files(page, translated, build_photo(shade))
    expect(page.locator(".stub .code")).to_have_text(re.compile(r"^\w{4}-\w{4}$"))
    passed_on = translated("The shop has your answer and will look at it. Nothing for you to do.")
    expect(page.get_by_text(passed_on)).to_be_visible(timeout=UPDATE_TIMEOUT_MS)


def submit_damaged_pdf(page: Page, translated: Any) -> None:
    """Send a damaged PDF, and wait on the same page until its check refuses it."""
    submit_files(page, translated, {"name": "bill.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 cut"})
    refusal = page.locator("li.wrong").filter(has_text=str(translated(PaperRefusal.DAMAGED_PDF.label)))
    expect(refusal.first).to_contain_text("bill.pdf", timeout=UPDATE_TIMEOUT_MS)
    expect(page.locator("input[type=file]").first).to_be_visible()


def open_newest_answer(admin_page: Page, site: Site) -> None:
    """Open the answer of the first buyer task of the order that waits for the shop."""
    admin_page.goto(f"{site.url}/desk/tracking/buyertask/?waiting_for=shop")
    admin_page.get_by_role("link", name=ORDER, exact=False).first.click()
    admin_page.get_by_role("button", name="Open the answer").click()


def count_alerts(admin_page: Page, site: Site, state: str) -> int:
    """Return how many alerts about requested papers the admin lists for the order, in a state or, if empty, open."""
    admin_page.goto(f"{site.url}/desk/tracking/alert/?kind__exact=papers_asked" + (f"&state={state}" if state else ""))
    return admin_page.get_by_role("row").filter(has_text=ORDER).count()


@pytest.fixture
def carrier(admin_page: Page, site: Site) -> SimulatedCarrier:
    return SimulatedCarrier(site, ORDER, network_api_url(admin_page))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_buyer_sends_papers_for_customs_until_they_are_accepted(
    site: Site, admin_page: Page, carrier: SimulatedCarrier, buyer_page: Page, language: str
) -> None:
    def translated(text: Any) -> str:
        with override(language):
            return gettext(text) if isinstance(text, str) else str(text)

    carrier.push_event("InTransit_CustomsRequiringInformation", "Der Zoll benötigt weitere Unterlagen")
    card = buyer_page.locator("section.task")
    expect(card).to_have_count(1, timeout=UPDATE_TIMEOUT_MS)
    expect(card).to_contain_text(translated("Documents for customs"))
    assert count_alerts(admin_page, site, "") == 1
    assert_accessible(buyer_page)

    card.get_by_role("link", name=translated("Answer now")).click()
    buyer_page.get_by_label(translated("Email, phone or postcode of the order")).fill(site.orders[ORDER]["email"])
    buyer_page.get_by_role("button", name=translated("Continue")).click()
    assert_accessible(buyer_page)
    submit_damaged_pdf(buyer_page, translated)
    assert_accessible(buyer_page)
    submit_papers(buyer_page, translated, 200)
    assert_accessible(buyer_page)
    buyer_page.get_by_role("link", name=translated("Back to the parcel")).last.click()
    expect(buyer_page.locator(".papers .good")).to_have_count(1)

    open_newest_answer(admin_page, site)
    with admin_page.expect_download() as download:
        admin_page.get_by_role("button", name="Download").first.click()
    assert Path(download.value.path()).read_bytes().startswith(b"\xff\xd8\xff")
    admin_page.get_by_label("Why it is refused").select_option("unreadable")
    admin_page.get_by_label("In your own words").fill(REASON)
    admin_page.get_by_role("button", name="Refuse and ask again").click()

    expect(buyer_page.locator("section.task")).to_contain_text(REASON, timeout=UPDATE_TIMEOUT_MS)
    expect(buyer_page.locator("section.task")).to_contain_text(translated(RejectionReason.UNREADABLE.label))
    buyer_page.locator("section.task").get_by_role("link", name=translated("Answer again")).click()
    submit_papers(buyer_page, translated, 90)
    open_newest_answer(admin_page, site)
    admin_page.get_by_role("button", name="Accept").click()
    buyer_page.get_by_role("link", name=translated("Back to the parcel")).last.click()
    expect(buyer_page.locator(".papers .good")).to_contain_text(
        translated("The shop has accepted your answer. Nothing for you to do.")
    )

    carrier.push_event("InTransit_CustomsReleased", "Die Sendung wurde vom Zoll freigegeben")
    expect(buyer_page.get_by_text(translated("Released by import customs")).first).to_be_visible(
        timeout=UPDATE_TIMEOUT_MS
    )
    expect(buyer_page.locator('[data-state^="customs-"]')).to_have_count(0, timeout=UPDATE_TIMEOUT_MS)
    expect(buyer_page.locator("section.task")).to_have_count(0)
    assert count_alerts(admin_page, site, "") == 0
    assert count_alerts(admin_page, site, "closed") > 0
