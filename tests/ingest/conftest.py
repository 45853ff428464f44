from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ingest.scripted_feeds import scripted_feeds


@pytest.fixture
def connected_feeds() -> Iterator[None]:
    """Have the scripted feeds in the registry of adapters."""
    with scripted_feeds():
        yield
