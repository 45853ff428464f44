"""Fixtures for all tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import translation
from whitenoise import WhiteNoise

from tests.chromium import CHROMIUM_FLAGS, find_chromium
from tests.examples import register_profiles
from tracking import webhooks
from tracking.alerts import dwell_limits
from tracking.eta import accuracy, prediction
from tracking.pages.page_cache import RECENT_PAGES
from tracking.polling import training, webhook_health

register_profiles()


def pytest_collection_finish() -> None:
    """Keep the collected tests and all modules out of later garbage collections, which took a fifth of the time."""
    gc.freeze()


@pytest.fixture(scope="session")
def broker_client() -> Iterator[redis.Redis]:
    """A connection to this process's broker; one for each test would take longer than many a test."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


@pytest.fixture(autouse=True)
def flush_broker(broker_client: redis.Redis) -> Iterator[None]:
    """Empty the broker after each test."""
    yield
    broker_client.flushdb()


@pytest.fixture(autouse=True, scope="session")
def scan_static_files_once() -> Iterator[None]:
    """Have whitenoise look through the static files once, not again in the middleware of each test client."""
    scan, found = WhiteNoise.update_files_dictionary, dict[tuple[str, str], dict[str, Any]]()

    def add_found_files(self: WhiteNoise, root: str, prefix: str) -> None:
        if (root, prefix) not in found:
            files_before, self.files = self.files, {}
            scan(self, root, prefix)
            found[root, prefix], self.files = self.files, files_before
        self.files.update(found[root, prefix])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(WhiteNoise, "update_files_dictionary", add_found_files)
        yield


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
    RECENT_PAGES.clear()


@pytest.fixture(autouse=True, scope="session")
def fast_password_hasher() -> None:
    """Use a fast password hash: the secure one is slow by design."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True, scope="session")
def render_each_page() -> None:
    """Render each page anew: tests write rows that no revision tells of. The cache has tests of its own."""
    settings.PAGE_CACHE_SECONDS = 0


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Use the Chromium of this machine, or fail with instructions to install one."""
    return {"executable_path": find_chromium(), "args": CHROMIUM_FLAGS, "headless": True}
