"""A carrier's rate limit, shared by all workers through Redis."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Final

import redis
from django.conf import settings

from tracking.models import Carrier

# The generic cell rate algorithm (ITU-T I.371): one number per carrier, the time at which the next call may start.
# Redis' own clock is used, so that workers on several machines agree. Returns the seconds until the first of the calls
# just reserved may start, or -seconds when that is longer than the caller will wait; then nothing is reserved.
RESERVE_SCRIPT: Final = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local interval, max_wait, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local next_start = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = next_start - now
if wait > max_wait then return tostring(-wait) end
local after = wait + interval * count
redis.call('SET', KEYS[1], string.format('%.6f', now + after), 'PX', math.ceil(after * 1000) + 1000)
return tostring(wait)
"""
RESERVE_AHEAD_SECONDS: Final = 0.5
"""How far ahead calls are reserved in one step: a round trip to Redis for each would cost more than the call."""


class RateLimiter:
    """Spaces the calls to one carrier evenly: no two of all workers start closer than 1/rate seconds."""

    def __init__(self, carrier: Carrier, client: redis.Redis) -> None:
        self.key = f"rate_limit:{carrier.pk}"
        self.interval_seconds = 1.0 / carrier.max_calls_per_second
        self.reserve_script = client.register_script(RESERVE_SCRIPT)
        self.start_times: deque[float] = deque()

    def reserve(self, max_wait_seconds: float = 20.0, count: int = 1) -> float:
        """Reserve the next `count` calls and return the seconds until the first may start.

        When the wait would be longer than `max_wait_seconds`, reserve nothing and return it as a negative number.
        """
        return float(self.reserve_script(keys=[self.key], args=[self.interval_seconds, max_wait_seconds, count]))

    async def acquire(self, max_wait_seconds: float = 20.0, following_calls: int = 0) -> float:
        """Wait until the next call may start and return 0, or return at once the seconds that are too long to wait.

        Of `following_calls`, those that fit into `RESERVE_AHEAD_SECONDS` are reserved together with this one.
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
    """Return a client of the Redis that all workers share."""
    return redis.Redis.from_url(settings.REDIS_URL)
