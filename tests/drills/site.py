"""A whole site under its supervisor, as `make start` runs it, with children that can be found, killed and measured.

Reads /proc: Linux only.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from tracking.supervisor import die_with_parent

PROJECT_ROOT: Final = Path(__file__).resolve().parent.parent.parent
COMMANDS: Final = {"web": "granian", "worker": " worker ", "beat": " beat ", "broker": "valkey"}
"""What the command line of each child of the supervisor contains."""
START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 15.0
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class ProcessStatus(NamedTuple):
    """One line of /proc/<pid>/stat: parent, process group and resident memory in MiB."""

    parent: int
    group: int
    memory_mb: float


class RunningSite(NamedTuple):
    """A site that is up: its address, its supervisor and the file with what its processes print."""

    url: str
    supervisor: subprocess.Popen[bytes]
    log_path: Path

    def child(self, name: str) -> int | None:
        """Return the process id of a child of the supervisor, which is that of its group; None while it is down."""
        for pid, status in list_processes():
            if status.parent == self.supervisor.pid and COMMANDS[name] in command_line(pid):
                return pid
        return None

    def send_signal(self, name: str, number: int) -> bool:
        """Send a signal to a child with all that it started; return whether it was running."""
        pid = self.child(name)
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.killpg(pid, number)
        return True

    def memory_mb(self, name: str) -> float:
        """Return the resident memory of a child with all that it started; pages they share count for each."""
        pid = self.child(name)
        return sum(status.memory_mb for _, status in list_processes() if status.group == pid)

    @property
    def is_running(self) -> bool:
        """Return whether the supervisor still runs; it ends when a child keeps failing."""
        return self.supervisor.poll() is None


def list_processes() -> Iterator[tuple[int, ProcessStatus]]:
    """Yield the id and status of each process of this machine."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(") ")[2].split()
            memory = int(fields[21]) * PAGE_BYTES / 1024 / 1024
            yield int(folder.name), ProcessStatus(int(fields[1]), int(fields[2]), memory)


def command_line(pid: int) -> str:
    """Return the command line of a process, its arguments separated by spaces; '' once it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def count_sqlite_connections(site: RunningSite, path: Path) -> int:
    """Return how often the site's processes have the database file open."""
    groups = {site.child(name) for name in COMMANDS}
    count = 0
    for pid, status in list_processes():
        if status.group in groups:
            with suppress(OSError):
                count += sum(link_target(link) == str(path) for link in Path(f"/proc/{pid}/fd").iterdir())
    return count


def link_target(link: Path) -> str:
    """Return what a link of /proc/<pid>/fd names; '' once it is closed."""
    try:
        return os.readlink(link)  # noqa: PTH115
    except OSError:
        return ""


def count_postgresql_connections(data_dir: Path) -> int:
    """Return how many client backends the PostgreSQL server in `data_dir` runs; 0 while it is down."""
    try:
        server_pid = int((data_dir / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, IndexError, ValueError):
        return 0
    return sum(status.parent == server_pid and "[local]" in command_line(pid) for pid, status in list_processes())


def is_ready(url: str) -> bool:
    """Return whether /readyz answers 200."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def run_site(data_dir: Path, log_path: Path) -> Iterator[RunningSite]:
    """Run `manage.py start` without the demo in `data_dir` until the block ends; raise RuntimeError if that fails.

    That command replaces itself by the supervisor, so that its process id is the supervisor's.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "manage.py", "start", "--no-demo", "--port", str(port)]
    environment = {**os.environ, "DATA_DIR": str(data_dir), "SITE_URL": url}
    with log_path.open("wb") as log:
        supervisor = subprocess.Popen(
            command, cwd=PROJECT_ROOT, env=environment, stdout=log, stderr=log, preexec_fn=die_with_parent
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_ready(url):
            if supervisor.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the site did not start; its output is in {log_path}")
            time.sleep(0.2)
        yield RunningSite(url, supervisor, log_path)
    finally:
        stop(supervisor)


def finish(log_path: Path, has_passed: bool) -> int:
    """Return the exit status of a drill; what the site printed is kept, and named, after a failure only."""
    if not has_passed:
        print(f"What the site printed: {log_path}")
        return 1
    log_path.unlink()
    return 0


def stop(supervisor: subprocess.Popen[bytes]) -> None:
    """Stop the supervisor and its children."""
    children = [pid for pid, status in list_processes() if status.parent == supervisor.pid]
    supervisor.send_signal(signal.SIGTERM)
    try:
        supervisor.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()
    for pid in children:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
