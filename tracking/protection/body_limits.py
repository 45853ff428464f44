"""A limit on request bodies that acts while they arrive: Django's ASGI handler reads a whole body before any view."""

from __future__ import annotations

from typing import Final

from tracking.live.stream import Application, Message, Receive, Scope, Send

TOO_LARGE: Final = b"larger than 1 MiB\n"
HEADERS: Final = [
    (b"content-type", b"text/plain"),
    (b"content-length", str(len(TOO_LARGE)).encode()),
    (b"connection", b"close"),
]


class LimitedBody:
    """The body of one request, cut off as by a disconnected client once it is larger than `max_bytes`."""

    def __init__(self, receive: Receive, max_bytes: int) -> None:
        self.receive_message, self.remaining_bytes = receive, max_bytes

    @property
    def is_too_large(self) -> bool:
        """Return whether more was received than is allowed."""
        return self.remaining_bytes < 0

    async def receive(self) -> Message:
        """Return the next message of the server, or a disconnect in place of what is too much."""
        message = await self.receive_message()
        self.remaining_bytes -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_too_large else message


def with_body_limit(application: Application, path_prefix: str, max_bytes: int) -> Application:
    """Return an ASGI application that answers 413 to bodies over `max_bytes` on paths that start with `path_prefix`."""

    async def limited_application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(path_prefix):
            await application(scope, receive, send)
            return
        body = LimitedBody(receive, max_bytes)
        if declared_length(scope) <= max_bytes:
            await application(scope, body.receive, send)
            if not body.is_too_large:
                return
        # Django answers nothing to a client that disconnected.
        await send({"type": "http.response.start", "status": 413, "headers": HEADERS})
        await send({"type": "http.response.body", "body": TOO_LARGE})

    return limited_application


def declared_length(scope: Scope) -> int:
    """Return the Content-Length of a request; 0 where it has none that is a number."""
    value = dict(scope["headers"]).get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0
