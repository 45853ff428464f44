"""Recognize a scan that was reported before, also when its feed words or places it differently now. Pure.

A scan is known by its leg, its feed and its time as the feed wrote it. Within one answer two rows are one scan only if
they are equal in all that was read of them. Between two answers the scans of one time are matched one to one. How we
interpret a scan is never compared.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final

from tracking.carriers.parsed import ParsedScan

WHOLE_LENGTH: Final = 12
TIME_LENGTH: Final = 10
CODE_LENGTH: Final = 8
WORDS_LENGTH: Final = 10
CODE_START: Final = WHOLE_LENGTH + TIME_LENGTH
WORDS_START: Final = CODE_START + CODE_LENGTH
FINGERPRINT_LENGTH: Final = WORDS_START + WORDS_LENGTH
NO_CODE: Final = "0" * CODE_LENGTH
NO_WORDS: Final = "0" * WORDS_LENGTH
NO_TIME: Final = "0" * TIME_LENGTH


def fingerprint(scan: ParsedScan, feed_id: int | None = None, repetition: int = 0) -> str:
    """Return 40 hex digits for a scan as its feed sent it: of everything, of its time, its code and its words.

    `repetition` counts the scans before it in the same answer that differ from it only in what we read in them.
    """
    place = scan.place
    whole = (
        *(str(feed_id), scan.time.raw_time, scan.code, scan.text),
        *(place.text, place.region or "", place.city or "", place.postal_code or "", str(place.lat), str(place.lon)),
        *((str(repetition),) if repetition else ()),
    )
    return (
        hex_digest("\x1f".join(whole), WHOLE_LENGTH)
        + hex_digest(scan.time.raw_time.strip(), TIME_LENGTH)
        + cached_digest(scan.code.strip(), CODE_LENGTH)
        + cached_digest(" ".join(scan.text.split()), WORDS_LENGTH)
    )


def hex_digest(text: str, length: int) -> str:
    """Return so many hex digits for a text; zeros for an empty one."""
    if not text:
        return "0" * length
    return hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=length // 2).hexdigest()


cached_digest = lru_cache(maxsize=4096)(hex_digest)
"""The same for codes and words, which many parcels share."""


def distinct_scans(scans: Iterable[ParsedScan]) -> list[ParsedScan]:
    """Return the scans of an answer without repetitions, in their order."""
    return list(dict.fromkeys(scans))


def fingerprint_scans(scans: Iterable[ParsedScan], feed_id: int | None = None) -> list[str]:
    """Return the fingerprint of each distinct scan of one leg in an answer; no two are equal."""
    seen: Counter[str] = Counter()
    fingerprints = []
    for scan in scans:
        found = fingerprint(scan, feed_id)
        if repetition := seen[found]:
            seen[found] += 1
            found = fingerprint(scan, feed_id, repetition)
        seen[found] += 1
        fingerprints.append(found)
    return fingerprints


def match_scans(known: Sequence[str], reported: Sequence[str], *, in_order: bool = True) -> dict[str, str]:
    """Return by reported fingerprint the known one of the same scan. Both are of one leg and feed, oldest first.

    Scans of one time match, one to one, if they are equal; else if code and words are equal; else the words; else the
    code; else, with `in_order`, in their order. Scans without a time never match by order alone.
    """
    known_set = set(known)
    matched = {one: one for one in reported if one in known_set}
    if len(matched) == len(reported):
        return matched
    free_known, free_reported = group_by_time(known, matched), group_by_time(reported, matched)
    for time, scans in free_reported.items():
        matchers = MATCHERS if in_order and time != NO_TIME else MATCHERS[:-1]
        pair_scans(free_known.get(time, []), scans, matchers, matched)
    return matched


def group_by_time(fingerprints: Iterable[str], matched: dict[str, str]) -> dict[str, list[str]]:
    """Return the fingerprints that are not matched yet by the part that stands for their time."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for one in fingerprints:
        if one not in matched:
            groups[one[WHOLE_LENGTH:CODE_START]].append(one)
    return groups


Matcher = Callable[[str], str | None]
"""Returns what must be equal in two fingerprints of one scan; None if this scan has nothing to compare."""


def words_and_code(one: str) -> str | None:
    """Return code and words; None if there is neither."""
    return one[CODE_START:] if one[CODE_START:] != NO_CODE + NO_WORDS else None


def words(one: str) -> str | None:
    """Return the words; None if there are none."""
    return one[WORDS_START:] if one[WORDS_START:] != NO_WORDS else None


def code(one: str) -> str | None:
    """Return the code; None if there is none."""
    return one[CODE_START:WORDS_START] if one[CODE_START:WORDS_START] != NO_CODE else None


def anything(_one: str) -> str | None:
    """Return the same for every scan, so that scans are matched in their order."""
    return ""


MATCHERS: Final[tuple[Matcher, ...]] = (words_and_code, words, code, anything)


def pair_scans(known: list[str], reported: list[str], matchers: Sequence[Matcher], matched: dict[str, str]) -> None:
    """Match scans of one time by each matcher in turn, equal ones in their order; add the pairs to `matched`."""
    for matcher in matchers:
        free: defaultdict[str, deque[str]] = defaultdict(deque)
        for one in known:
            if (key := matcher(one)) is not None:
                free[key].append(one)
        for one in reported:
            if (key := matcher(one)) is not None and free[key]:
                matched[one] = free[key].popleft()
        taken = set(matched.values())
        known = [one for one in known if one not in taken]
        reported = [one for one in reported if one not in matched]
