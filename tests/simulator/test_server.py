"""The simulator's API over real HTTP, in 17TRACK's format and with 17TRACK's codes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tracking.simulator.parcels.demo_orders import DEMO_ORDERS
from tracking.simulator.server.app import SlidingWindowLimit, build_application
from tracking.simulator.server.faults import parse_faults
from tracking.simulator.server.state import SimulatorState

KEY = "test-key"
ROOT = Path(__file__).resolve().parents[2]
LIVE_NUMBER, RENUMBERED_NUMBER, UNSCRIPTED_NUMBER = "UG471203869YP", "YT2632800417259036", "LX000000000US"
Json = dict[str, Any]


class ApiClient:
    """A client that knows the simulator by URL and key only. It retries when it meets the rate limit."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str = KEY) -> None:
        self.session, self.url, self.key = session, url, key

    async def send(self, endpoint: str, body: bytes, key: str | None = None) -> tuple[int, str, Json]:
        headers = {"17token": self.key if key is None else key, "Content-Type": "application/json"}
        async with self.session.post(f"{self.url}/track/v2.4/{endpoint}", data=body, headers=headers) as response:
            return response.status, response.headers.get("Retry-After", ""), await response.json()

    async def call(self, endpoint: str, items: object) -> Json:
        while True:
            status, _, answer = await self.send(endpoint, json.dumps(items).encode())
            if status != 429:
                return answer
            await asyncio.sleep(0.35)

    async def fetch(self, *numbers: str) -> Json:
        return data_of(await self.call("gettrackinfo", [{"number": number} for number in numbers]))

    async def register(self, *numbers: str) -> Json:
        return data_of(await self.call("register", [{"number": number} for number in numbers]))


def data_of(answer: Json) -> Json:
    assert answer["code"] == 0
    data: Json = answer["data"]
    return data


def error_codes(answer: Json) -> dict[str, int]:
    return {item["number"]: item["error"]["code"] for item in answer["rejected"]}


def run_with_server(
    work: Callable[[ApiClient], Awaitable[None]],
    *,
    state_path: Path | None = None,
    speed: float = 720.0,
    faults: dict[str, float] | None = None,
) -> None:
    """Serve on a free port of 127.0.0.1 while `work` runs."""
    asyncio.run(_run_with_server(work, SimulatorState.open(state_path, speed=speed), faults))


async def _run_with_server(
    work: Callable[[ApiClient], Awaitable[None]], state: SimulatorState, faults: dict[str, float] | None
) -> None:
    runner = web.AppRunner(build_application(state, KEY, faults=faults), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as session:
            await work(ApiClient(session, f"http://127.0.0.1:{runner.addresses[0][1]}"))
    finally:
        await runner.cleanup()


def test_registered_number_is_answered_in_the_documented_format() -> None:
    async def work(client: ApiClient) -> None:
        registered = await client.register(LIVE_NUMBER)
        parcel = (await client.fetch(LIVE_NUMBER))["accepted"][0]

        assert registered["accepted"] == [
            {"origin": 2, "number": LIVE_NUMBER, "carrier": 190012, "email": None, "lang": None, "tag": None}
        ]
        assert parcel.keys() == PARCEL_KEYS
        info = parcel["track_info"]
        assert info.keys() == INFO_KEYS
        assert info["latest_status"] == {
            "status": "InTransit",
            "sub_status": "InTransit_CustomsProcessing",
            "sub_status_descr": None,
        }
        assert [stage["key_stage"] for stage in info["milestone"]] == [
            "InfoReceived",
            "PickedUp",
            "Departure",
            "Arrival",
        ]
        assert info["time_metrics"]["estimated_delivery_date"]["source"] == "Official"

    run_with_server(work)


PARCEL_KEYS = {
    *("number", "carrier", "param", "tag", "lang", "destination_postal_code", "origin_country", "destination_country"),
    *("destination_city", "ship_date", "shipper", "consignee", "phone_number_last_4", "phone_number", "cpf_or_cnpj"),
    *("special_tracking_info", "track_info"),
}
INFO_KEYS = {
    *("shipping_info", "latest_status", "latest_event", "time_metrics", "milestone", "misc_info", "tracking"),
}
EVENT_KEYS = {
    *("time_iso", "time_utc", "time_raw", "description", "description_translation", "location", "stage"),
    *("sub_status", "address"),
}


def test_each_carrier_is_a_provider_with_its_events_newest_first() -> None:
    async def work(client: ApiClient) -> None:
        await client.register(LIVE_NUMBER)
        info = (await client.fetch(LIVE_NUMBER))["accepted"][0]["track_info"]
        providers = info["tracking"]["providers"]

        assert [provider["provider"]["name"] for provider in providers] == ["Yanwen", "USPS"]
        for provider in providers:
            times = [event["time_utc"] for event in provider["events"]]
            assert times == sorted(times, reverse=True)
            assert all(event.keys() == EVENT_KEYS for event in provider["events"])
        assert info["latest_event"] in [event for provider in providers for event in provider["events"]]
        picked_up = providers[0]["events"][-2]
        assert picked_up["description"] == "已揽收"
        assert picked_up["description_translation"] == {"lang": "en", "description": "Picked up"}
        assert picked_up["time_iso"].endswith("16:12:00+08:00")

    run_with_server(work)


def test_local_time_without_zone_has_no_instant() -> None:
    async def work(client: ApiClient) -> None:
        await client.register("NL831047265BR")
        event = (await client.fetch("NL831047265BR"))["accepted"][0]["track_info"]["latest_event"]

        assert (event["time_iso"], event["time_utc"], event["time_raw"]["timezone"]) == (None, None, None)
        assert event["time_raw"]["time"] == "14:23:00"
        assert event["sub_status"] == "Delivered_Other"

    run_with_server(work)


def test_scans_in_australia_can_be_reported_in_chinas_zone() -> None:
    async def work(client: ApiClient) -> None:
        await client.register("LZ274019588CN")
        provider = (await client.fetch("LZ274019588CN"))["accepted"][0]["track_info"]["tracking"]["providers"][0]
        abroad = [event for event in provider["events"] if event["address"]["country"] == "AU"]

        assert abroad
        assert {event["time_raw"]["timezone"] for event in abroad} == {"+08:00"}

    run_with_server(work)


def test_after_the_handover_scans_come_under_the_new_number_only() -> None:
    async def work(client: ApiClient) -> None:
        await client.register(RENUMBERED_NUMBER)
        await asyncio.sleep(0.3)
        old = (await client.fetch(RENUMBERED_NUMBER))["accepted"][0]["track_info"]
        new = old["misc_info"]["local_number"]

        assert (new, old["misc_info"]["local_provider"]) == ("RX715029340GB", "Royal Mail")
        assert old["latest_event"]["description"] == f"Handed over to Royal Mail, new tracking number {new}"
        assert [provider["provider"]["name"] for provider in old["tracking"]["providers"]] == ["YunExpress"]
        assert error_codes(await client.fetch(new)) == {new: -18019902}
        await client.register(new)
        info = (await client.fetch(new))["accepted"][0]["track_info"]
        assert [provider["provider"]["name"] for provider in info["tracking"]["providers"]] == ["Royal Mail"]
        assert info["latest_status"]["status"] == "Delivered"

    run_with_server(work, speed=20_000_000)


def test_numbers_are_rejected_with_the_documented_codes() -> None:
    async def work(client: ApiClient) -> None:
        await client.register(LIVE_NUMBER, UNSCRIPTED_NUMBER)
        repeated = await client.register(LIVE_NUMBER, "1234", "not a number!")
        fetched = await client.fetch(UNSCRIPTED_NUMBER, "NEVERSEEN1")

        assert error_codes(repeated) == {LIVE_NUMBER: -18019901, "1234": -18010012, "NOT A NUMBER!": -18010012}
        assert repeated["rejected"][1]["error"]["message"] == "The format of '1234' is invalid."
        assert error_codes(fetched) == {UNSCRIPTED_NUMBER: -18019909, "NEVERSEEN1": -18019902}

    run_with_server(work, speed=1)


def test_any_other_number_gets_a_random_journey_from_its_registration_on() -> None:
    async def work(client: ApiClient) -> None:
        await client.register(UNSCRIPTED_NUMBER)
        await asyncio.sleep(0.2)
        info = (await client.fetch(UNSCRIPTED_NUMBER))["accepted"][0]["track_info"]

        assert info["shipping_info"]["recipient_address"]["country"] == "US"
        assert info["latest_status"]["status"] in {"Delivered", "Exception", "InTransit"}

    run_with_server(work, speed=100_000_000)


def test_numbers_can_be_stopped_retracked_once_and_deleted() -> None:
    async def work(client: ApiClient) -> None:
        item = [{"number": LIVE_NUMBER}]
        await client.register(LIVE_NUMBER)

        assert data_of(await client.call("retrack", item))["rejected"][0]["error"]["code"] == -18019904
        assert data_of(await client.call("stoptrack", item))["accepted"] == [{"number": LIVE_NUMBER, "carrier": 190012}]
        assert data_of(await client.call("stoptrack", item))["rejected"][0]["error"]["code"] == -18019906
        assert data_of(await client.call("retrack", item))["accepted"]
        await client.call("stoptrack", item)
        assert data_of(await client.call("retrack", item))["rejected"][0]["error"]["code"] == -18019905
        assert data_of(await client.call("deletetrack", item))["accepted"]
        assert error_codes(await client.fetch(LIVE_NUMBER)) == {LIVE_NUMBER: -18019902}

    run_with_server(work)


def test_carrier_of_a_number_can_be_changed() -> None:
    async def work(client: ApiClient) -> None:
        await client.register(LIVE_NUMBER)

        async def change(carrier: object) -> Json:
            return data_of(await client.call("changecarrier", [{"number": LIVE_NUMBER, "carrier_new": carrier}]))

        assert error_codes(await change(None)) == {LIVE_NUMBER: -18019804}
        assert error_codes(await change("USPS")) == {LIVE_NUMBER: -18019802}
        assert error_codes(await change(190012)) == {LIVE_NUMBER: -18019803}
        assert (await change(21051))["accepted"] == [{"number": LIVE_NUMBER, "carrier": 21051}]
        assert (await client.fetch(LIVE_NUMBER))["accepted"][0]["carrier"] == 21051

    run_with_server(work)


def test_list_is_paged_and_the_quota_is_counted() -> None:
    async def work(client: ApiClient) -> None:
        await client.register(*(f"PAGED{index:03}" for index in range(40)))
        await client.register("PAGED040")
        page = data_of(await client.call("gettracklist", {"page_no": 2}))

        assert page["page"] == {"data_total": 41, "page_total": 2, "page_no": 2, "page_size": 40}
        assert [item["number"] for item in page["accepted"]] == ["PAGED040"]
        assert data_of(await client.call("getquota", []))["quota_used"] == 41

    run_with_server(work)


def test_wrong_key_gets_an_error_code_and_no_data() -> None:
    async def work(client: ApiClient) -> None:
        status, _, answer = await client.send("getquota", b"[]", key="wrong")

        assert (status, answer["code"]) == (200, -18010002)
        assert answer["data"]["errors"][0]["code"] == -18010002

    run_with_server(work)


def test_fourth_request_within_a_second_gets_429() -> None:
    async def work(client: ApiClient) -> None:
        answers = [await client.send("getquota", b"[]") for _ in range(4)]

        assert [status for status, _, _ in answers] == [200, 200, 200, 429]
        assert answers[3][1] == "1"
        assert answers[3][2]["code"] == 429

    run_with_server(work)


def test_rate_limit_counts_any_second_not_calendar_seconds() -> None:
    seconds = iter([0.0, 0.1, 0.2, 0.3, 0.99, 1.0, 1.05, 1.1, 1.2])
    limit = SlidingWindowLimit(now=lambda: next(seconds))

    assert [limit.try_call() for _ in range(9)] == [True, True, True, False, False, True, False, True, True]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{not json", -18010013),
        (b"\xff\xfe", -18010013),
        (b"[]", -18010013),
        (b'{"number": "X"}', -18010013),
        (b'"text"', -18010013),
        (b"[" * 100_000, -18010013),
        (json.dumps([{"number": f"MANY{index:04}"} for index in range(41)]).encode(), -18010014),
        (b"[" + b" " * 2_000_000 + b"]", -18010013),
    ],
    ids=["broken", "not text", "empty", "object", "string", "deep", "forty-one", "huge"],
)
def test_malformed_body_gets_an_error_code(body: bytes, code: int) -> None:
    async def work(client: ApiClient) -> None:
        status, _, answer = await client.send("gettrackinfo", body)

        assert (status, answer["code"]) == (200, code)

    run_with_server(work)


@pytest.mark.parametrize(
    "endpoint", ["register", "gettrackinfo", "stoptrack", "retrack", "deletetrack", "changecarrier"]
)
def test_malformed_items_are_rejected_one_by_one(endpoint: str) -> None:
    async def work(client: ApiClient) -> None:
        items: list[object] = [
            None,
            7,
            "text",
            [],
            {},
            {"number": 12345678},
            {"number": LIVE_NUMBER, "carrier": [1], "tag": {}},
        ]
        answer = data_of(await client.call(endpoint, items))

        assert [item["error"]["code"] for item in answer["rejected"][:6]] == [-18010010] * 6

    run_with_server(work)


def test_unknown_endpoint_gets_404_in_json() -> None:
    async def work(client: ApiClient) -> None:
        status, _, answer = await client.send("nosuchverb", b"[]")

        assert (status, answer["code"]) == (404, 404)

    run_with_server(work)


def test_reported_events_are_the_same_after_a_restart(tmp_path: Path) -> None:
    numbers = [number for order in DEMO_ORDERS for number in order.numbers] + [UNSCRIPTED_NUMBER]
    events_by_run: list[list[str]] = []

    async def work(client: ApiClient) -> None:
        if not events_by_run:
            await client.register(*numbers)
        await asyncio.sleep(0.2)
        answer = await client.fetch(*numbers)
        events_by_run.append([json.dumps(event) for parcel in answer["accepted"] for event in events_of(parcel)])

    run_with_server(work, state_path=tmp_path / "state.json", speed=1_000_000)
    run_with_server(work, state_path=tmp_path / "state.json", speed=720)

    assert set(events_by_run[0]) <= set(events_by_run[1])


def events_of(parcel: Json) -> list[Json]:
    providers = parcel["track_info"]["tracking"]["providers"]
    return [event | {"number": parcel["number"]} for provider in providers for event in provider["events"]]


def test_configured_fault_replaces_the_answer() -> None:
    async def work(client: ApiClient) -> None:
        async with client.session.post(f"{client.url}/track/v2.4/getquota", headers={"17token": KEY}) as response:
            assert response.status == 500

    run_with_server(work, faults=parse_faults("500:1"))


@pytest.mark.parametrize("text", ["fire:0.1", "500:much", "500:0.9,429:0.2", "slow:-1"])
def test_invalid_faults_raise(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_faults(text)


def test_broken_state_file_raises_and_is_not_changed(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text('{"other": 1}')

    with pytest.raises(ValueError, match="state file"):
        SimulatorState.open(state, speed=1)
    assert state.read_text() == '{"other": 1}'


class SimulatorProcess:
    """The simulator, running as a process of its own."""

    def __init__(self, state: Path) -> None:
        command = [sys.executable, "-m", "tracking.simulator", "--port", "0", "--state", str(state)]
        environment = os.environ | {"SIMULATOR_KEY": KEY}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.ready_line = self.process.stdout.readline()
        self.url = self.ready_line.rpartition(" ")[2].strip()

    def resident_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def stop(self, number: signal.Signals) -> float:
        """Send a signal and return the seconds until the process has ended."""
        self.process.send_signal(number)
        started = time.monotonic()
        self.process.communicate(timeout=10)
        return time.monotonic() - started


def fetch_events(url: str) -> list[str]:
    async def work() -> list[str]:
        async with aiohttp.ClientSession() as session:
            client = ApiClient(session, url)
            await client.register(LIVE_NUMBER, UNSCRIPTED_NUMBER)
            return [
                json.dumps(event)
                for parcel in (await client.fetch(LIVE_NUMBER))["accepted"]
                for event in events_of(parcel)
            ]

    return asyncio.run(work())


def test_process_is_small_stops_within_a_second_and_resumes_its_state(tmp_path: Path) -> None:
    first = SimulatorProcess(tmp_path / "state.json")
    first_events = fetch_events(first.url)
    size, seconds = first.resident_mb(), first.stop(signal.SIGTERM)
    second = SimulatorProcess(tmp_path / "state.json")
    second_events = fetch_events(second.url)
    second.stop(signal.SIGKILL)
    third = SimulatorProcess(tmp_path / "state.json")
    third_events = fetch_events(third.url)
    third.stop(signal.SIGINT)

    assert first.ready_line.startswith("simulator ready on http://127.0.0.1:")
    assert size < 60
    assert seconds < 1
    assert (first.process.returncode, third.process.returncode) == (0, 0)
    assert set(first_events) <= set(second_events) <= set(third_events)
