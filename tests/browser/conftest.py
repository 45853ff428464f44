"""The whole site as `make start` runs it, on a folder of its own, for a real browser to visit."""

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
    """A running site: its address, its demo's orders, the operator's password, the simulated carriers' key."""

    url: str
    orders: dict[str, dict[str, str]]
    password: str
    carrier_key: str
    folder: Path
    mail_server: MailServer

    def received_mails(self) -> list[EmailMessage]:
        """Return the mails that the mail server has taken, the oldest first."""
        return list(self.mail_server.mails)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start everything with one command, and stop it with Ctrl-C."""
    folder, port, post = tmp_path_factory.mktemp("site"), free_port(), MailServer()
    mail_server = Controller(post, hostname="127.0.0.1", port=free_port())
    mail_server.start()
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {
        **clean,
        "DATA_DIR": str(folder),
        "SIMULATOR_SPEED": SIMULATOR_SPEED,
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
    }
    command = [sys.executable, "manage.py"]
    boss = subprocess.Popen(
        [*command, "start", "--port", str(port)],
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = read_until(boss, "Ctrl-C stops everything")
    listed = subprocess.run(
        [*command, "demo_orders"], cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=True
    )
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    password = re.search(r"operator@example\.com\s+(\S+)", said)
    assert password
    key = (folder / "simulator-key").read_text().strip()
    yield Site(f"http://127.0.0.1:{port}", {row["order"]: row for row in rows}, password.group(1), key, folder, post)
    boss.send_signal(signal.SIGINT)
    assert boss.wait(10) == 0
    mail_server.stop()


@pytest.fixture
def context_args() -> dict[str, Any]:
    """Return what a test's reader is like; tests override it."""
    return {"viewport": {"width": 390, "height": 844}, "locale": "en-US", "timezone_id": "Europe/Berlin"}


@pytest.fixture
def browser_context_args(context_args: dict[str, Any]) -> dict[str, Any]:
    """Hand the reader's ways to Playwright."""
    return context_args


@pytest.fixture
def browser_errors(context: BrowserContext, site: Site) -> Iterator[list[str]]:
    """Collect what a page complains of or asks of others; a test that lists this fixture must leave it empty."""
    own = (site.url, site.url.replace("127.0.0.1", "localhost"), "data:")
    found: list[str] = []
    context.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: found.append(str(error.error)))
    context.on("request", lambda request: None if request.url.startswith(own) else found.append(request.url))
    yield found
    assert found == []


def find_order(page: Page, site: Site, number: str) -> None:
    """Do as a buyer does: type the order number and the e-mail address."""
    page.goto(site.url)
    page.get_by_label("Order number").fill(number)
    page.get_by_label("E-mail, phone or postcode").fill(site.orders[number]["email"])
    page.get_by_role("button", name="Show my order").click()
    page.wait_for_url("**/orders/**")


def sign_in_operator(page: Page, site: Site) -> None:
    """Open the carriers' page as the operator."""
    page.goto(f"{site.url}/desk/tracking/carrier/")
    page.locator("details.password").get_by_label("Email").fill("operator@example.com")
    page.get_by_label("Password").fill(site.password)
    page.locator("details.password").get_by_role("button", name="Sign in").click()


@pytest.fixture
def admin_page(browser: Browser, site: Site) -> Iterator[Page]:
    """Yield the desk, opened by the operator in a browser of their own."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    page = context.new_page()
    sign_in_operator(page, site)
    yield page
    context.close()


def assert_accessible(page: Page) -> None:
    """Fail with axe's report where a page breaks a rule of WCAG 2.2 AA or its best practices."""
    results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
    assert results.violations_count == 0, results.generate_report()
