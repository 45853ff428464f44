"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import translation

from tests.chromium import CHROMIUM_FLAGS, find_chromium
from tests.examples import register_profiles
from tracking import webhooks
from tracking.alerts import dwell_limits
from tracking.eta import accuracy, prediction
from tracking.polling import training, webhook_health

register_profiles()


@pytest.fixture(autouse=True)
def flush_broker() -> Iterator[None]:
    """Empty the broker after each test."""
    yield
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()


@pytest.fixture(autouse=True)
def activate_english() -> Iterator[None]:
    """Run each test in English, whatever language the previous test activated."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def clear_caches() -> None:
    """Empty the process-wide caches, which would carry trained statistics from one test into the next."""
    prediction.clear_model_caches()
    for cached in (
        accuracy.CACHED_RECENT_COVERAGE,
        dwell_limits.CACHED_DWELL_LIMITS,
        training.CACHED_HAZARDS,
        webhooks.CACHED_FEEDS,
    ):
        cached.invalidate()
    webhook_health.RECORDED_AT.clear()


@pytest.fixture(autouse=True, scope="session")
def fast_password_hasher() -> None:
    """Use a fast password hash: the secure one is slow by design."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Use the Chromium of this machine, or fail with instructions to install one."""
    return {"executable_path": find_chromium(), "args": CHROMIUM_FLAGS, "headless": True}
