"""`make start` and `manage.py start`: errors are clear, and no process is left after the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.test_worker import wait_until

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


def descendants_of(pid: int) -> list[int]:
    children = children_of(pid)
    return children + [descendant for child in children for descendant in descendants_of(child)]


def is_complete(pid: int) -> bool:
    """Return whether all run: supervisor, broker, web and its worker, worker and its two, beat, carriers."""
    return len(descendants_of(pid)) >= 9


def start_with_make(data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["make", "--silent", "start", f"PORT={free_port()}"],
        cwd=PROJECT_ROOT,
        env=clean_environment(data_dir),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_signals_to_make_end_the_whole_site_which_starts_again_on_its_data(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        process = start_with_make(tmp_path)
        read_until(process, "is up at")
        wait_until(partial(is_complete, process.pid))
        processes = descendants_of(process.pid)

        if number == signal.SIGHUP:  # a terminal that closes sends it to all processes that it shows
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)

        process.wait(10)
        wait_until(are_gone(processes), seconds=5)


def clean_environment(data_dir: Path) -> dict[str, str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**clean, "DATA_DIR": str(data_dir)}


def run_start(tmp_path: Path, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "start", "--port", str(port)],
        cwd=PROJECT_ROOT,
        env=clean_environment(tmp_path),
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
