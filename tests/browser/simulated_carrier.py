"""The voice of the demo's carrier: what a test has it tell, the site hears as a signed push."""

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
    """Pushes one more event about an order's parcel, signed as the simulated network signs."""

    def __init__(self, site: Site, order: str, api_url: str) -> None:
        self.site = site
        (self.number,) = next(story.numbers for story in DEMO_ORDERS if story.order_number == order)
        self.parcel_json: dict[str, Any] = self.fetch_parcel(api_url)

    def fetch_parcel(self, api_url: str) -> dict[str, Any]:
        """Return what the network has told of the parcel, once the site has it followed."""
        key = {"17token": self.site.carrier_key}
        for _ in range(20):
            asked = httpx.post(f"{api_url}/track/v2.4/gettrackinfo", json=[{"number": self.number}], headers=key).json()
            if found := asked["data"].get("accepted"):
                return dict(found[0])
            time.sleep(1)
        raise AssertionError(asked)

    def push_event(self, sub_status: str, text: str) -> None:
        """Push an event that happens now, at the place of the last one."""
        now = datetime.now(UTC).replace(microsecond=0)
        events = self.parcel_json["track_info"]["tracking"]["providers"][0]["events"]
        told = events[0] | {"time_iso": now.isoformat(), "time_utc": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
        told |= {"time_raw": {"date": f"{now:%Y-%m-%d}", "time": f"{now:%H:%M:%S}", "timezone": "+00:00"}}
        told |= {"stage": None, "sub_status": sub_status, "description": text, "description_translation": None}
        events.insert(0, told)
        body = json.dumps({"event": "TRACKING_UPDATED", "data": self.parcel_json}).encode()
        headers = {"Content-Type": "application/json", "sign": sign_body(body, self.site.carrier_key)}
        assert httpx.post(f"{self.site.url}/hooks/simulator/", content=body, headers=headers).status_code == 202


def network_api_url(admin_page: Page) -> str:
    """Return the address of the simulated network's API, as the desk's page of carriers knows it."""
    admin_page.get_by_role("link", name="Simulated carrier network", exact=True).click()
    return admin_page.get_by_label("Address of the API").input_value()
