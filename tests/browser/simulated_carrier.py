"""The demo's simulated carrier: pushes events to the site as signed webhooks when a test asks for it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import httpx
from playwright.sync_api import Page

from tests.browser.conftest import Site
from tracking.simulator.parcels.demo_orders import DEMO_ORDERS
from tracking.simulator.server.webhook_sender import sign_body


class SimulatedCarrier:
    """Pushes events about an order's parcel, signed like the webhooks of the simulated network."""

    def __init__(self, site: Site, order: str, api_url: str) -> None:
        self.site = site
        (self.number,) = next(story.numbers for story in DEMO_ORDERS if story.order_number == order)
        self.parcel_json: dict[str, Any] = self.fetch_parcel(api_url)

    def fetch_parcel(self, api_url: str) -> dict[str, Any]:
        """Return the network's answer about the parcel, once the site has registered its number."""
        key = {"17token": self.site.carrier_key}
        for _ in range(100):
            answer = httpx.post(
                f"{api_url}/track/v2.4/gettrackinfo", json=[{"number": self.number}], headers=key
            ).json()
            if accepted := answer["data"].get("accepted"):
                return dict(accepted[0])
            time.sleep(0.2)
        raise AssertionError(answer)

    def push_event(self, sub_status: str, text: str) -> None:
        """Push an event that happens now, at the place of the last one."""
        now = datetime.now(UTC).replace(microsecond=0)
        events = self.parcel_json["track_info"]["tracking"]["providers"][0]["events"]
        event = events[0] | {"time_iso": now.isoformat(), "time_utc": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
        event |= {"time_raw": {"date": f"{now:%Y-%m-%d}", "time": f"{now:%H:%M:%S}", "timezone": "+00:00"}}
        event |= {"stage": None, "sub_status": sub_status, "description": text, "description_translation": None}
        events.insert(0, event)
        body = json.dumps({"event": "TRACKING_UPDATED", "data": self.parcel_json}).encode()
        headers = {"Content-Type": "application/json", "sign": sign_body(body, self.site.carrier_key)}
        assert httpx.post(f"{self.site.url}/hooks/simulator/", content=body, headers=headers).status_code == 202


def network_api_url(admin_page: Page) -> str:
    """Return the URL of the simulated network's API, read from its carrier page in the admin."""
    admin_page.get_by_role("link", name="Simulated carrier network", exact=True).click()
    return admin_page.get_by_label("Address of the API").input_value()
