"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import translation

from tests.chromium import CHROMIUM_FLAGS, find_chromium
from tracking.alerts import dwell_limits
from tracking.eta import accuracy, prediction
from tracking.polling import training


@pytest.fixture(autouse=True)
def flush_broker() -> Iterator[None]:
    """Give each test an empty broker."""
    yield
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()


@pytest.fixture(autouse=True)
def activate_english() -> Iterator[None]:
    """Begin each test in English, whatever language the one before it spoke last."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def clear_caches() -> None:
    """Begin each test with empty shelves: what one test has learned is not the next one's."""
    prediction.clear_model_caches()
    for shelf in (accuracy.CACHED_RECENT_COVERAGE, dwell_limits.CACHED_DWELL_LIMITS, training.CACHED_HAZARDS):
        shelf.invalidate()


@pytest.fixture(autouse=True, scope="session")
def fast_password_hasher() -> None:
    """Hash passwords quickly: slowness is their virtue in life and no use here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Drive the Chromium of this machine; where there is none, fail with what to do."""
    return {"executable_path": find_chromium(), "args": CHROMIUM_FLAGS, "headless": True}
