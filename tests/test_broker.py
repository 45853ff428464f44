"""A worker whose broker was killed comes back by itself, and no job that it had is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import redis
from celery import Celery

from tests.test_start import PROJECT_ROOT
from tests.test_worker import wait_until
from tracking import broker
from tracking.supervisor import die_with_parent

WORKER = [sys.executable, "-m", "celery", "-A", "tracking", "worker", "--include", "tests.sleeping_task"]
AWAY_SECONDS = 2.0
MAX_RECOVERY_SECONDS = 30.0  # one or two on a machine that is not busy


class OwnBroker:
    """A broker that a test may kill and start again; it keeps its data in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.socket = folder, folder / "broker.sock"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            broker.server_command(self.socket, self.folder), stdout=subprocess.DEVNULL, preexec_fn=die_with_parent
        )
        broker.wait_until_up(self.url)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def count_jobs(self) -> tuple[int, int]:
        """Return how many jobs wait and how many are at work; (-1, -1) while the broker is away."""
        with suppress(redis.RedisError), redis.Redis.from_url(self.url) as client:
            return client.llen("celery"), client.hlen("unacked")
        return -1, -1

    def has_recent_heartbeat(self, since: float) -> bool:
        with suppress(redis.RedisError), redis.Redis.from_url(self.url) as client:
            return float(client.get("heartbeat:worker") or 0) > since
        return False


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[OwnBroker]:
    own = OwnBroker(tmp_path)
    yield own
    own.kill()


@pytest.fixture
def worker(own_broker: OwnBroker) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker with two processes, and yield it once it is ready."""
    process = subprocess.Popen(
        [*WORKER, "--concurrency", "2", "--without-mingle", "--without-gossip"],
        cwd=PROJECT_ROOT,
        env={**os.environ, "REDIS_URL": own_broker.url},
        preexec_fn=die_with_parent,
    )
    try:
        wait_until(lambda: own_broker.has_recent_heartbeat(0), seconds=30)
        yield process
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def enqueue_sleep(own_broker: OwnBroker) -> Callable[[float], None]:
    """Enqueue one job that takes some seconds."""
    app = Celery("sender", broker=own_broker.url.replace("unix", "redis+socket"), set_as_current=False)

    def enqueue(seconds: float) -> None:
        app.send_task("tests.sleeping_task.sleep", (seconds,))

    return enqueue


def test_a_worker_that_lost_its_broker_while_at_work_comes_back_and_does_new_jobs(
    own_broker: OwnBroker, worker: subprocess.Popen[bytes], enqueue_sleep: Callable[[float], None]
) -> None:
    for kills, is_socket_removed in enumerate((False, True), start=1):
        # One process works, the other lets the worker wait for the next job.
        enqueue_sleep(AWAY_SECONDS + 1)
        wait_until(lambda: own_broker.count_jobs() in ((0, 1), (0, 2)))

        own_broker.kill()
        if is_socket_removed:
            own_broker.socket.unlink()
        time.sleep(AWAY_SECONDS)
        back_at = time.time()
        own_broker.start()

        wait_until(partial(own_broker.has_recent_heartbeat, back_at), seconds=MAX_RECOVERY_SECONDS)
        for _ in range(10):
            enqueue_sleep(0.1)
        # The job that it was at may have ended without a broker to tell: then it is delivered once more later.
        wait_until(partial(is_done, own_broker, kills), seconds=30)
        assert worker.poll() is None


def is_done(own_broker: OwnBroker, undelivered: int) -> bool:
    """Return whether no job waits and at most so many are at work."""
    waiting, at_work = own_broker.count_jobs()
    return waiting == 0 and at_work <= undelivered


def test_a_killed_broker_keeps_the_jobs_that_it_had_accepted(
    own_broker: OwnBroker, enqueue_sleep: Callable[[float], None]
) -> None:
    for _ in range(100):
        enqueue_sleep(1)

    own_broker.kill()
    own_broker.start()

    assert own_broker.count_jobs() == (100, 0)
