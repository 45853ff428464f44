"""The supervisor: children start and stop together, are restarted, and end the site only when they fail themselves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.test_start import PROJECT_ROOT, are_gone, children_of, free_port, read_until
from tests.test_worker import wait_until
from tracking import supervisor
from tracking.supervisor import ChildProcess

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
SLOW_WORKER_PROGRAM = """
import http.server, json, sys, time
ready_at = time.monotonic() + 1.5
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_ready = time.monotonic() > ready_at
        self.send_response(200 if is_ready else 503); self.end_headers()
        self.wfile.write(json.dumps({"ready": is_ready, "broker": {"ok": True}, "worker": {"ok": is_ready}}).encode())
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Page).serve_forever()
"""


IMPATIENT_SUPERVISOR_PROGRAM = """
import json, sys
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("supervisor", sys.argv[1])
supervisor = sys.modules["supervisor"] = module_from_spec(spec)
spec.loader.exec_module(supervisor)
for name, seconds in json.loads(sys.argv[2]).items():
    assert hasattr(supervisor, name)
    setattr(supervisor, name, seconds)
sys.exit(supervisor.run_plan(supervisor.RunPlan(**json.load(sys.stdin))))
"""


def build_program(name: str, code: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-c", code, *arguments]
    return {"name": name, "command": command, "environment": {}, "needs": [], "ready_path": ""}


def start_supervisor(*programs: dict[str, Any], port: int, **seconds: float) -> subprocess.Popen[str]:
    """Start the supervisor as a script; with some of its constants changed from within if `seconds` names them."""
    script = str(PROJECT_ROOT / "tracking" / "supervisor.py")
    changed = ["-c", IMPATIENT_SUPERVISOR_PROGRAM, script, json.dumps(seconds)]
    plan = {"children": programs, "ready_url": f"http://127.0.0.1:{port}/readyz", "ready_message": "all is up"}
    process = subprocess.Popen(
        [sys.executable, *(changed if seconds else [script])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdin
    process.stdin.write(json.dumps(plan))
    process.stdin.close()
    return process


def test_children_start_together_and_stop_together_within_three_seconds() -> None:
    port = free_port()
    process = start_supervisor(
        build_program("web", WEB_PROGRAM, str(port)), build_program("stubborn", SIGTERM_IGNORING_PROGRAM), port=port
    )
    read_until(process, "all is up")
    children = children_of(process.pid)
    assert len(children) == 2

    started = time.monotonic()
    process.send_signal(signal.SIGTERM)

    assert process.wait(5) == 0
    assert time.monotonic() - started < 3.5
    assert are_gone(children)()


def test_nothing_is_left_when_the_supervisor_is_killed_without_warning() -> None:
    port = free_port()
    process = start_supervisor(
        build_program("web", WEB_PROGRAM, str(port)), build_program("sleeper", SLEEPING_PROGRAM), port=port
    )
    read_until(process, "all is up")
    children = children_of(process.pid)

    process.kill()
    process.wait(5)

    wait_until(are_gone(children), seconds=5)


def test_a_child_that_dies_is_named_and_restarted() -> None:
    port = free_port()
    process = start_supervisor(
        build_program("web", WEB_PROGRAM, str(port)), build_program("sleeper", SLEEPING_PROGRAM), port=port
    )
    read_until(process, "all is up")

    os.kill(children_of(process.pid)[1], signal.SIGKILL)

    assert "sleeper ended with status -9" in read_until(process, "sleeper ended")
    wait_until(lambda: len(children_of(process.pid)) == 2, seconds=5)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 0


def test_a_child_that_keeps_exiting_stops_everything_with_a_clear_error() -> None:
    port = free_port()
    process = start_supervisor(
        build_program("web", WEB_PROGRAM, str(port)),
        build_program("broken", "raise SystemExit(3)"),
        port=port,
        FIRST_RESTART_DELAY_SECONDS=0.02,
    )

    output = read_until(process, "stopping everything")

    assert process.wait(10) == 1
    assert "broken ended with status 3" in output


def test_a_start_says_every_few_seconds_what_it_waits_for() -> None:
    port = free_port()
    process = start_supervisor(build_program("web", SLOW_WORKER_PROGRAM, str(port)), port=port, PROGRESS_SECONDS=0.5)

    output = read_until(process, "all is up")

    assert "Waiting for worker (" in output
    process.terminate()
    assert process.wait(5) == 0


def test_a_site_that_never_becomes_ready_is_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "START_TIMEOUT_SECONDS", 0.3)
    site = supervisor.Supervisor()

    assert not site.wait_until_nothing_is_missing(lambda: ["worker", "beat"])
    assert site.failed


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        (b'{"ready": false, "broker": {"ok": true}, "worker": {"ok": false}}', ["worker"]),
        (b"<h1>Server error</h1>", []),
        (b"[]", []),
    ],
)
def test_the_unready_parts_are_those_that_readyz_names(body: bytes, missing: list[str]) -> None:
    assert supervisor.parse_unready_parts(body) == missing


def end_and_plan_restart(child: ChildProcess, code: str = "raise SystemExit(1)") -> float:
    """Run the child to its end and return the delay before its restart."""
    child.command = [sys.executable, "-c", code]
    child.start(print)
    assert child.process
    child.process.wait()
    return child.plan_restart()


def test_restarts_are_delayed_ever_longer_up_to_a_limit() -> None:
    child = ChildProcess("broken", [], {})

    delays = [end_and_plan_restart(child) for _ in range(7)]

    assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5]
    assert child.early_failures == 7


def test_a_child_that_stayed_up_starts_anew_without_delay_and_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    child = ChildProcess("broken", [], {})
    for _ in range(4):
        end_and_plan_restart(child)

    monkeypatch.setattr(supervisor, "EARLY_SECONDS", 0.0)

    assert end_and_plan_restart(child) == 0.2
    assert child.early_failures == 0


def test_a_child_that_ends_because_its_broker_was_restarted_is_not_blamed() -> None:
    broker = ChildProcess("broker", [sys.executable, "-c", SLEEPING_PROGRAM], {})
    worker = ChildProcess("worker", [sys.executable, "-c", "raise SystemExit(1)"], {}, [broker])
    for _ in range(3):
        worker.start(print)
        assert worker.process
        worker.process.wait()
        broker.start(print)
        worker.plan_restart()
        broker.send_signal(signal.SIGKILL)
        broker.wait(time.monotonic() + 5)

    assert worker.early_failures == 0


def test_a_child_that_ends_while_its_broker_is_up_is_blamed() -> None:
    broker = ChildProcess("broker", [sys.executable, "-c", SLEEPING_PROGRAM], {})
    broker.start(print)

    worker = ChildProcess("worker", [], {}, [broker])
    end_and_plan_restart(worker)
    broker.send_signal(signal.SIGKILL)
    broker.wait(time.monotonic() + 5)

    assert worker.early_failures == 1


def test_a_child_that_was_killed_is_not_blamed() -> None:
    child = ChildProcess("killed", [], {})

    end_and_plan_restart(child, "import os; os.kill(os.getpid(), 9)")

    assert child.early_failures == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_each_way_to_end_the_terminal_or_the_process_stops_the_children(number: int) -> None:
    port = free_port()
    process = start_supervisor(build_program("web", WEB_PROGRAM, str(port)), port=port)
    read_until(process, "all is up")
    children = children_of(process.pid)

    process.send_signal(number)

    assert process.wait(5) == 0
    assert children and are_gone(children)()


def test_the_children_stop_once_nobody_can_read_their_output() -> None:
    port = free_port()
    talker = "import time\nwhile True: print('talk', flush=True); time.sleep(0.1)"
    process = start_supervisor(build_program("web", WEB_PROGRAM, str(port)), build_program("talker", talker), port=port)
    read_until(process, "all is up")
    children = children_of(process.pid)

    assert process.stdout
    process.stdout.close()

    process.wait(5)
    assert len(children) == 2 and are_gone(children)()
