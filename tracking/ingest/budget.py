"""A carrier's rate limit, shared by all workers through Redis."""

from __future__ import annotations

import asyncio
from typing import Final

import redis
from django.conf import settings

from tracking.models import Carrier

# The generic cell rate algorithm (ITU-T I.371): one number per carrier, the time at which the next call fits. Redis'
# own clock is used, so that workers on several machines agree. Returns the seconds to wait before the call just
# granted, or -seconds when the queue is already longer than the caller will wait, and then grants nothing.
GRANT: Final = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local every, patience = tonumber(ARGV[1]), tonumber(ARGV[2])
local fits = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = fits - now
if wait > patience then return tostring(-wait) end
redis.call('SET', KEYS[1], string.format('%.6f', fits + every), 'PX', math.ceil((wait + every) * 1000) + 1000)
return tostring(wait)
"""


class Budget:
    """The calls that one carrier allows. Calls are spread evenly: no two start closer than 1/rate seconds."""

    def __init__(self, carrier: Carrier, client: redis.Redis) -> None:
        self.key = f"budget:{carrier.pk}"
        self.every = 1.0 / carrier.rate
        self.grant = client.register_script(GRANT)

    def reserve(self, patience: float = 20.0) -> float:
        """Reserve the next call and return the seconds until it may start.

        Negative: nothing was reserved, since the wait would be that many seconds, longer than `patience`.
        """
        return float(self.grant(keys=[self.key], args=[self.every, patience]))

    async def wait(self, patience: float = 20.0) -> float:
        """Wait for the next call's turn and return 0, or at once the seconds that waiting would take too long."""
        seconds = self.reserve(patience)
        if seconds < 0:
            return -seconds
        await asyncio.sleep(seconds)
        return 0.0


def connect() -> redis.Redis:
    """Return a client of the shared Redis."""
    return redis.Redis.from_url(settings.REDIS_URL)
