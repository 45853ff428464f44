"""A carrier's rate limit, shared by all workers through Redis."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Final

import redis
from django.conf import settings

from tracking.models import Carrier

# The generic cell rate algorithm (ITU-T I.371): one number per carrier, the time at which the next call fits. Redis'
# own clock is used, so that workers on several machines agree. Returns the seconds until the first of the calls just
# granted may start, or -seconds when the queue is already longer than the caller will wait, and then grants nothing.
RESERVE_SCRIPT: Final = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local every, patience, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local fits = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = fits - now
if wait > patience then return tostring(-wait) end
local after = wait + every * count
redis.call('SET', KEYS[1], string.format('%.6f', now + after), 'PX', math.ceil(after * 1000) + 1000)
return tostring(wait)
"""
RESERVE_AHEAD_SECONDS: Final = 0.5
"""How far ahead calls are reserved together: asking Redis for each would cost more than the call."""


class RateLimiter:
    """The calls that one carrier allows. Calls are spread evenly: no two start closer than 1/rate seconds."""

    def __init__(self, carrier: Carrier, client: redis.Redis) -> None:
        self.key = f"budget:{carrier.pk}"
        self.interval_seconds = 1.0 / carrier.max_calls_per_second
        self.reserve_script = client.register_script(RESERVE_SCRIPT)
        self.start_times: deque[float] = deque()

    def reserve(self, max_wait_seconds: float = 20.0, count: int = 1) -> float:
        """Reserve the next `count` calls and return the seconds until the first may start.

        Negative: nothing was reserved, since the wait would be that many seconds, longer than `patience`.
        """
        return float(self.reserve_script(keys=[self.key], args=[self.interval_seconds, max_wait_seconds, count]))

    async def acquire(self, max_wait_seconds: float = 20.0, following_calls: int = 0) -> float:
        """Wait for the next call's turn and return 0, or at once the seconds that waiting would take too long.

        `more` is how many calls are to follow: those that fit into the next half second are reserved with this one.
        """
        if not self.start_times:
            count = 1 + min(following_calls, int(RESERVE_AHEAD_SECONDS / self.interval_seconds))
            seconds = self.reserve(max_wait_seconds, count)
            if seconds < 0:
                return -seconds
            first = time.monotonic() + seconds
            self.start_times.extend(first + self.interval_seconds * index for index in range(count))
        delay = self.start_times.popleft() - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)
        return 0.0


def connect_redis() -> redis.Redis:
    """Return a client of the shared Redis."""
    return redis.Redis.from_url(settings.REDIS_URL)
