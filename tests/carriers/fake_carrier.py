"""A fake carrier over real HTTP: it records parsed requests and answers with a given function."""

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
    """One request, expected or received. `path` is as sent, still percent-encoded."""

    method: str
    path: str
    query: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    json: Any = None
    form: Mapping[str, Any] = {}

    def with_headers_of(self, expected: CarrierRequest) -> CarrierRequest:
        """Return this request with only the headers that the expected one has."""
        return self._replace(headers={name: self.headers.get(name, "") for name in expected.headers})


async def record_request(request: web.Request) -> CarrierRequest:
    """Return a received request, with its body as JSON or form."""
    body, content_type = await request.read(), request.content_type
    form = {name: str(value) for name, value in (await request.post()).items()} if "form" in content_type else {}
    return CarrierRequest(
        request.method,
        request.raw_path.partition("?")[0],
        dict(request.query),
        request.headers.copy(),
        json.loads(body) if content_type == "application/json" and body else None,
        form,
    )


def respond_with(body: bytes | str, status: int = 200, **headers: str) -> Answer:
    """Return a responder that always gives the same answer."""
    return lambda request: web.Response(body=body, status=status, headers=headers)


def abort_connection(request: web.Request) -> web.Response:
    """Drop the connection instead of answering."""
    assert request.transport
    request.transport.abort()
    return web.Response()


async def echo_request(request: web.Request) -> web.Response:
    """Answer 403 and echo everything that was sent, credentials too, as careless carriers do."""
    headers = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    pair = request.headers.get("Authorization", "").partition("Basic ")[2]
    echoed = f"{request.raw_path}\n{request.path_qs}\n{b64decode(pair).decode()}\n{headers}\n{await request.text()}"
    return web.Response(text=echoed.replace("\n", "; "), status=403)


class FakeCarrier:
    """Answer every path with `answer`, but `token_path` with a token; record both kinds of requests separately."""

    def __init__(self, answer: Answer, token_path: str = "", token_answer: Answer | None = None) -> None:
        self.answer, self.token_path, self.token_answer = answer, token_path, token_answer
        self.requests: list[CarrierRequest] = []
        self.token_requests: list[CarrierRequest] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        is_token_request = bool(self.token_path) and request.path == self.token_path
        (self.token_requests if is_token_request else self.requests).append(await record_request(request))
        answer = (self.token_answer or self.issue_token) if is_token_request else self.answer
        response = answer(request)
        return response if isinstance(response, web.StreamResponse) else await response

    def issue_token(self, request: web.Request) -> web.Response:
        return web.json_response({"access_token": f"token-{len(self.token_requests)}-hush", "expires_in": 3600})

    def run(self, credentials: Mapping[str, str], client_call: ClientCall) -> Any:
        """Start the carrier, run `client_call` with a client for it, and return the result."""
        return run_against_server(self.handle, credentials, client_call)


def fake_credentials_of(adapter: Adapter) -> dict[str, str]:
    """Return a value for every credential, with characters that URLs, forms and XML have to encode."""
    secrets = {field.name: f"{field.name}-hush/&+%" for field in adapter.credentials}
    return secrets | ({"sign_key": b64encode(b"sixteen bytes...").decode()} if "sign_key" in secrets else {})


def basic_auth_header(*parts: str, between: str = ":") -> str:
    """Return an Authorization header for a user and a password."""
    return "Basic " + b64encode(between.join(parts).encode()).decode()


def read_sample(slug: str) -> bytes:
    """Return the first of an adapter's sample answers."""
    return min(path for path in (SAMPLES / slug).iterdir() if path.suffix in (".json", ".xml")).read_bytes()
