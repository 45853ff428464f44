"""A shopper signs up with a mailed code, sees their orders, and signs in again with a passkey."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Site, assert_accessible

pytestmark = pytest.mark.browser
OWNER = "camille@example.com"
VIRTUAL_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def authenticator(context: BrowserContext, page: Page) -> Iterator[None]:
    """Add a virtual authenticator to the browser, like the one built into a phone."""
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL_AUTHENTICATOR})
    yield
    devtools.detach()


def mailed_code(site: Site, address: str) -> str:
    """Return the code in the last mail to an address; wait up to 10 seconds for it."""
    for _ in range(50):
        mails = [mail for mail in site.received_mails() if address in str(mail["To"])]
        if mails and (match := re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", mails[-1].get_content(), re.MULTILINE)):
            return match.group(1)
        time.sleep(0.2)
    raise AssertionError(f"no code for {address}")


@pytest.mark.usefixtures("authenticator", "browser_errors")
def test_a_shopper_signs_up_and_signs_in_again_with_a_passkey(page: Page, site: Site) -> None:
    # Passkeys belong to a domain name: WebAuthn does not accept an IP address.
    home = site.url.replace("127.0.0.1", "localhost")
    page.goto(home)
    page.get_by_role("link", name="Sign in").click()
    assert_accessible(page)
    page.get_by_role("link", name="New here?").click()
    page.get_by_label("Email").fill(OWNER)
    assert_accessible(page)
    page.get_by_role("button", name="Create account").click()
    page.get_by_label("Code").fill(mailed_code(site, OWNER))
    assert_accessible(page)
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_title(re.compile("My parcels"))
    for number, heading in (("LF-1003", "1 parcel for “LF-1003”"), ("LF-1001", "0 parcels for “LF-1001”")):
        page.get_by_role("searchbox").fill(number)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.locator("#found")).to_have_text(heading)
        expect(page.get_by_role("searchbox")).to_be_focused()
        expect(page).to_have_url(re.compile(f"q={number}$"))
    assert_accessible(page)

    page.get_by_role("link", name="Passkeys and second factor").click()
    assert_accessible(page)
    page.get_by_role("link", name="Add", exact=True).click()
    page.get_by_label("Name").fill("My phone")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Security key added.")).to_be_visible()

    page.get_by_role("link", name="Sessions").click()
    assert_accessible(page)
    page.get_by_role("link", name="Sign out").click()
    page.locator("main").get_by_role("button", name="Sign Out").click()
    page.goto(f"{home}/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_title(re.compile("My parcels"))
