"""How many random examples a property test runs: the profiles of hypothesis, and what each test has in proportion.

The profile "repeatable" runs the same examples each time; "search" looks for new ones, which `make search` does.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import settings

USUAL_EXAMPLES: Final = 100
SEARCH_EXAMPLES: Final = 1000


def register_profiles() -> None:
    """Register the profiles, and load "repeatable" unless `--hypothesis-profile` names another one."""
    settings.register_profile(
        "repeatable", derandomize=True, database=None, max_examples=USUAL_EXAMPLES, deadline=None, print_blob=False
    )
    searched = int(os.environ.get("EXAMPLES") or SEARCH_EXAMPLES)
    settings.register_profile("search", derandomize=False, max_examples=searched, deadline=None, print_blob=True)
    settings.load_profile("repeatable")


def scale_examples(usual: int) -> int:
    """Return how many examples a test runs now, of which it runs `usual` with the profile "repeatable"."""
    return max(1, usual * settings().max_examples // USUAL_EXAMPLES)
