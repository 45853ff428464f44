"""The simulator's API over real HTTP, in 17TRACK's shapes and with 17TRACK's codes."""

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

from tracking.simulator.parcels.stories import STORIES
from tracking.simulator.server.app import Limit, build
from tracking.simulator.server.faults import parse_faults
from tracking.simulator.server.state import Book

KEY = "test-key"
ROOT = Path(__file__).resolve().parents[2]
LIVE, RENUMBERED, PLAIN = "UG471203869YP", "YT2632800417259036", "LX000000000US"
Json = dict[str, Any]


class Shop:
    """A client that knows the simulator by URL and key only. It waits where the limit would stop it."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str = KEY) -> None:
        self.session, self.url, self.key = session, url, key

    async def send(self, verb: str, body: bytes, key: str | None = None) -> tuple[int, str, Json]:
        headers = {"17token": self.key if key is None else key, "Content-Type": "application/json"}
        async with self.session.post(f"{self.url}/track/v2.4/{verb}", data=body, headers=headers) as response:
            return response.status, response.headers.get("Retry-After", ""), await response.json()

    async def call(self, verb: str, items: object) -> Json:
        while True:
            status, _, answer = await self.send(verb, json.dumps(items).encode())
            if status != 429:
                return answer
            await asyncio.sleep(0.35)

    async def ask(self, *numbers: str) -> Json:
        return data(await self.call("gettrackinfo", [{"number": number} for number in numbers]))

    async def register(self, *numbers: str) -> Json:
        return data(await self.call("register", [{"number": number} for number in numbers]))


def data(answer: Json) -> Json:
    assert answer["code"] == 0
    found: Json = answer["data"]
    return found


def codes(answer: Json) -> dict[str, int]:
    return {item["number"]: item["error"]["code"] for item in answer["rejected"]}


def serving(
    work: Callable[[Shop], Awaitable[None]],
    *,
    state: Path | None = None,
    speed: float = 720.0,
    faults: dict[str, float] | None = None,
) -> None:
    """Serve on a free port of 127.0.0.1 while `work` is done."""
    asyncio.run(_serving(work, Book.open(state, speed=speed), faults))


async def _serving(work: Callable[[Shop], Awaitable[None]], book: Book, faults: dict[str, float] | None) -> None:
    runner = web.AppRunner(build(book, KEY, faults=faults), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as session:
            await work(Shop(session, f"http://127.0.0.1:{runner.addresses[0][1]}"))
    finally:
        await runner.cleanup()


def test_a_registered_number_is_told_of_in_the_documented_shape() -> None:
    async def work(shop: Shop) -> None:
        registered = await shop.register(LIVE)
        parcel = (await shop.ask(LIVE))["accepted"][0]

        assert registered["accepted"] == [
            {"origin": 2, "number": LIVE, "carrier": 190012, "email": None, "lang": None, "tag": None}
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

    serving(work)


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
    async def work(shop: Shop) -> None:
        await shop.register(LIVE)
        info = (await shop.ask(LIVE))["accepted"][0]["track_info"]
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

    serving(work)


def test_local_times_without_zone_carry_no_instant() -> None:
    async def work(shop: Shop) -> None:
        await shop.register("NL831047265BR")
        event = (await shop.ask("NL831047265BR"))["accepted"][0]["track_info"]["latest_event"]

        assert (event["time_iso"], event["time_utc"], event["time_raw"]["timezone"]) == (None, None, None)
        assert event["time_raw"]["time"] == "14:23:00"
        assert event["sub_status"] == "Delivered_Other"

    serving(work)


def test_scans_in_australia_can_be_written_in_chinas_clock() -> None:
    async def work(shop: Shop) -> None:
        await shop.register("LZ274019588CN")
        provider = (await shop.ask("LZ274019588CN"))["accepted"][0]["track_info"]["tracking"]["providers"][0]
        abroad = [event for event in provider["events"] if event["address"]["country"] == "AU"]

        assert abroad
        assert {event["time_raw"]["timezone"] for event in abroad} == {"+08:00"}

    serving(work)


def test_after_the_hand_over_news_come_under_the_new_number_only() -> None:
    async def work(shop: Shop) -> None:
        await shop.register(RENUMBERED)
        await asyncio.sleep(0.3)
        old = (await shop.ask(RENUMBERED))["accepted"][0]["track_info"]
        new = old["misc_info"]["local_number"]

        assert (new, old["misc_info"]["local_provider"]) == ("RX715029340GB", "Royal Mail")
        assert old["latest_event"]["description"] == f"Handed over to Royal Mail, new tracking number {new}"
        assert [provider["provider"]["name"] for provider in old["tracking"]["providers"]] == ["YunExpress"]
        assert codes(await shop.ask(new)) == {new: -18019902}
        await shop.register(new)
        info = (await shop.ask(new))["accepted"][0]["track_info"]
        assert [provider["provider"]["name"] for provider in info["tracking"]["providers"]] == ["Royal Mail"]
        assert info["latest_status"]["status"] == "Delivered"

    serving(work, speed=20_000_000)


def test_numbers_are_rejected_with_the_documented_codes() -> None:
    async def work(shop: Shop) -> None:
        await shop.register(LIVE, PLAIN)
        again = await shop.register(LIVE, "1234", "not a number!")
        asked = await shop.ask(PLAIN, "NEVERSEEN1")

        assert codes(again) == {LIVE: -18019901, "1234": -18010012, "NOT A NUMBER!": -18010012}
        assert again["rejected"][1]["error"]["message"] == "The format of '1234' is invalid."
        assert codes(asked) == {PLAIN: -18019909, "NEVERSEEN1": -18019902}

    serving(work, speed=1)


def test_any_other_number_gets_a_journey_that_starts_when_it_is_registered() -> None:
    async def work(shop: Shop) -> None:
        await shop.register(PLAIN)
        await asyncio.sleep(0.2)
        info = (await shop.ask(PLAIN))["accepted"][0]["track_info"]

        assert info["shipping_info"]["recipient_address"]["country"] == "US"
        assert info["latest_status"]["status"] in {"Delivered", "Exception", "InTransit"}

    serving(work, speed=100_000_000)


def test_numbers_can_be_stopped_followed_again_once_and_forgotten() -> None:
    async def work(shop: Shop) -> None:
        item = [{"number": LIVE}]
        await shop.register(LIVE)

        assert data(await shop.call("retrack", item))["rejected"][0]["error"]["code"] == -18019904
        assert data(await shop.call("stoptrack", item))["accepted"] == [{"number": LIVE, "carrier": 190012}]
        assert data(await shop.call("stoptrack", item))["rejected"][0]["error"]["code"] == -18019906
        assert data(await shop.call("retrack", item))["accepted"]
        await shop.call("stoptrack", item)
        assert data(await shop.call("retrack", item))["rejected"][0]["error"]["code"] == -18019905
        assert data(await shop.call("deletetrack", item))["accepted"]
        assert codes(await shop.ask(LIVE)) == {LIVE: -18019902}

    serving(work)


def test_a_carrier_can_be_corrected() -> None:
    async def work(shop: Shop) -> None:
        await shop.register(LIVE)

        async def change(carrier: object) -> Json:
            return data(await shop.call("changecarrier", [{"number": LIVE, "carrier_new": carrier}]))

        assert codes(await change(None)) == {LIVE: -18019804}
        assert codes(await change("USPS")) == {LIVE: -18019802}
        assert codes(await change(190012)) == {LIVE: -18019803}
        assert (await change(21051))["accepted"] == [{"number": LIVE, "carrier": 21051}]
        assert (await shop.ask(LIVE))["accepted"][0]["carrier"] == 21051

    serving(work)


def test_the_list_comes_in_pages_and_the_quota_is_counted() -> None:
    async def work(shop: Shop) -> None:
        await shop.register(*(f"PAGED{index:03}" for index in range(40)))
        await shop.register("PAGED040")
        page = data(await shop.call("gettracklist", {"page_no": 2}))

        assert page["page"] == {"data_total": 41, "page_total": 2, "page_no": 2, "page_size": 40}
        assert [item["number"] for item in page["accepted"]] == ["PAGED040"]
        assert data(await shop.call("getquota", []))["quota_used"] == 41

    serving(work)


def test_a_wrong_key_is_told_so_and_nothing_else() -> None:
    async def work(shop: Shop) -> None:
        status, _, answer = await shop.send("getquota", b"[]", key="wrong")

        assert (status, answer["code"]) == (200, -18010002)
        assert answer["data"]["errors"][0]["code"] == -18010002

    serving(work)


def test_a_fourth_request_within_a_second_is_too_many() -> None:
    async def work(shop: Shop) -> None:
        answers = [await shop.send("getquota", b"[]") for _ in range(4)]

        assert [status for status, _, _ in answers] == [200, 200, 200, 429]
        assert answers[3][1] == "1"
        assert answers[3][2]["code"] == 429

    serving(work)


def test_the_limit_slides() -> None:
    seconds = iter([0.0, 0.1, 0.2, 0.3, 0.99, 1.0, 1.05, 1.1, 1.2])
    limit = Limit(now=lambda: next(seconds))

    assert [limit.allows() for _ in range(9)] == [True, True, True, False, False, True, False, True, True]


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
def test_a_body_of_the_wrong_shape_gets_a_code(body: bytes, code: int) -> None:
    async def work(shop: Shop) -> None:
        status, _, answer = await shop.send("gettrackinfo", body)

        assert (status, answer["code"]) == (200, code)

    serving(work)


@pytest.mark.parametrize("verb", ["register", "gettrackinfo", "stoptrack", "retrack", "deletetrack", "changecarrier"])
def test_items_of_the_wrong_shape_are_rejected_one_by_one(verb: str) -> None:
    async def work(shop: Shop) -> None:
        odd: list[object] = [None, 7, "text", [], {}, {"number": 12345678}, {"number": LIVE, "carrier": [1], "tag": {}}]
        answer = data(await shop.call(verb, odd))

        assert [item["error"]["code"] for item in answer["rejected"][:6]] == [-18010010] * 6

    serving(work)


def test_an_unknown_verb_is_not_found_in_json() -> None:
    async def work(shop: Shop) -> None:
        status, _, answer = await shop.send("nosuchverb", b"[]")

        assert (status, answer["code"]) == (404, 404)

    serving(work)


def test_an_answer_once_given_is_given_again_after_a_restart(tmp_path: Path) -> None:
    numbers = [number for story in STORIES for number in story.numbers] + [PLAIN]
    told: list[list[str]] = []

    async def work(shop: Shop) -> None:
        if not told:
            await shop.register(*numbers)
        await asyncio.sleep(0.2)
        answer = await shop.ask(*numbers)
        told.append([json.dumps(event) for parcel in answer["accepted"] for event in events_of(parcel)])

    serving(work, state=tmp_path / "state.json", speed=1_000_000)
    serving(work, state=tmp_path / "state.json", speed=720)

    assert set(told[0]) <= set(told[1])


def events_of(parcel: Json) -> list[Json]:
    providers = parcel["track_info"]["tracking"]["providers"]
    return [event | {"number": parcel["number"]} for provider in providers for event in provider["events"]]


def test_faults_strike_only_when_asked_for() -> None:
    async def work(shop: Shop) -> None:
        async with shop.session.post(f"{shop.url}/track/v2.4/getquota", headers={"17token": KEY}) as response:
            assert response.status == 500

    serving(work, faults=parse_faults("500:1"))


@pytest.mark.parametrize("text", ["fire:0.1", "500:much", "500:0.9,429:0.2", "slow:-1"])
def test_faults_without_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_faults(text)


def test_a_broken_state_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text('{"other": 1}')

    with pytest.raises(ValueError, match="state file"):
        Book.open(state, speed=1)
    assert state.read_text() == '{"other": 1}'


class Process:
    """The simulator as its own process."""

    def __init__(self, state: Path) -> None:
        command = [sys.executable, "-m", "tracking.simulator", "--port", "0", "--state", str(state)]
        environment = os.environ | {"SIMULATOR_KEY": KEY}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.line = self.process.stdout.readline()
        self.url = self.line.rpartition(" ")[2].strip()

    def resident_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def end(self, number: signal.Signals) -> float:
        """Send a signal and return the seconds until the process was gone."""
        self.process.send_signal(number)
        begun = time.monotonic()
        self.process.communicate(timeout=10)
        return time.monotonic() - begun


def ask_once(url: str) -> list[str]:
    async def work() -> list[str]:
        async with aiohttp.ClientSession() as session:
            shop = Shop(session, url)
            await shop.register(LIVE, PLAIN)
            return [json.dumps(event) for parcel in (await shop.ask(LIVE))["accepted"] for event in events_of(parcel)]

    return asyncio.run(work())


def test_the_process_is_small_stops_at_once_and_goes_on_where_it_was(tmp_path: Path) -> None:
    first = Process(tmp_path / "state.json")
    before = ask_once(first.url)
    size, seconds = first.resident_mb(), first.end(signal.SIGTERM)
    second = Process(tmp_path / "state.json")
    after = ask_once(second.url)
    second.end(signal.SIGKILL)
    third = Process(tmp_path / "state.json")
    at_last = ask_once(third.url)
    third.end(signal.SIGINT)

    assert first.line.startswith("simulator ready on http://127.0.0.1:")
    assert size < 60
    assert seconds < 1
    assert (first.process.returncode, third.process.returncode) == (0, 0)
    assert set(before) <= set(after) <= set(at_last)
