"""Who counts as one client, and how many streams a process can hold."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tracking.live.client_address import client_network, find_client_address, join_forwarded_for
from tracking.live.limits import StreamSlots, default_process_limit


@pytest.mark.parametrize(
    ("forwarded_for", "trusted_proxies", "address"),
    [
        ("", 0, "192.0.2.1"),
        ("198.51.100.7", 0, "192.0.2.1"),
        ("198.51.100.7", 1, "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", 1, "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", 2, "203.0.113.9"),
        ("198.51.100.7", 2, "192.0.2.1"),
    ],
)
def test_only_trusted_proxies_say_who_the_client_is(forwarded_for: str, trusted_proxies: int, address: str) -> None:
    assert find_client_address(forwarded_for, "192.0.2.1", trusted_proxies) == address


def test_several_headers_of_proxies_count_as_one() -> None:
    headers = [(b"x-forwarded-for", b"203.0.113.9"), (b"host", b"shop.example"), (b"x-forwarded-for", b"198.51.100.7")]

    assert join_forwarded_for(headers) == "203.0.113.9,198.51.100.7"


def test_the_addresses_of_one_ipv6_line_count_as_one_client() -> None:
    assert client_network("2001:db8:0:1::7") == client_network("2001:db8:0:1:ffff::9") == "2001:db8:0:1::/64"
    assert client_network("2001:db8:0:2::7") == "2001:db8:0:2::/64"
    assert client_network("::ffff:192.0.2.1") == client_network("192.0.2.1") == "192.0.2.1"
    assert client_network("192.0.2.2") == "192.0.2.2"


def test_a_released_slot_can_be_taken_again() -> None:
    slots = StreamSlots(per_client=1, per_process=2)

    assert slots.take("a") and not slots.take("a")
    assert slots.take("b") and not slots.take("c")
    slots.release("a")
    assert slots.take("c")
    slots.release("b")
    slots.release("c")
    assert not slots.by_client


def test_clients_whom_the_server_does_not_know_share_only_the_limit_of_the_process() -> None:
    slots = StreamSlots(per_client=1, per_process=3)

    assert [slots.take("") for _ in range(4)] == [True, True, True, False]


def test_streams_leave_descriptors_and_requests_for_pages() -> None:
    assert default_process_limit(descriptors=1024, requests=100_000) == 768
    assert default_process_limit(descriptors=100_000, requests=1024) == 768
    assert default_process_limit(descriptors=200, requests=1024) == 0


def test_the_limit_of_descriptors_is_raised_to_the_hard_limit() -> None:
    code = """
import resource
from tracking.live.limits import raise_descriptor_limit
print(raise_descriptor_limit(), resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    shell = ["sh", "-c", 'ulimit -S -n 300; ulimit -H -n 900; exec "$@"', "sh"]

    printed = subprocess.run([*shell, sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed == "900 (900, 900)\n"
