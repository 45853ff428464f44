"""Recognize a scan that was reported before."""

from __future__ import annotations

import hashlib

from tracking.carriers.parsed import ParsedScan


def fingerprint(scan: ParsedScan) -> str:
    """Return 32 hex digits that are the same whenever the same carrier reports the same scan again."""
    # Only what the carrier sent: a better code table or a zone found later must not turn one scan into two events.
    clock = scan.time.local_time or scan.time.occurred_at
    parts = (
        clock.isoformat() if clock else scan.time.raw_time,
        scan.code,
        " ".join(scan.text.split()),
        scan.place.text,
    )
    return hashlib.blake2s("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
