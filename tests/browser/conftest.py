"""The whole site as `make start` runs it, on its own data folder, for tests with a real browser."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.notifications.mail_server import MailServer
from tests.test_start import free_port, read_until

PROJECT_ROOT = Path(__file__).resolve().parent.parent.parent
SIMULATOR_SPEED = "2000"


@dataclass
class Site:
    """A running site: its URL, the demo orders by number, the operator's password, the simulator's API key."""

    url: str
    orders: dict[str, dict[str, str]]
    password: str
    carrier_key: str
    folder: Path
    mail_server: MailServer

    def received_mails(self) -> list[EmailMessage]:
        """Return the mails that the mail server has received, oldest first."""
        return list(self.mail_server.mails)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start the site with `manage.py start`, yield it, and stop it with Ctrl-C."""
    folder, port, mail_server = tmp_path_factory.mktemp("site"), free_port(), MailServer()
    controller = Controller(mail_server, hostname="127.0.0.1", port=free_port())
    controller.start()
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {
        **inherited,
        "DATA_DIR": str(folder),
        "SIMULATOR_SPEED": SIMULATOR_SPEED,
        "EMAIL_URL": f"smtp://127.0.0.1:{controller.port}",
    }
    command = [sys.executable, "manage.py"]
    process = subprocess.Popen(
        [*command, "start", "--no-history", "--port", str(port)],
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = read_until(process, "Ctrl-C stops everything")
    listing = subprocess.run(
        [*command, "demo_orders"], cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=True
    )
    orders = [json.loads(line) for line in listing.stdout.splitlines()]
    password = re.search(r"operator@example\.com\s+(\S+)", output)
    assert password
    key = (folder / "simulator-key").read_text().strip()
    orders_by_number = {order["order"]: order for order in orders}
    yield Site(f"http://127.0.0.1:{port}", orders_by_number, password.group(1), key, folder, mail_server)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    controller.stop()


@pytest.fixture
def context_args() -> dict[str, Any]:
    """Return the reader's device, locale and time zone. Tests may override this fixture."""
    return {"viewport": {"width": 390, "height": 844}, "locale": "en-US", "timezone_id": "Europe/Berlin"}


@pytest.fixture
def browser_context_args(context_args: dict[str, Any]) -> dict[str, Any]:
    """Pass `context_args` to pytest-playwright, which reads them from a fixture of this name."""
    return context_args


@pytest.fixture
def browser_errors(context: BrowserContext, site: Site) -> Iterator[list[str]]:
    """Collect console errors and requests to other sites; fail the test if there are any."""
    own_prefixes = (site.url, site.url.replace("127.0.0.1", "localhost"), "data:")
    errors: list[str] = []
    context.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("request", lambda request: None if request.url.startswith(own_prefixes) else errors.append(request.url))
    yield errors
    assert errors == []


def find_order(page: Page, site: Site, number: str) -> None:
    """Open an order as a buyer does, with its number and e-mail address."""
    page.goto(site.url)
    page.get_by_label("Order number").fill(number)
    page.get_by_label("Email, phone or postcode").fill(site.orders[number]["email"])
    page.get_by_role("button", name="Show my order").click()
    page.wait_for_url(re.compile("/(orders|parcels)/"))


def sign_in_operator(page: Page, site: Site) -> None:
    """Sign in as the operator and open the list of carriers."""
    page.goto(f"{site.url}/desk/tracking/carrier/")
    page.locator("details.password").get_by_label("Email").fill("operator@example.com")
    page.get_by_label("Password").fill(site.password)
    page.locator("details.password").get_by_role("button", name="Sign in").click()


@pytest.fixture
def admin_page(browser: Browser, site: Site) -> Iterator[Page]:
    """Yield the admin, opened by the operator in a separate browser context."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    page = context.new_page()
    sign_in_operator(page, site)
    yield page
    context.close()


def assert_accessible(page: Page) -> None:
    """Fail with axe's report if the page breaks a rule of WCAG 2.2 AA or axe's best practices."""
    results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
    assert results.violations_count == 0, results.generate_report()
