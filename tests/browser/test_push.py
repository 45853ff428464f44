"""Pushes in a real Chromium. It has no push service of its own: what one would deliver comes through its debugger."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import BrowserContext, CDPSession, Page, Route, Worker, expect

from tests.browser.conftest import Site
from tests.notifications.channels.sample_messages import ARABIC, make_message
from tracking.notifications.channels import vapid
from tracking.notifications.channels.push import build_payload

pytestmark = pytest.mark.browser
SHOWN_NOTIFICATIONS_SCRIPT = """async () => {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.getNotifications()).map(
    ({ title, body, lang, dir, tag, renotify, icon, data }) => ({ title, body, lang, dir, tag, renotify, icon, data }));
}"""
START_BUTTON_LABEL = "Notify me on this device"


class FakePushService:
    """Delivers pushes to the site's worker, as a push service would."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.site = page, site
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.registration_ids: list[str] = []
        self.session.on("ServiceWorker.workerRegistrationUpdated", self.record_registrations)
        self.session.send("ServiceWorker.enable")

    def record_registrations(self, event: dict[str, Any]) -> None:
        self.registration_ids += [one["registrationId"] for one in event["registrations"] if not one["isDeleted"]]

    def deliver_push(self, data: bytes) -> None:
        origin = self.site.url
        told = {"origin": origin, "registrationId": self.registration_ids[-1], "data": data.decode()}
        self.session.send("ServiceWorker.deliverPushMessage", told)

    def wait_for_notifications(self, count: int, title: str = "") -> list[dict[str, Any]]:
        """Return the notices on the screen, once there are so many, one of them with this title if one is given."""
        for _ in range(50):
            notices = self.page.evaluate(SHOWN_NOTIFICATIONS_SCRIPT)
            if len(notices) >= count and (not title or title in [notice["title"] for notice in notices]):
                return list(notices)
            self.page.wait_for_timeout(100)
        raise AssertionError(self.page.evaluate(SHOWN_NOTIFICATIONS_SCRIPT))


@pytest.fixture
def push_service(page: Page, site: Site, context: BrowserContext) -> FakePushService:
    context.grant_permissions(["notifications"], origin=site.url)
    page.goto(site.url)
    service = FakePushService(page, site)
    page.evaluate("navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => 1)")
    return service


@pytest.fixture
def service_worker(push_service: FakePushService, context: BrowserContext) -> Worker:
    return context.service_workers[0]


def test_a_push_is_shown_in_the_readers_direction(push_service: FakePushService) -> None:
    push_service.deliver_push(build_payload(ARABIC))

    (notice,) = push_service.wait_for_notifications(1)
    assert notice["title"] == ARABIC.headline
    assert notice["body"].startswith(ARABIC.lines[0])
    assert (notice["lang"], notice["dir"]) == ("ar", "rtl")
    assert notice["renotify"] is True
    assert "/mark-192." in notice["icon"]


def test_a_later_push_of_a_parcel_takes_the_earlier_ones_place(push_service: FakePushService) -> None:
    push_service.deliver_push(build_payload(make_message(headline="Released by customs")))
    push_service.wait_for_notifications(1)
    push_service.deliver_push(build_payload(make_message(headline="Out for delivery")))
    push_service.wait_for_notifications(1, "Out for delivery")
    push_service.deliver_push(build_payload(make_message(headline="Another parcel", tag="another")))

    titles = {notice["title"] for notice in push_service.wait_for_notifications(2)}
    assert titles == {"Out for delivery", "Another parcel"}


def test_an_empty_push_still_shows_who_it_is_from(push_service: FakePushService) -> None:
    push_service.deliver_push(b"{}")

    assert [notice["title"] for notice in push_service.wait_for_notifications(1)] == ["Landfall"]


def test_a_tap_leads_to_the_order_on_this_site_only(push_service: FakePushService, service_worker: Worker) -> None:
    push_service.deliver_push(build_payload(make_message()))
    (notice,) = push_service.wait_for_notifications(1)
    assert notice["data"] == {"path": "/orders/2kQx9/"}

    opened = service_worker.evaluate(
        """async () => {
          const opened = [];
          self.clients.openWindow = async (path) => opened.push(path);
          const [notification] = await self.registration.getNotifications();
          const waits = [];
          const tap = new NotificationEvent("notificationclick", { notification });
          tap.waitUntil = (wait) => waits.push(wait);
          self.dispatchEvent(tap);
          await Promise.all(waits);
          return [opened, (await self.registration.getNotifications()).length];
        }"""
    )

    assert opened == [["/orders/2kQx9/"], 0]


def test_a_tap_goes_to_the_page_that_is_open_already(push_service: FakePushService, service_worker: Worker) -> None:
    asked = service_worker.evaluate(
        """async () => {
          const asked = [];
          self.clients.openWindow = async (path) => asked.push(`open ${path}`);
          WindowClient.prototype.focus = async function () { asked.push(`focus ${new URL(this.url).pathname}`); };
          await visit("/");
          return asked;
        }"""
    )

    assert asked == ["focus /"]


def test_a_subscription_that_the_browser_changed_is_told_again(
    push_service: FakePushService, service_worker: Worker, context: BrowserContext
) -> None:
    told: list[tuple[str, dict[str, Any], str]] = []

    def hear(route: Route) -> None:
        request = route.request
        told.append((request.url, json.loads(request.post_data or ""), request.headers.get("x-csrftoken", "")))
        route.fulfill(status=204)

    context.route("**/mine/push/", hear)
    service_worker.evaluate(
        """async () => {
          const note = { address: "/mine/push/", key: "BKEY", token: "csrf" };
          await (await caches.open("push")).put("/push", new Response(JSON.stringify(note)));
          await renew({ newSubscription: { endpoint: "https://push.example/new" },
                        oldSubscription: { endpoint: "https://push.example/old" } });
        }"""
    )

    ((url, body, token),) = told
    assert url == f"{push_service.site.url}/mine/push/"
    assert token == "csrf"
    assert body == {
        "wanted": True,
        "subscription": {"endpoint": "https://push.example/new"},
        "instead": "https://push.example/old",
    }


@pytest.fixture
def push_form_requests(page: Page, site: Site) -> list[dict[str, Any]]:
    """Show the form on a page of the site, under the site's own policy; return what it tells the site."""
    told: list[dict[str, Any]] = []
    policy: dict[str, str] = {}

    def hear(route: Route) -> None:
        told.append(json.loads(route.request.post_data or ""))
        route.fulfill(status=204)

    def show(route: Route) -> None:
        request = RequestFactory().get("/")
        context = {"address": "/mine/push/", "key": vapid.public_key()}
        body = render_to_string("notices/_push.html", context, request)
        head = '<!doctype html><html lang="en"><title>Form</title><script src="/static/js/push.js" defer></script>'
        route.fulfill(body=head + body, headers={"Content-Type": "text/html", **policy})

    policy["Content-Security-Policy"] = page.request.get(site.url).headers["content-security-policy"]
    script = (open("static/js/push.js").read(), "text/javascript")  # noqa: SIM115
    page.route("**/static/js/push.js", lambda route: route.fulfill(body=script[0], content_type=script[1]))
    page.route("**/mine/push/", hear)
    page.route("**/form", show)
    return told


def test_the_browser_is_asked_only_after_a_tap(
    page: Page, site: Site, push_form_requests: list[dict[str, Any]]
) -> None:
    page.add_init_script("Notification.requestPermission = async () => { window.asked = true; return 'denied'; };")
    page.goto(f"{site.url}/form")
    expect(page.get_by_role("button", name=START_BUTTON_LABEL)).to_be_visible()
    assert page.evaluate("window.asked") is None

    page.get_by_role("button", name=START_BUTTON_LABEL).click()

    expect(page.get_by_role("status")).to_contain_text("does not let this site show notices")
    assert page.evaluate("window.asked") is True
    assert push_form_requests == []


FAKE_SUBSCRIPTION_SCRIPT = """
  const key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
  let kept = null;
  Notification.requestPermission = async () => "granted";
  PushManager.prototype.getSubscription = async () => kept;
  PushManager.prototype.subscribe = async (wish) => {
    window.wish = wish;
    kept = { endpoint: "https://push.example/1", options: wish, unsubscribe: async () => { kept = null; },
             toJSON: () => ({ endpoint: "https://push.example/1", keys: { p256dh: key, auth: "x" } }) };
    return kept;
  };
"""


def test_a_tap_subscribes_and_another_ends_it(page: Page, site: Site, push_form_requests: list[dict[str, Any]]) -> None:
    page.add_init_script(FAKE_SUBSCRIPTION_SCRIPT)
    page.goto(f"{site.url}/form")

    page.get_by_role("button", name=START_BUTTON_LABEL).click()
    expect(page.get_by_role("status")).to_contain_text("On. This device shows news")
    assert page.evaluate("window.wish") == {"userVisibleOnly": True, "applicationServerKey": vapid.public_key()}
    page.get_by_role("button", name="Stop on this device").click()
    expect(page.get_by_role("status")).to_contain_text("Off.")

    assert [told["wanted"] for told in push_form_requests] == [True, False]
    assert push_form_requests[0]["subscription"]["endpoint"] == "https://push.example/1"
    expect(page.get_by_role("button", name=START_BUTTON_LABEL)).to_be_visible()


EXISTING_SUBSCRIPTION_SCRIPT = """
  Object.defineProperty(Notification, "permission", { get: () => "granted" });
  PushManager.prototype.getSubscription = async () => ({ endpoint: "https://push.example/1" });
"""
OTHER_READER_NOTE = '{"address": "/notices/another/push/", "key": "x", "token": "x"}'


def enable_push(page: Page, site: Site) -> None:
    page.add_init_script(FAKE_SUBSCRIPTION_SCRIPT)
    page.goto(f"{site.url}/form")
    page.get_by_role("button", name=START_BUTTON_LABEL).click()
    expect(page.get_by_role("status")).to_contain_text("On.")


def test_a_device_is_confirmed_at_each_visit_of_its_reader(
    page: Page, site: Site, push_form_requests: list[dict[str, Any]]
) -> None:
    enable_push(page, site)
    page.add_init_script(EXISTING_SUBSCRIPTION_SCRIPT)

    page.goto(f"{site.url}/form")

    expect(page.get_by_role("status")).to_contain_text("On.")
    assert [told["wanted"] for told in push_form_requests] == [True, True]


def test_looking_at_another_readers_page_does_not_take_the_device(
    page: Page, site: Site, push_form_requests: list[dict[str, Any]]
) -> None:
    enable_push(page, site)
    page.evaluate("note => caches.open('push').then((box) => box.put('/push', new Response(note)))", OTHER_READER_NOTE)
    page.add_init_script(EXISTING_SUBSCRIPTION_SCRIPT)

    page.goto(f"{site.url}/form")

    expect(page.get_by_role("button", name=START_BUTTON_LABEL)).to_be_visible()
    assert len(push_form_requests) == 1


def test_what_goes_wrong_is_said_and_can_be_tried_again(
    page: Page, site: Site, push_form_requests: list[dict[str, Any]]
) -> None:
    """This Chromium has no push service: subscribing fails in earnest."""
    page.add_init_script("Notification.requestPermission = async () => 'granted';")
    page.goto(f"{site.url}/form")

    page.get_by_role("button", name=START_BUTTON_LABEL).click()

    expect(page.get_by_role("status")).to_contain_text("That did not work")
    expect(page.get_by_role("button", name=START_BUTTON_LABEL)).to_be_enabled()
    assert push_form_requests == []


def test_a_browser_that_cannot_is_told_so(page: Page, site: Site, push_form_requests: list[dict[str, Any]]) -> None:
    page.add_init_script("delete window.PushManager;")
    page.goto(f"{site.url}/form")

    expect(page.get_by_role("status")).to_contain_text("cannot show notices of websites")
    expect(page.get_by_role("button", name=START_BUTTON_LABEL)).to_be_hidden()
