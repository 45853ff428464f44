"""When two tellings are one: a scan's fingerprint within its leg."""

from __future__ import annotations

import hashlib

from tracking.carriers.parsed import ToldScan


def fingerprint(told: ToldScan) -> str:
    """Return 32 hex digits that the same scan, told again by the same carrier, has too.

    Made of what was told, never of how we read it: a mapping or a zone found later must not make a second event.
    """
    when = told.when
    clock = when.local or when.at
    parts = (clock.isoformat() if clock else when.raw, told.code, " ".join(told.words.split()), told.place.text)
    return hashlib.blake2s("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
