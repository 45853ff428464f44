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
GRANT: Final = """
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
AHEAD_SECONDS: Final = 0.5
"""How far ahead calls are reserved together: asking Redis for each would cost more than the call."""


class Budget:
    """The calls that one carrier allows. Calls are spread evenly: no two start closer than 1/rate seconds."""

    def __init__(self, carrier: Carrier, client: redis.Redis) -> None:
        self.key = f"budget:{carrier.pk}"
        self.every = 1.0 / carrier.rate
        self.grant = client.register_script(GRANT)
        self.starts: deque[float] = deque()

    def reserve(self, patience: float = 20.0, count: int = 1) -> float:
        """Reserve the next `count` calls and return the seconds until the first may start.

        Negative: nothing was reserved, since the wait would be that many seconds, longer than `patience`.
        """
        return float(self.grant(keys=[self.key], args=[self.every, patience, count]))

    async def wait(self, patience: float = 20.0, more: int = 0) -> float:
        """Wait for the next call's turn and return 0, or at once the seconds that waiting would take too long.

        `more` is how many calls are to follow: those that fit into the next half second are reserved with this one.
        """
        if not self.starts:
            count = 1 + min(more, int(AHEAD_SECONDS / self.every))
            seconds = self.reserve(patience, count)
            if seconds < 0:
                return -seconds
            first = time.monotonic() + seconds
            self.starts.extend(first + self.every * index for index in range(count))
        delay = self.starts.popleft() - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)
        return 0.0


def connect() -> redis.Redis:
    """Return a client of the shared Redis."""
    return redis.Redis.from_url(settings.REDIS_URL)
