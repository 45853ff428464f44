"""When two tellings are one: a scan's fingerprint within its leg."""

from __future__ import annotations

import hashlib

from tracking.carriers.parsed import ParsedScan


def fingerprint(parsed_scan: ParsedScan) -> str:
    """Return 32 hex digits that the same scan, told again by the same carrier, has too.

    Made of what was told, never of how we read it: a mapping or a zone found later must not make a second event.
    """
    when = parsed_scan.time
    clock = when.local_time or when.occurred_at
    parts = (
        clock.isoformat() if clock else when.raw_time,
        parsed_scan.code,
        " ".join(parsed_scan.text.split()),
        parsed_scan.place.text,
    )
    return hashlib.blake2s("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
