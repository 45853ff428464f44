"""The supervisor and `manage.py start`: children start and stop together, errors are clear, no process is left."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.test_worker import wait_until

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SLEEPING_PROGRAM = "import time; print('asleep', flush=True); time.sleep(600)"
SIGTERM_IGNORING_PROGRAM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('stubborn', flush=True); time.sleep(600)"
)
WEB_PROGRAM = """
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers()
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Page).serve_forever()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def build_program(name: str, code: str, *arguments: str) -> dict[str, Any]:
    return {"name": name, "command": [sys.executable, "-c", code, *arguments], "environment": {}, "ready_path": ""}


def start_supervisor(*programs: dict[str, Any], port: int) -> subprocess.Popen[str]:
    plan = {"children": programs, "ready_url": f"http://127.0.0.1:{port}/readyz", "ready_message": "all is up"}
    process = subprocess.Popen(
        [sys.executable, str(PROJECT_ROOT / "tracking" / "supervisor.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdin
    process.stdin.write(json.dumps(plan))
    process.stdin.close()
    return process


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return [int(child) for child in listed.split()]


def are_gone(pids: list[int]) -> Callable[[], bool]:
    def check() -> bool:
        return not any(Path(f"/proc/{pid}").exists() and "Z" not in process_state(pid) for pid in pids)

    return check


def process_state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout
    output = ""
    for line in process.stdout:
        output += line
        if text in line:
            return output
    raise AssertionError(f"{text!r} was never printed, only: {output}")


def test_children_start_together_and_stop_together_within_three_seconds() -> None:
    port = free_port()
    supervisor = start_supervisor(
        build_program("web", WEB_PROGRAM, str(port)), build_program("stubborn", SIGTERM_IGNORING_PROGRAM), port=port
    )
    read_until(supervisor, "all is up")
    children = children_of(supervisor.pid)
    assert len(children) == 2

    started = time.monotonic()
    supervisor.send_signal(signal.SIGTERM)

    assert supervisor.wait(5) == 0
    assert time.monotonic() - started < 3.5
    assert are_gone(children)()


def test_nothing_is_left_when_the_supervisor_is_killed_without_warning() -> None:
    port = free_port()
    supervisor = start_supervisor(
        build_program("web", WEB_PROGRAM, str(port)), build_program("sleeper", SLEEPING_PROGRAM), port=port
    )
    read_until(supervisor, "all is up")
    children = children_of(supervisor.pid)

    supervisor.kill()
    supervisor.wait(5)

    wait_until(are_gone(children), seconds=5)


def test_a_child_that_dies_is_named_and_restarted() -> None:
    port = free_port()
    supervisor = start_supervisor(
        build_program("web", WEB_PROGRAM, str(port)), build_program("sleeper", SLEEPING_PROGRAM), port=port
    )
    read_until(supervisor, "all is up")

    os.kill(children_of(supervisor.pid)[1], signal.SIGKILL)

    assert "sleeper ended with status -9" in read_until(supervisor, "sleeper ended")
    wait_until(lambda: len(children_of(supervisor.pid)) == 2, seconds=5)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(5) == 0


def test_a_child_that_keeps_exiting_stops_everything_with_a_clear_error() -> None:
    port = free_port()
    supervisor = start_supervisor(
        build_program("web", WEB_PROGRAM, str(port)), build_program("broken", "raise SystemExit(3)"), port=port
    )

    output = read_until(supervisor, "stopping everything")

    assert supervisor.wait(10) == 1
    assert "broken ended with status 3" in output


def run_start(tmp_path: Path, port: int) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "start", "--port", str(port)],
        cwd=PROJECT_ROOT,
        env={**clean, "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_busy_port_is_a_clear_error_and_starts_nothing(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        result = run_start(tmp_path, listener.getsockname()[1])

    assert result.returncode == 2
    assert "cannot be used" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "landfall.sqlite3").exists()


def test_an_impossible_port_is_a_clear_error(tmp_path: Path) -> None:
    result = run_start(tmp_path, 99999)

    assert result.returncode == 2
    assert "Traceback" not in result.stderr
