"""A limit on the time that a request body takes: a client that trickles bytes would hold its connection for hours."""

from __future__ import annotations

import asyncio
from typing import Final

from tracking.live.stream import Application, Message, Receive, Scope, Send

TOO_SLOW: Final = b"the request body did not arrive in time\n"
HEADERS: Final = [
    (b"content-type", b"text/plain"),
    (b"content-length", str(len(TOO_SLOW)).encode()),
    (b"connection", b"close"),
]


class TimedBody:
    """The body of one request, cut off as by a disconnected client once it is slower than allowed.

    It may take `seconds`, and one more for each `bytes_per_second` that have arrived: a phone that sends steadily may
    stop for a while, one byte now and then is not enough.
    """

    def __init__(self, receive: Receive, seconds: float, bytes_per_second: int) -> None:
        self.receive_message, self.bytes_per_second = receive, bytes_per_second
        self.deadline = asyncio.get_running_loop().time() + seconds
        self.is_complete = self.is_too_slow = False

    async def receive(self) -> Message:
        """Return the next message of the server, or a disconnect once the body is too slow."""
        if self.is_complete:
            return await self.receive_message()
        try:
            async with asyncio.timeout_at(self.deadline):
                message = await self.receive_message()
        except TimeoutError:
            self.is_complete = self.is_too_slow = True
            return {"type": "http.disconnect"}
        self.deadline += len(message.get("body", b"")) / self.bytes_per_second
        self.is_complete = not message.get("more_body", False)
        return message


def with_body_timeout(application: Application, seconds: float, bytes_per_second: int) -> Application:
    """Return an ASGI application that answers 408 to a request whose body is slower than `TimedBody` allows."""

    async def timed_application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        body = TimedBody(receive, seconds, bytes_per_second)
        await application(scope, body.receive, send)
        if body.is_too_slow:
            # Django answers nothing to a client that disconnected.
            await send({"type": "http.response.start", "status": 408, "headers": HEADERS})
            await send({"type": "http.response.body", "body": TOO_SLOW})

    return timed_application
