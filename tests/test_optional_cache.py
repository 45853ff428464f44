"""A cache that pages can do without: what it keeps, for how long, and what happens while Redis is away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tracking.optional_cache import OptionalRedisCache


@pytest.fixture(autouse=True)
def forget_failures() -> Iterator[None]:
    yield
    OptionalRedisCache.unavailable_until = 0.0


@pytest.fixture
def broken() -> OptionalRedisCache:
    options = {"socket_connect_timeout": 0.1}
    return OptionalRedisCache("unix:///nowhere/redis.sock", {"OPTIONS": options, "TIMEOUT": 60})


def test_values_come_back_until_they_are_deleted() -> None:
    cache = caches["sessions"]

    cache.set("key", ("a", b"\0b"))
    found, is_there = cache.get("key"), "key" in cache
    cache.delete("key")

    assert (found, is_there, cache.get("key", "missing")) == (("a", b"\0b"), True, "missing")


@pytest.mark.parametrize(("wanted", "kept"), [(None, 300), (60, 60), (1_209_600, 300)])
def test_no_session_is_kept_longer_than_five_minutes(wanted: int | None, kept: int) -> None:
    assert caches["sessions"].get_backend_timeout(wanted) == kept


def test_without_redis_every_key_is_missing_and_nothing_fails(broken: OptionalRedisCache) -> None:
    broken.set("key", "value")

    assert (broken.get("key", "missing"), "key" in broken, broken.delete("key")) == ("missing", False, False)


def test_redis_is_left_alone_for_seconds_after_a_failure(broken: OptionalRedisCache) -> None:
    calls: list[int] = []
    caches["sessions"].set("key", "value")
    broken.get("key")

    assert (broken.attempt(lambda: calls.append(1), None), calls) == (None, [])
    assert caches["sessions"].get("key") is None
    OptionalRedisCache.unavailable_until = 0.0
    assert caches["sessions"].get("key") == "value"


@pytest.mark.django_db
def test_readers_stay_signed_in_while_redis_is_away(client: Client) -> None:
    client.force_login(User.objects.create_user("reader@example.com"))
    OptionalRedisCache.unavailable_until = float("inf")

    assert client.get(reverse("account_orders")).status_code == 200
