"""A guest asks on a phone, confirms, chooses in Chinese, is told by mail and push, and stops by one POST."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.carrier import Carrier, network
from tests.browser.conftest import Site, accessible
from tests.browser.test_push import Service
from tests.notifications.channels.receiver import Call, Receiver, receiving
from tests.notifications.channels.test_push import Browser as Device

pytestmark = pytest.mark.browser
ORDER, GUEST = "LF-1010", "guest@example.com"


def mail_to(site: Site, address: str, fits: Callable[[EmailMessage], bool]) -> EmailMessage:
    """Return the first mail to an address that fits; it may take some seconds to arrive."""
    for _ in range(100):
        if found := [mail for mail in site.mails() if address in str(mail["To"]) and fits(mail)]:
            return found[0]
        time.sleep(0.2)
    raise AssertionError([(str(mail["To"]), str(mail["Subject"])) for mail in site.mails()])


SUBSCRIBES = """
  const told = %s;
  let kept = null;
  PushManager.prototype.getSubscription = async () => kept;
  PushManager.prototype.subscribe = async (wish) => (kept = { ...told, options: wish, toJSON: () => told });
"""
"""Chromium has no push service of its own: the subscription names one on this machine, with keys of this test."""


@pytest.fixture
def push_service() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def pushed_to(service: Receiver) -> Call:
    """Return the push that the site sent; it may take some seconds to arrive."""
    for _ in range(100):
        if service.calls:
            return service.calls[0]
        time.sleep(0.2)
    raise AssertionError("no push came")


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(mail: EmailMessage, part: str, site: Site) -> str:
    """Return the path of a link in a mail, on the running site."""
    found = re.search(rf"https?://[^/\s]+(/{part}/\S+)", plain(mail))
    assert found, plain(mail)
    return site.url + found.group(1)


def test_a_guest_is_told_in_chinese_and_stops_by_one_post(
    page: Page, desk: Page, site: Site, context: BrowserContext, push_service: Receiver
) -> None:
    device = Device(f"{push_service.url}/push/guest")
    context.grant_permissions(["notifications"], origin=site.url)
    page.add_init_script(SUBSCRIBES % json.dumps(device.told))
    page.goto(site.url + site.orders[ORDER]["path"])
    page.get_by_role("link", name="Tell me by e-mail").click()
    accessible(page)
    page.get_by_label("E-mail address").fill(GUEST)
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("status")).to_contain_text("One tap is left")

    page.goto(link_in(mail_to(site, GUEST, lambda mail: "confirm" in str(mail["Subject"])), "follow", site))
    page.get_by_role("button", name="Yes, tell me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What you are told of, and when")
    accessible(page)
    page.locator("main").get_by_label("Language").select_option("zh-hans")
    page.get_by_label("Quiet from").select_option("")
    page.get_by_label("until").select_option("")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".notice.good")).to_have_text("已保存。")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.get_by_role("button", name="在此设备上通知我").click()
    expect(page.locator(".push [role=status]")).to_contain_text("已开启")
    service = Service(page, site)

    Carrier(site, ORDER, network(desk)).tells("InTransit_PickedUp", "已揽收")
    told = mail_to(site, GUEST, lambda mail: "订单" in str(mail["Subject"]))
    assert "已发货" in plain(told)
    service.delivers(json.dumps(device.read(pushed_to(push_service))).encode())
    (shown,) = service.shown(1)
    assert (shown["title"], shown["lang"]) == ("已发货", "zh-hans")
    page.goto(link_in(told, "orders", site))
    expect(page.get_by_role("heading", level=1)).to_contain_text(ORDER)

    stop = str(told["List-Unsubscribe"]).strip("<>").split("/stop/")[1]
    answer = httpx.post(f"{site.url}/stop/{stop}", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    page.goto(link_in(told, "notices", site))
    expect(page.locator("main")).to_contain_text("已停用")
