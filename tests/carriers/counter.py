"""A carrier's counter over real HTTP: it notes what it is asked and answers as it is told."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from tests.carriers.desk import Visit, visited
from tracking.carriers.adapter import Adapter

SAMPLES = Path(__file__).parent / "samples"
Answer = Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse]]


class Asked(NamedTuple):
    """One question: what a carrier's documents want it to be, or what came. `path` is as sent, still encoded."""

    method: str
    path: str
    query: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    json: Any = None
    form: Mapping[str, Any] = {}

    def about(self, wanted: Asked) -> Asked:
        """Return this question with no more headers than those that are wanted."""
        return self._replace(headers={name: self.headers.get(name, "") for name in wanted.headers})


async def noted(request: web.Request) -> Asked:
    """Return what a request asks."""
    body, kind = await request.read(), request.content_type
    form = {name: str(value) for name, value in (await request.post()).items()} if "form" in kind else {}
    return Asked(
        request.method,
        request.raw_path.partition("?")[0],
        dict(request.query),
        request.headers.copy(),
        json.loads(body) if kind == "application/json" and body else None,
        form,
    )


def saying(body: bytes | str, status: int = 200, **headers: str) -> Answer:
    """Return an answer that is always the same."""
    return lambda request: web.Response(body=body, status=status, headers=headers)


def hanging_up(request: web.Request) -> web.Response:
    """Close the connection instead of answering."""
    assert request.transport
    request.transport.abort()
    return web.Response()


async def repeating(request: web.Request) -> web.Response:
    """Refuse the call and say back everything that was sent, credentials too, as careless carriers do."""
    headers = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    pair = request.headers.get("Authorization", "").partition("Basic ")[2]
    said = f"{request.raw_path}\n{request.path_qs}\n{b64decode(pair).decode()}\n{headers}\n{await request.text()}"
    return web.Response(text=said.replace("\n", "; "), status=403)


class Counter:
    """Answers every address with `answer`, but `desk` with a token; notes questions and token calls apart."""

    def __init__(self, answer: Answer, desk: str = "", desk_answer: Answer | None = None) -> None:
        self.answer, self.desk, self.desk_answer = answer, desk, desk_answer
        self.asked: list[Asked] = []
        self.tokens: list[Asked] = []

    async def hear(self, request: web.Request) -> web.StreamResponse:
        at_the_desk = bool(self.desk) and request.path == self.desk
        (self.tokens if at_the_desk else self.asked).append(await noted(request))
        answer = (self.desk_answer or self.give_token) if at_the_desk else self.answer
        answered = answer(request)
        return answered if isinstance(answered, web.StreamResponse) else await answered

    def give_token(self, request: web.Request) -> web.Response:
        return web.json_response({"access_token": f"token-{len(self.tokens)}-hush", "expires_in": 3600})

    def visited(self, credentials: Mapping[str, str], visit: Visit) -> Any:
        """Open the counter, let `visit` use a line to it, close it, and return what `visit` brought back."""
        return visited(self.hear, credentials, visit)


def secrets_of(adapter: Adapter) -> dict[str, str]:
    """Return a full set of credentials, with signs that addresses, forms and XML have to encode."""
    secrets = {field.name: f"{field.name}-hush/&+%" for field in adapter.credentials}
    return secrets | ({"sign_key": b64encode(b"sixteen bytes...").decode()} if "sign_key" in secrets else {})


def basic(*parts: str, between: str = ":") -> str:
    """Return an Authorization header of a user and a password."""
    return "Basic " + b64encode(between.join(parts).encode()).decode()


def sample_of(slug: str) -> bytes:
    """Return the first of an adapter's own raw answers."""
    return min(path for path in (SAMPLES / slug).iterdir() if path.suffix in (".json", ".xml")).read_bytes()
