"""A real HTTP server for tests, in place of a push service, a provider or a reader's own program."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class ReceivedRequest(NamedTuple):
    """One request; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes
    client_port: int


class HttpReceiver:
    """The requests so far, and the next responses: (status, headers, body), or the name of a failure.

    `drop` closes the connection after the request, `hang` never answers, `drip` sends a byte now and then, `endless`
    sends a body without end, `noise` sends something that is not HTTP. Without a response it answers 201.
    """

    def __init__(self) -> None:
        self.requests: list[ReceivedRequest] = []
        self.responses: list[tuple[int, dict[str, str], bytes] | str] = []
        self.url = ""
        self.stopped = threading.Event()


class ReceiverHandler(BaseHTTPRequestHandler):
    """Serves one connection."""

    protocol_version = "HTTP/1.1"
    receiver: HttpReceiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.requests.append(ReceivedRequest(self.path, headers, body, self.client_address[1]))
        response = self.receiver.responses.pop(0) if self.receiver.responses else (201, {}, b"taken")
        if isinstance(response, str):
            self.close_connection = True
            self.misbehave(response)
        else:
            self.respond(*response)

    def respond(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def misbehave(self, failure: str) -> None:
        try:
            if failure == "hang":
                self.receiver.stopped.wait(20)
            elif failure == "noise":
                self.wfile.write(b"I am no web server\r\n\r\n")
            elif failure in ("drip", "endless"):
                self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"\r\n" * (failure == "endless"))
                while not self.receiver.stopped.wait(0.05 if failure == "drip" else 0):
                    self.wfile.write(b"x" if failure == "drip" else b"x" * 65536)
        except OSError:
            self.receiver.stopped.wait(0)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running_receiver() -> Iterator[HttpReceiver]:
    """Run a receiver on this machine while the block runs."""
    receiver = HttpReceiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Of", (ReceiverHandler,), {"receiver": receiver}))
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
