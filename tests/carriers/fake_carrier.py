"""A carrier's counter over real HTTP: it notes what it is asked and answers as it is told."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from tests.carriers.stub_carrier import ClientCall, run_against_server
from tracking.carriers.adapter import Adapter

SAMPLES = Path(__file__).parent / "samples"
Answer = Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse]]


class CarrierRequest(NamedTuple):
    """One question: what a carrier's documents want it to be, or what came. `path` is as sent, still encoded."""

    method: str
    path: str
    query: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    json: Any = None
    form: Mapping[str, Any] = {}

    def with_headers_of(self, expected: CarrierRequest) -> CarrierRequest:
        """Return this question with no more headers than those that are wanted."""
        return self._replace(headers={name: self.headers.get(name, "") for name in expected.headers})


async def record_request(request: web.Request) -> CarrierRequest:
    """Return what a request asks."""
    body, kind = await request.read(), request.content_type
    form = {name: str(value) for name, value in (await request.post()).items()} if "form" in kind else {}
    return CarrierRequest(
        request.method,
        request.raw_path.partition("?")[0],
        dict(request.query),
        request.headers.copy(),
        json.loads(body) if kind == "application/json" and body else None,
        form,
    )


def respond_with(body: bytes | str, status: int = 200, **headers: str) -> Answer:
    """Return an answer that is always the same."""
    return lambda request: web.Response(body=body, status=status, headers=headers)


def abort_connection(request: web.Request) -> web.Response:
    """Close the connection instead of answering."""
    assert request.transport
    request.transport.abort()
    return web.Response()


async def echo_request(request: web.Request) -> web.Response:
    """Refuse the call and say back everything that was sent, credentials too, as careless carriers do."""
    headers = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    pair = request.headers.get("Authorization", "").partition("Basic ")[2]
    said = f"{request.raw_path}\n{request.path_qs}\n{b64decode(pair).decode()}\n{headers}\n{await request.text()}"
    return web.Response(text=said.replace("\n", "; "), status=403)


class FakeCarrier:
    """Answers every address with `answer`, but `desk` with a token; notes questions and token calls apart."""

    def __init__(self, answer: Answer, token_path: str = "", token_answer: Answer | None = None) -> None:
        self.answer, self.token_path, self.token_answer = answer, token_path, token_answer
        self.requests: list[CarrierRequest] = []
        self.token_requests: list[CarrierRequest] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        at_the_desk = bool(self.token_path) and request.path == self.token_path
        (self.token_requests if at_the_desk else self.requests).append(await record_request(request))
        answer = (self.token_answer or self.issue_token) if at_the_desk else self.answer
        answered = answer(request)
        return answered if isinstance(answered, web.StreamResponse) else await answered

    def issue_token(self, request: web.Request) -> web.Response:
        return web.json_response({"access_token": f"token-{len(self.token_requests)}-hush", "expires_in": 3600})

    def run(self, credentials: Mapping[str, str], client_call: ClientCall) -> Any:
        """Open the counter, let `visit` use a line to it, close it, and return what `visit` brought back."""
        return run_against_server(self.handle, credentials, client_call)


def fake_credentials_of(adapter: Adapter) -> dict[str, str]:
    """Return a full set of credentials, with signs that addresses, forms and XML have to encode."""
    secrets = {field.name: f"{field.name}-hush/&+%" for field in adapter.credentials}
    return secrets | ({"sign_key": b64encode(b"sixteen bytes...").decode()} if "sign_key" in secrets else {})


def basic_auth_header(*parts: str, between: str = ":") -> str:
    """Return an Authorization header of a user and a password."""
    return "Basic " + b64encode(between.join(parts).encode()).decode()


def read_sample(slug: str) -> bytes:
    """Return the first of an adapter's own raw answers."""
    return min(path for path in (SAMPLES / slug).iterdir() if path.suffix in (".json", ".xml")).read_bytes()
