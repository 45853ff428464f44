"""Lock out guessing: count failed tries by client, by order number, and by client and order number.

Strangers never lock a buyer out: a client is refused for its own failures only, and a right proof passes otherwise.
When many clients guess one order, its counter is full: then each client has fewer tries there, and a wrong proof is
answered with "too many tries".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from tracking.live import client_address
from tracking.live.publish import redis_client
from tracking.models import Order
from tracking.models.fields import number_key

WINDOW_SECONDS: Final = 15 * 60
MAX_FAILURES_BY_CLIENT: Final = 30
MAX_FAILURES_BY_SERIES: Final = 10
"""Of one client at neighbouring order numbers, which differ in their digits only."""
MAX_FAILURES_BY_ORDER: Final = 10
"""Of one client at one order, and of all clients together before the order's counter is full."""
MAX_FAILURES_BY_CLIENT_WHILE_ORDER_IS_FULL: Final = 5


class Attempt:
    """One try of a proof: which counters it belongs to, and what they say.

    It concerns each number of its text and each order found. Numbers that no order has count too: else a number that
    is locked out in another text would be known to exist. `in_series`: neighbours of the numbers are guesses too.
    """

    def __init__(
        self,
        request: HttpRequest,
        numbers: Iterable[str] = (),
        orders: Iterable[Order] = (),
        *,
        in_series: bool = True,
    ) -> None:
        client = keyed_digest(client_network(request))
        number_keys = {number_key(number) for number in numbers}
        subjects = {f"number {key}" for key in number_keys} | {f"order {order.pk}" for order in orders}
        digests = sorted(keyed_digest(subject) for subject in subjects)
        series = {keyed_digest(series_of(key)) for key in number_keys if in_series}
        self.client_key = f"lockout:client:{client}"
        self.series_keys = [f"lockout:series:{client}:{digest}" for digest in sorted(series)]
        self.order_keys = {f"lockout:client-order:{client}:{digest}": f"lockout:order:{digest}" for digest in digests}
        self.counts: Mapping[str, int] = {}

    @property
    def keys(self) -> list[str]:
        """The keys of all counters of this try."""
        return [self.client_key, *self.series_keys, *self.order_keys, *self.order_keys.values()]

    def count_as_failure(self) -> None:
        """Count it before the proof is tested, so that tries sent at the same moment do not pass together."""
        self.counts = increment_counters(self.keys, WINDOW_SECONDS)

    def take_back(self) -> None:
        """Undo the count: the proof was right."""
        decrement_counters(self.keys, WINDOW_SECONDS)

    def read_counts(self) -> None:
        """Read the counters as if this try were counted."""
        values = redis_client().mget(self.keys)
        self.counts = {key: int(value or 0) + 1 for key, value in zip(self.keys, values, strict=True)}

    def is_refused(self) -> bool:
        """Return whether this client failed too often, so that even a right proof is not tested."""
        return (
            self.counts[self.client_key] > MAX_FAILURES_BY_CLIENT
            or any(self.counts[key] > MAX_FAILURES_BY_SERIES for key in self.series_keys)
            or any(self.counts[key] > self.allowed_failures(order_key) for key, order_key in self.order_keys.items())
        )

    def allowed_failures(self, order_key: str) -> int:
        """Return how often one client may fail at an order."""
        is_full = self.counts[order_key] > MAX_FAILURES_BY_ORDER
        return MAX_FAILURES_BY_CLIENT_WHILE_ORDER_IS_FULL if is_full else MAX_FAILURES_BY_ORDER

    def is_order_full(self) -> bool:
        """Return whether all clients together failed too often at one of the orders or numbers."""
        return any(self.counts[key] > MAX_FAILURES_BY_ORDER for key in self.order_keys.values())


def is_locked_out(request: HttpRequest, *codes: str) -> bool:
    """Return whether this client failed too often, at all or at these codes, even for a correct attempt."""
    attempt = Attempt(request, codes, in_series=False)
    attempt.read_counts()
    return attempt.is_refused()


def record_failure(request: HttpRequest, *codes: str) -> None:
    """Count a failed attempt at a code that has no order number, such as the check code of a notice."""
    Attempt(request, codes, in_series=False).count_as_failure()


def increment_counters(keys: Iterable[str], window_seconds: int) -> dict[str, int]:
    """Add one to each counter and return the new values; a counter ends `window_seconds` after its first count."""
    listed = list(keys)
    # A transaction: a counter that expired between two commands would come back without an end.
    pipe = redis_client().pipeline(transaction=True)
    for key in listed:
        pipe.set(key, 0, ex=window_seconds, nx=True)
    for key in listed:
        pipe.incr(key)
    return dict(zip(listed, pipe.execute()[len(listed) :], strict=True))


def decrement_counters(keys: Iterable[str], window_seconds: int) -> None:
    """Subtract one from each counter; one that has expired in the meantime becomes zero."""
    pipe = redis_client().pipeline(transaction=True)
    for key in keys:
        pipe.set(key, 1, ex=window_seconds, nx=True)
        pipe.decr(key)
    pipe.execute()


def series_of(key: str) -> str:
    """Return what neighbouring order numbers have in common (`LF1001` and `LF1002` become `LF#`)."""
    return re.sub(r"\d+", "#", key)


def client_network(request: HttpRequest) -> str:
    """Return the client as limits count it: an IPv4 address, or an IPv6 /64, which one subscriber has to itself."""
    forwarded_for, peer = request.headers.get("X-Forwarded-For", ""), str(request.META.get("REMOTE_ADDR", ""))
    address = client_address.find_client_address(forwarded_for, peer, settings.TRUSTED_PROXIES)
    return client_address.client_network(address)


def keyed_digest(value: str) -> str:
    """Return a keyed digest, so that Redis holds no addresses and no order numbers."""
    return hashlib.blake2s(value.encode(), key=settings.SECRET_KEY.encode()[:32], digest_size=12).hexdigest()
