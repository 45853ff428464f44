"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import translation

from tests.chromium import FLAGS, find
from tracking.alerts import limits
from tracking.eta import predict, scores
from tracking.polling import training


@pytest.fixture(autouse=True)
def clean_broker() -> Iterator[None]:
    """Give each test an empty broker."""
    yield
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Begin each test in English, whatever language the one before it spoke last."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Begin each test with empty shelves: what one test has learned is not the next one's."""
    predict.forget()
    for shelf in (scores.RECORD, limits.SHELF, training.SHELF):
        shelf.forget()


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> None:
    """Hash passwords quickly: slowness is their virtue in life and no use here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Drive the Chromium of this machine; where there is none, fail with what to do."""
    return {"executable_path": find(), "args": FLAGS, "headless": True}
