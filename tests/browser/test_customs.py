"""Held at customs for papers, from the carrier's words to the release: a buyer on a phone, an operator at the desk."""

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

from tests.browser.carrier import Carrier, network
from tests.browser.conftest import Site, accessible
from tracking.models.texts import Refusal

pytestmark = pytest.mark.browser
ORDER = "LF-1002"
REASON = "The photo is blurred: nobody can read the amount."
MOVES = 20_000


@pytest.fixture
def buyer(browser: Browser, site: Site, language: str) -> Iterator[Page]:
    """Yield the order's page on a phone, in the buyer's language."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    context.add_cookies([{"name": "language", "value": language, "url": site.url}])
    page = context.new_page()
    page.goto(site.url + site.orders[ORDER]["path"])
    yield page
    context.close()


def photo(shade: int) -> FilePayload:
    """Return a photo as a phone's camera roll gives it."""
    taken = io.BytesIO()
    Image.new("RGB", (1200, 900), (shade, 120, 90)).save(taken, "JPEG")
    return {"name": "IMG_2041.jpg", "mimeType": "image/jpeg", "buffer": taken.getvalue()}


def send(page: Page, says: Any, shade: int) -> None:
    """Choose a photo for each paper that is wanted, and send them."""
    for field in page.locator("input[type=file]").all():
        field.set_input_files(photo(shade))
    page.get_by_role("button", name=says("Send"), exact=True).click()
    expect(page.locator(".receipt .code")).to_have_text(re.compile(r"^\w{4}-\w{4}$"))


def open_task(desk: Page, site: Site) -> None:
    """Open the newest answer that waits for the shop."""
    desk.goto(f"{site.url}/desk/tracking/ask/?turn=desk")
    desk.get_by_role("link", name=ORDER, exact=False).first.click()
    desk.get_by_role("button", name="Open the answer").click()


def alarms(desk: Page, site: Site, state: str) -> int:
    """Return how many alarms of the order about papers the desk lists, the open ones or those of a state."""
    desk.goto(f"{site.url}/desk/tracking/alert/?kind__exact=papers_asked" + (f"&state={state}" if state else ""))
    return desk.get_by_role("row").filter(has_text=ORDER).count()


@pytest.fixture
def carrier(desk: Page, site: Site) -> Carrier:
    return Carrier(site, ORDER, network(desk))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_papers_for_customs(site: Site, desk: Page, carrier: Carrier, buyer: Page, language: str) -> None:
    def says(words: Any) -> str:
        with override(language):
            return gettext(words) if isinstance(words, str) else str(words)

    carrier.tells("InTransit_CustomsRequiringInformation", "Der Zoll benötigt weitere Unterlagen")
    card = buyer.locator("section.ask.due")
    expect(card).to_have_count(1, timeout=MOVES)
    expect(card).to_contain_text(says("Papers for customs"))
    expect(buyer.get_by_role("heading", name=says("Customs asks for papers or information"))).to_be_visible()
    assert alarms(desk, site, "") == 1
    accessible(buyer)

    card.get_by_role("link", name=says("Answer now")).click()
    buyer.get_by_label(says("E-mail, phone or postcode of the order")).fill(site.orders[ORDER]["email"])
    buyer.get_by_role("button", name=says("Continue")).click()
    accessible(buyer)
    send(buyer, says, 200)
    accessible(buyer)
    buyer.get_by_role("link", name=says("Back to the parcel")).last.click()
    expect(buyer.locator("section.ask.sent")).to_have_count(1)

    open_task(desk, site)
    with desk.expect_download() as waiting:
        desk.get_by_role("button", name="Download").first.click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"\xff\xd8\xff")
    desk.get_by_label("Why it is refused").select_option("unreadable")
    desk.get_by_label("In your own words").fill(REASON)
    desk.get_by_role("button", name="Refuse and ask again").click()

    expect(buyer.locator("section.ask.due")).to_contain_text(REASON, timeout=MOVES)
    expect(buyer.locator("section.ask.due")).to_contain_text(says(Refusal.UNREADABLE.label))
    buyer.locator("section.ask.due").get_by_role("link", name=says("Answer again")).click()
    send(buyer, says, 90)
    open_task(desk, site)
    desk.get_by_role("button", name="Accept").click()
    buyer.get_by_role("link", name=says("Back to the parcel")).last.click()
    expect(buyer.locator("section.ask.good")).to_contain_text(
        says("The shop has accepted your answer. That is settled.")
    )

    carrier.tells("InTransit_CustomsReleased", "Die Sendung wurde vom Zoll freigegeben")
    expect(buyer.get_by_text(says("Released by import customs")).first).to_be_visible(timeout=MOVES)
    expect(buyer.locator("section.customs")).to_have_count(0)
    expect(buyer.locator("section.ask.due")).to_have_count(0)
    assert alarms(desk, site, "") == 0
    assert alarms(desk, site, "closed") > 0
