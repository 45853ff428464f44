"""Live streams on a real ASGI server: known pages stream, strangers are refused, and the site goes on answering."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse

import pytest

from tests import factories
from tests.live.asgi_server import OTHER_CLIENT, fetch_status, open_request, run_asgi_server
from tests.test_worker import wait_until
from tracking.live import publish
from tracking.models import Shipment

pytestmark = pytest.mark.django_db(transaction=True)
UNKNOWN_TOKEN = "a-token-that-nobody-has1"


def create_shipment() -> Shipment:
    return factories.create_leg().shipment


def read_until(stream: HTTPResponse, line: bytes) -> None:
    """Read a stream up to a line, which comes among the next 20."""
    received = (stream.readline() for _ in range(20))
    assert line in received


@contextmanager
def publishing_again_and_again(token: str) -> Iterator[None]:
    """Publish an update every 0.2 s: a stream greets its page before Redis has confirmed the server's subscription."""
    publish.redis_client.cache_clear()
    is_over = threading.Event()

    def publish_until_the_end() -> None:
        publish.publish([(token, token)])
        while not is_over.wait(0.2):
            publish.publish([(token, token)])

    publisher = threading.Thread(target=publish_until_the_end)
    publisher.start()
    try:
        yield
    finally:
        is_over.set()
        publisher.join()


def test_only_tokens_of_a_shipment_or_an_order_stream() -> None:
    shipment = create_shipment()

    with run_asgi_server() as port:
        unknown = open_request(port, f"/live/{UNKNOWN_TOKEN}")
        of_shipment = open_request(port, f"/live/{shipment.token}")
        of_order = open_request(port, f"/live/{shipment.order.token}")
        greetings = [stream.readline() for stream in (of_shipment, of_order)]
        read_until(of_shipment, b": listening\n")
        with publishing_again_and_again(shipment.token):
            read_until(of_shipment, b"event: updated\n")

    assert (unknown.status, unknown.read(), unknown.headers["Connection"]) == (404, b"", "close")
    assert (of_shipment.status, of_order.status) == (200, 200)
    assert greetings == [b"retry: 3000\n"] * 2


def test_streams_beyond_the_limit_of_a_client_are_refused_until_one_ends() -> None:
    path = f"/live/{create_shipment().token}"

    with run_asgi_server(LIVE_STREAMS_PER_CLIENT="5", LIVE_STREAMS_PER_PROCESS="8") as port:
        streams = [open_request(port, path) for _ in range(5)]
        refused = open_request(port, path, X_Forwarded_For="198.51.100.7")
        of_other_client = [open_request(port, path, OTHER_CLIENT) for _ in range(4)]
        page_status = fetch_status(port, "/")
        streams[0].close()
        of_other_client[0].close()
        wait_until(lambda: open_request(port, path).status == 200)

    assert [stream.status for stream in streams] == [200] * 5
    assert (refused.status, refused.headers["Retry-After"], refused.headers["Connection"]) == (503, "10", "close")
    assert [stream.status for stream in of_other_client] == [200, 200, 200, 503]
    assert page_status == 200


def test_idle_streams_of_many_clients_leave_room_for_pages() -> None:
    path = f"/live/{create_shipment().token}"

    with run_asgi_server(max_descriptors=512) as port:
        streams = [open_request(port, path, f"127.0.1.{1 + number // 10}") for number in range(600)]
        page_statuses = [fetch_status(port, "/") for _ in range(20)]

    assert Counter(stream.status for stream in streams) == {200: 512 - 256, 503: 600 - 256}
    assert page_statuses == [200] * 20


@pytest.mark.database
def test_without_the_database_a_stream_is_refused_for_now() -> None:
    path = f"/live/{create_shipment().token}"

    with run_asgi_server(DATABASE_URL="postgres://nobody@127.0.0.1:1/none") as port:
        refused = open_request(port, path)
        is_alive = fetch_status(port, "/healthz") == 200

    assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
    assert is_alive
