"""A process works on a bounded number of requests: more are refused at once, and pass again when there is room."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from tests.test_worker import wait_until
from tracking.protection.request_limits import BUSY_TEXT, LimitedWsgi, RequestSlots
from tracking.protection.request_threads import ThreadedDjango, build_environ

SIZE = 3


class BlockedSite:
    """A WSGI application whose requests wait until `go` is set."""

    def __init__(self) -> None:
        self.go, self.started = threading.Event(), threading.Semaphore(0)
        self.at_work, self.most_at_work, self.lock = 0, 0, threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> HttpResponseBase:
        if environ["PATH_INFO"] == "/healthz":
            return HttpResponse(b"ok")
        with self.lock:
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
        self.go.wait(10)
        with self.lock:
            self.at_work -= 1
        return HttpResponse(b"a page")


def call_wsgi(application: LimitedWsgi, path: str = "/") -> tuple[str, dict[str, str], bytes]:
    """Return status, headers and body; no status where the application itself left that to its response."""
    answer: list[Any] = ["", {}]

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        answer[:] = [status, dict(headers)]

    body = b"".join(application({"PATH_INFO": path}, start_response))
    return answer[0], answer[1], body


async def call_asgi(application: ThreadedDjango, path: str = "/", body: bytes = b"", **scope: Any) -> list[Any]:
    """Return the messages that an ASGI application sends."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    await application(build_scope(path, **scope), receive, send)
    return sent


def build_scope(path: str = "/", headers: list[tuple[bytes, bytes]] | None = None) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "http_version": "1.1",
        "headers": headers or [],
        "client": ("192.0.2.1", 5),
    }


@contextmanager
def blocked_requests(site: BlockedSite, application: LimitedWsgi) -> Iterator[list[Any]]:
    """Keep `SIZE` requests in the application; yield their answers, which are there after the block."""
    answers: list[Any] = []
    with ThreadPoolExecutor(SIZE) as executor:
        futures = [executor.submit(call_wsgi, application) for _ in range(SIZE)]
        wait_until(lambda: application.slots.is_full)
        yield answers
        site.go.set()
    answers.extend(future.result() for future in futures)


@pytest.mark.django_db
def test_wsgi_refuses_the_request_that_is_one_too_many_and_takes_it_when_there_is_room() -> None:
    site = BlockedSite()
    application = LimitedWsgi(site, RequestSlots(SIZE), threads=2)
    with blocked_requests(site, application) as answers:
        status, headers, body = call_wsgi(application)
        health = call_wsgi(application, "/healthz")

    assert status.startswith("503 ") and int(headers["Retry-After"]) > 0 and body == BUSY_TEXT
    assert health[2] == b"ok"
    assert [answer[2] for answer in answers] == [b"a page"] * SIZE and site.most_at_work == 2
    assert call_wsgi(application)[2] == b"a page"


def test_asgi_refuses_the_request_that_is_one_too_many_and_takes_it_when_there_is_room() -> None:
    async def run() -> None:
        site = BlockedSite()
        application = ThreadedDjango(site, RequestSlots(SIZE), threads=2)
        waiting = [asyncio.create_task(call_asgi(application)) for _ in range(SIZE)]
        while not application.slots.is_full:
            await asyncio.sleep(0.01)

        refused = await asyncio.wait_for(call_asgi(application), 0.5)
        health = await asyncio.wait_for(call_asgi(application, "/healthz"), 5)
        site.go.set()
        answers = await asyncio.gather(*waiting)

        assert refused[0]["status"] == 503 and int(dict(refused[0]["headers"])[b"retry-after"]) > 0
        assert health[1]["body"] == b"ok"
        assert [answer[1]["body"] for answer in answers] == [b"a page"] * SIZE and site.most_at_work == 2
        assert (await call_asgi(application))[1]["body"] == b"a page"

    asyncio.run(run())


@pytest.mark.django_db
def test_a_request_that_fails_gives_its_slot_back() -> None:
    def fail(environ: dict[str, Any], start_response: Callable[..., Any]) -> HttpResponseBase:
        raise ZeroDivisionError

    slots = RequestSlots(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            call_wsgi(LimitedWsgi(fail, slots, 1))
        with pytest.raises(ZeroDivisionError):
            asyncio.run(call_asgi(ThreadedDjango(fail, slots, 1)))
    assert not slots.is_full


@pytest.mark.parametrize("response_class", [HttpResponse, StreamingHttpResponse])
def test_body_status_headers_and_cookies_pass_through_the_threads(response_class: type[HttpResponse]) -> None:
    def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> HttpResponseBase:
        response = response_class(
            [environ["wsgi.input"].read(), b"!"], status=201, headers={"X-Seen": environ["HTTP_A"]}
        )
        response.set_cookie("zone", "Asia/Tokyo")
        return response

    sent = asyncio.run(call_asgi(ThreadedDjango(echo, RequestSlots(1), 1), body=b"hello", headers=[(b"a", b"1")]))
    headers = {name.lower(): value for name, value in sent[0]["headers"]}

    assert sent[0]["status"] == 201 and headers[b"x-seen"] == b"1" and b"zone=" in headers[b"set-cookie"]
    assert b"".join(message["body"] for message in sent[1:]) == b"hello!"
    assert not sent[-1].get("more_body")


def test_a_file_is_sent_whole_and_closed(tmp_path: Any) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789" * 50_000)
    file = path.open("rb")

    sent = asyncio.run(call_asgi(ThreadedDjango(lambda *_: FileResponse(file), RequestSlots(1), 1)))

    assert b"".join(message["body"] for message in sent[1:]) == path.read_bytes()
    assert file.closed


def test_cookies_of_http2_are_joined_and_look_alike_headers_ignored(tmp_path: Any) -> None:
    headers = [
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"x-forwarded-for", b"192.0.2.9"),
        (b"x_forwarded_for", b"10.0.0.1"),
    ]
    with (tmp_path / "body").open("w+b") as body:
        environ = build_environ(build_scope(headers=headers), body)

    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.9"
