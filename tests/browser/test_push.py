"""Push notifications in a real Chromium. It has no push service, so pushes are delivered through its debugger."""

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
    """Delivers pushes to the site's service worker, as a push service would."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.site = page, site
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.registration_ids: list[str] = []
        self.session.on("ServiceWorker.workerRegistrationUpdated", self.record_registrations)
        self.session.send("ServiceWorker.enable")

    def record_registrations(self, event: dict[str, Any]) -> None:
        self.registration_ids += [
            registration["registrationId"] for registration in event["registrations"] if not registration["isDeleted"]
        ]

    def deliver_push(self, data: bytes) -> None:
        registration_id = self.registration_ids[-1]
        message = {"origin": self.site.url, "registrationId": registration_id, "data": data.decode()}
        self.session.send("ServiceWorker.deliverPushMessage", message)

    def wait_for_notifications(self, count: int, title: str = "") -> list[dict[str, Any]]:
        """Return the shown notifications, once there are `count` of them, one with `title` if it is given."""
        for _ in range(50):
            notifications = self.page.evaluate(SHOWN_NOTIFICATIONS_SCRIPT)
            titles = [notification["title"] for notification in notifications]
            if len(notifications) >= count and (not title or title in titles):
                return list(notifications)
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


def test_a_push_is_shown_with_its_text_direction(push_service: FakePushService) -> None:
    push_service.deliver_push(build_payload(ARABIC))

    (notification,) = push_service.wait_for_notifications(1)
    assert notification["title"] == ARABIC.headline
    assert notification["body"].startswith(ARABIC.lines[0])
    assert (notification["lang"], notification["dir"]) == ("ar", "rtl")
    assert notification["renotify"] is True
    assert "/mark-192." in notification["icon"]


def test_a_later_push_about_a_parcel_replaces_the_earlier_one(push_service: FakePushService) -> None:
    push_service.deliver_push(build_payload(make_message(headline="Released by customs")))
    push_service.wait_for_notifications(1)
    push_service.deliver_push(build_payload(make_message(headline="Out for delivery")))
    push_service.wait_for_notifications(1, "Out for delivery")
    push_service.deliver_push(build_payload(make_message(headline="Another parcel", tag="another")))

    titles = {notification["title"] for notification in push_service.wait_for_notifications(2)}
    assert titles == {"Out for delivery", "Another parcel"}


def test_an_empty_push_shows_the_name_of_the_site(push_service: FakePushService) -> None:
    push_service.deliver_push(b"{}")

    assert [notification["title"] for notification in push_service.wait_for_notifications(1)] == ["Landfall"]


def test_a_tap_opens_the_order_on_this_site(push_service: FakePushService, service_worker: Worker) -> None:
    push_service.deliver_push(build_payload(make_message()))
    (notification,) = push_service.wait_for_notifications(1)
    assert notification["data"] == {"path": "/orders/2kQx9/"}

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


def test_a_tap_focuses_a_page_that_is_open_already(push_service: FakePushService, service_worker: Worker) -> None:
    calls = service_worker.evaluate(
        """async () => {
          const calls = [];
          self.clients.openWindow = async (path) => calls.push(`open ${path}`);
          WindowClient.prototype.focus = async function () { calls.push(`focus ${new URL(this.url).pathname}`); };
          await openPage("/");
          return calls;
        }"""
    )

    assert calls == ["focus /"]


def test_a_subscription_that_the_browser_renewed_is_sent_to_the_site(
    push_service: FakePushService, service_worker: Worker, context: BrowserContext
) -> None:
    requests: list[tuple[str, dict[str, Any], str]] = []

    def record_request(route: Route) -> None:
        request = route.request
        requests.append((request.url, json.loads(request.post_data or ""), request.headers.get("x-csrftoken", "")))
        route.fulfill(status=204)

    context.route("**/mine/push/", record_request)
    service_worker.evaluate(
        """async () => {
          const note = { address: "/mine/push/", key: "BKEY", token: "csrf" };
          await (await caches.open("push")).put("/push", new Response(JSON.stringify(note)));
          await renewSubscription({ newSubscription: { endpoint: "https://push.example/new" },
                        oldSubscription: { endpoint: "https://push.example/old" } });
        }"""
    )

    ((url, body, token),) = requests
    assert url == f"{push_service.site.url}/mine/push/"
    assert token == "csrf"
    assert body == {
        "enabled": True,
        "subscription": {"endpoint": "https://push.example/new"},
        "replaces": "https://push.example/old",
    }


@pytest.fixture
def push_form_requests(page: Page, site: Site) -> list[dict[str, Any]]:
    """Serve the push form at `/form` under the site's content security policy; return the bodies that it posts."""
    bodies: list[dict[str, Any]] = []
    policy: dict[str, str] = {}

    def record_body(route: Route) -> None:
        bodies.append(json.loads(route.request.post_data or ""))
        route.fulfill(status=204)

    def serve_form(route: Route) -> None:
        request = RequestFactory().get("/")
        context = {"push_url": "/mine/push/", "vapid_public_key": vapid.public_key()}
        body = render_to_string("notices/_push.html", context, request)
        head = '<!doctype html><html lang="en"><title>Form</title><script src="/static/js/push.js" defer></script>'
        route.fulfill(body=head + body, headers={"Content-Type": "text/html", **policy})

    policy["Content-Security-Policy"] = page.request.get(site.url).headers["content-security-policy"]
    script = (open("static/js/push.js").read(), "text/javascript")  # noqa: SIM115
    page.route("**/static/js/push.js", lambda route: route.fulfill(body=script[0], content_type=script[1]))
    page.route("**/mine/push/", record_body)
    page.route("**/form", serve_form)
    return bodies


def test_permission_is_requested_only_after_a_tap(
    page: Page, site: Site, push_form_requests: list[dict[str, Any]]
) -> None:
    page.add_init_script("Notification.requestPermission = async () => { window.requested = true; return 'denied'; };")
    page.goto(f"{site.url}/form")
    expect(page.get_by_role("button", name=START_BUTTON_LABEL)).to_be_visible()
    assert page.evaluate("window.requested") is None

    page.get_by_role("button", name=START_BUTTON_LABEL).click()

    expect(page.get_by_role("status")).to_contain_text("does not let this site show notices")
    assert page.evaluate("window.requested") is True
    assert push_form_requests == []


FAKE_SUBSCRIPTION_SCRIPT = """
  const key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
  let subscription = null;
  Notification.requestPermission = async () => "granted";
  PushManager.prototype.getSubscription = async () => subscription;
  PushManager.prototype.subscribe = async (options) => {
    window.subscribeOptions = options;
    subscription = { endpoint: "https://push.example/1", options, unsubscribe: async () => { subscription = null; },
                     toJSON: () => ({ endpoint: "https://push.example/1", keys: { p256dh: key, auth: "x" } }) };
    return subscription;
  };
"""


def test_a_tap_subscribes_and_another_unsubscribes(
    page: Page, site: Site, push_form_requests: list[dict[str, Any]]
) -> None:
    page.add_init_script(FAKE_SUBSCRIPTION_SCRIPT)
    page.goto(f"{site.url}/form")

    page.get_by_role("button", name=START_BUTTON_LABEL).click()
    expect(page.get_by_role("status")).to_contain_text("On. This device shows news")
    assert page.evaluate("window.subscribeOptions") == {
        "userVisibleOnly": True,
        "applicationServerKey": vapid.public_key(),
    }
    page.get_by_role("button", name="Stop on this device").click()
    expect(page.get_by_role("status")).to_contain_text("Off.")

    assert [body["enabled"] for body in push_form_requests] == [True, False]
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


def test_a_subscription_is_sent_again_at_each_visit_of_its_reader(
    page: Page, site: Site, push_form_requests: list[dict[str, Any]]
) -> None:
    enable_push(page, site)
    page.add_init_script(EXISTING_SUBSCRIPTION_SCRIPT)

    page.goto(f"{site.url}/form")

    expect(page.get_by_role("status")).to_contain_text("On.")
    assert [body["enabled"] for body in push_form_requests] == [True, True]


def test_visiting_another_readers_page_does_not_move_the_subscription(
    page: Page, site: Site, push_form_requests: list[dict[str, Any]]
) -> None:
    enable_push(page, site)
    page.evaluate("note => caches.open('push').then((box) => box.put('/push', new Response(note)))", OTHER_READER_NOTE)
    page.add_init_script(EXISTING_SUBSCRIPTION_SCRIPT)

    page.goto(f"{site.url}/form")

    expect(page.get_by_role("button", name=START_BUTTON_LABEL)).to_be_visible()
    assert len(push_form_requests) == 1


def test_a_failed_subscription_is_reported_and_can_be_retried(
    page: Page, site: Site, push_form_requests: list[dict[str, Any]]
) -> None:
    """Chromium has no push service here, so subscribing really fails."""
    page.add_init_script("Notification.requestPermission = async () => 'granted';")
    page.goto(f"{site.url}/form")

    page.get_by_role("button", name=START_BUTTON_LABEL).click()

    expect(page.get_by_role("status")).to_contain_text("That did not work")
    expect(page.get_by_role("button", name=START_BUTTON_LABEL)).to_be_enabled()
    assert push_form_requests == []


def test_a_browser_without_push_support_gets_an_explanation(
    page: Page, site: Site, push_form_requests: list[dict[str, Any]]
) -> None:
    page.add_init_script("delete window.PushManager;")
    page.goto(f"{site.url}/form")

    expect(page.get_by_role("status")).to_contain_text("cannot show notices of websites")
    expect(page.get_by_role("button", name=START_BUTTON_LABEL)).to_be_hidden()
