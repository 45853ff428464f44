"""A guest follows an order, chooses Chinese, is notified by mail and push, and unsubscribes with one POST."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Site, assert_accessible
from tests.browser.simulated_carrier import SimulatedCarrier, network_api_url
from tests.browser.test_push import FakePushService
from tests.notifications.channels.http_receiver import HttpReceiver, running_receiver
from tests.notifications.channels.test_push import PushBrowser as Device

pytestmark = pytest.mark.browser
ORDER, GUEST = "LF-1010", "guest@example.com"


def wait_for_mail(site: Site, address: str, is_match: Callable[[EmailMessage], bool]) -> EmailMessage:
    """Return the first mail to an address that matches; wait up to 20 seconds for it."""
    for _ in range(100):
        if mails := [mail for mail in site.received_mails() if address in str(mail["To"]) and is_match(mail)]:
            return mails[0]
        time.sleep(0.2)
    raise AssertionError([(str(mail["To"]), str(mail["Subject"])) for mail in site.received_mails()])


FAKE_SUBSCRIPTION_SCRIPT = """
  const json = %s;
  let subscription = null;
  PushManager.prototype.getSubscription = async () => subscription;
  PushManager.prototype.subscribe = async (options) => (subscription = { ...json, options, toJSON: () => json });
"""
"""Chromium has no push service of its own: the subscription names a server of this test, with the test's keys."""


@pytest.fixture
def push_service() -> Iterator[HttpReceiver]:
    with running_receiver() as receiver:
        yield receiver


def wait_for_push(service: HttpReceiver, device: Device, title: str) -> dict[str, Any]:
    """Return the push with a title that the site sent to a device; wait up to 20 seconds for it."""
    for _ in range(100):
        pushes = [device.decrypt(request) for request in service.requests]
        if matching := [push for push in pushes if push["title"] == title]:
            return matching[0]
        time.sleep(0.2)
    raise AssertionError([push["title"] for push in pushes])


def plain_body(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def find_link(mail: EmailMessage, path_prefix: str, site: Site) -> str:
    """Return the URL, on the running site, of the first link in a mail whose path starts with `path_prefix`."""
    match = re.search(rf"https?://[^/\s]+(/{path_prefix}/\S+)", plain_body(mail))
    assert match, plain_body(mail)
    return site.url + match.group(1)


def test_a_guest_is_notified_in_chinese_and_unsubscribes_with_one_post(
    page: Page, admin_page: Page, site: Site, context: BrowserContext, push_service: HttpReceiver
) -> None:
    device = Device(f"{push_service.url}/push/guest")
    context.grant_permissions(["notifications"], origin=site.url)
    page.add_init_script(FAKE_SUBSCRIPTION_SCRIPT % json.dumps(device.subscription))
    page.goto(site.url + site.orders[ORDER]["path"])
    page.get_by_role("link", name="Notify me").click()
    assert_accessible(page)
    page.get_by_label("Email address").fill(GUEST)
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("status")).to_contain_text("We have sent a link")

    page.goto(find_link(wait_for_mail(site, GUEST, lambda mail: "confirm" in str(mail["Subject"])), "follow", site))
    page.get_by_role("button", name="Keep me posted").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep me posted")
    assert_accessible(page)
    page.locator("#choices").get_by_label("Language").select_option("zh-hans")
    page.get_by_label("Quiet from").select_option("")
    page.get_by_label("until").select_option("")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".note[role=status]")).to_have_text("已保存。")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.get_by_role("button", name="在此设备上通知我").click()
    expect(page.locator(".push [role=status]")).to_contain_text("已开启")
    service = FakePushService(page, site)

    SimulatedCarrier(site, ORDER, network_api_url(admin_page)).push_event("InTransit_PickedUp", "已揽收")
    mail = wait_for_mail(site, GUEST, lambda mail: "已发货" in plain_body(mail))
    assert "订单" in str(mail["Subject"])
    service.deliver_push(json.dumps(wait_for_push(push_service, device, "运输途中")).encode())
    (notification,) = service.wait_for_notifications(1)
    assert (notification["title"], notification["lang"]) == ("运输途中", "zh-hans")
    page.goto(find_link(mail, "parcels", site))
    expect(page.locator(".top")).to_contain_text(ORDER)

    unsubscribe_token = str(mail["List-Unsubscribe"]).strip("<>").split("/stop/")[1]
    response = httpx.post(f"{site.url}/stop/{unsubscribe_token}", data={"List-Unsubscribe": "One-Click"})
    assert response.status_code == 200
    page.goto(find_link(mail, "notices", site))
    expect(page.locator("main")).to_contain_text("您已停止接收消息")
