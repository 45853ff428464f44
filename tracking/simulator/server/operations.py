"""The verbs of 17TRACK's API v2.4, done on the book: each takes one item of the request and answers for it.

Codes and messages follow 17TRACK's documentation of error codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from ..parcels.companies import BY_KEY
from . import responses
from .state import Book, Entry

Json = dict[str, Any]
MOST_NUMBERS: Final = 40
PAGE_SIZE: Final = 40
QUOTA: Final = 100_000
NUMBER: Final = re.compile(r"[A-Z0-9]{5,50}")

UNKNOWN_KEY: Final = -18010002
OUR_FAULT: Final = -18010003
MISSING: Final = -18010010
WRONG_FORMAT: Final = -18010012
WRONG_DATA: Final = -18010013
TOO_MANY: Final = -18010014
CHANGE_TO_UNKNOWN: Final = -18019802
CHANGE_TO_SAME: Final = -18019803
CHANGE_TO_NOTHING: Final = -18019804
CHANGE_WHEN_STOPPED: Final = -18019806
ALREADY_REGISTERED: Final = -18019901
NOT_REGISTERED: Final = -18019902
NOT_STOPPED: Final = -18019904
RETRACKED_BEFORE: Final = -18019905
NOT_TRACKED: Final = -18019906
NO_INFO_YET: Final = -18019909
UNKNOWN_CARRIER: Final = -18019910

MESSAGES: Final[dict[int, str]] = {
    UNKNOWN_KEY: "Invalid security key.",
    OUR_FAULT: "Internal service error. Please try again later.",
    MISSING: "Please provide the data number.",
    WRONG_FORMAT: "The format of '{number}' is invalid.",
    WRONG_DATA: "Invalid submitted data.",
    TOO_MANY: "Tracking numbers exceed 40 limit.",
    CHANGE_TO_UNKNOWN: "The parameter carrier_new is incorrect.",
    CHANGE_TO_SAME: "The Carrier Code to be changed cannot be the same as the current one.",
    CHANGE_TO_NOTHING: "The Carrier Code to be changed must be specified to carrier_new or final_carrier_new.",
    CHANGE_WHEN_STOPPED: "Carrier cannot be changed for stopped numbers.",
    ALREADY_REGISTERED: "The tracking number '{number}' has been registered, don't need to repeat registration.",
    NOT_REGISTERED: "The tracking number '{number}' does not register, please register first.",
    NOT_STOPPED: "Only stopped numbers can be re-tracked.",
    RETRACKED_BEFORE: "Each tracking number can only be re-tracked once.",
    NOT_TRACKED: "Only numbers being tracked can be stopped.",
    NO_INFO_YET: "No tracking information at this time.",
    UNKNOWN_CARRIER: "The carrier code is incorrect.",
}


class Refused(Exception):
    """17TRACK refuses an item, or the whole call, with a code of `MESSAGES`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

    def error(self, number: str = "") -> Json:
        """Return the error as 17TRACK words it."""
        return {"code": self.code, "message": MESSAGES[self.code].format(number=number)}


def each(items: object, verb: Callable[[str, Json], Json]) -> Json:
    """Do a verb for each item of a request: `data` with those accepted and those rejected. Raise Refused for all."""
    data: dict[str, list[Json]] = {"accepted": [], "rejected": []}
    for item in _checked(items):
        number = _number_in(item)
        try:
            if not number:
                raise Refused(MISSING)
            data["accepted"].append(verb(number, item))
        except Refused as refusal:
            carrier = item.get("carrier") if isinstance(item, dict) else None
            data["rejected"].append({"number": number, "carrier": carrier or 0, "error": refusal.error(number)})
    return data


def _checked(items: object) -> Sequence[Any]:
    if not isinstance(items, list) or not items:
        raise Refused(WRONG_DATA)
    if len(items) > MOST_NUMBERS:
        raise Refused(TOO_MANY)
    return items


def _number_in(item: object) -> str:
    number = item.get("number") if isinstance(item, dict) else None
    return number.strip().upper() if isinstance(number, str) else ""


def _each_kept(book: Book, items: object, verb: Callable[[str, Json], Json]) -> Json:
    """Do a verb for each item and write down what it changed. Raise OSError when that cannot be done."""
    data = each(items, verb)
    if data["accepted"]:
        book.save(book.clock.segments)
    return data


def _registered(book: Book, number: str) -> Entry:
    if number not in book.entries:
        raise Refused(NOT_REGISTERED)
    return book.entries[number]


def register(book: Book, items: object) -> Json:
    """Follow numbers from now on. Raise OSError when the book cannot be written."""
    fresh: dict[str, Entry] = {}

    def verb(number: str, item: Json) -> Json:
        if number in fresh:
            raise Refused(ALREADY_REGISTERED)
        fresh[number] = entry = _new_entry(book, number, item)
        return {"origin": 2, "number": number, "carrier": 0, "email": None, "lang": entry.lang, "tag": entry.tag}

    data = each(items, verb)
    if fresh:
        book.register(list(fresh.values()))
    for accepted in data["accepted"]:
        accepted["carrier"] = _carrier(book, book.entries[accepted["number"]])
    return data


def _new_entry(book: Book, number: str, item: Json) -> Entry:
    carrier = item.get("carrier") or None
    if not NUMBER.fullmatch(number):
        raise Refused(WRONG_FORMAT)
    if number in book.entries:
        raise Refused(ALREADY_REGISTERED)
    if carrier is not None and not _known(carrier):
        raise Refused(UNKNOWN_CARRIER)
    words = {name: item[name] for name in ("tag", "lang", "param") if isinstance(item.get(name), str)}
    return Entry(number, book.clock.journey(), carrier, **words)


def _known(carrier: object) -> bool:
    return isinstance(carrier, int) and carrier in BY_KEY


def _carrier(book: Book, entry: Entry) -> int:
    journey = book.journey(entry.number)
    assert journey
    return responses.carrier_key(entry, journey)


def gettrackinfo(book: Book, items: object) -> Json:
    """Tell all that is known of numbers."""

    def verb(number: str, item: Json) -> Json:
        entry, journey = _registered(book, number), book.journey(number)
        answer = responses.parcel(entry, journey, book.clock) if journey else None
        if answer is None:
            raise Refused(NO_INFO_YET)
        return answer

    return each(items, verb)


def stoptrack(book: Book, items: object) -> Json:
    """Stop following numbers."""

    def verb(number: str, item: Json) -> Json:
        entry = _registered(book, number)
        if entry.stopped:
            raise Refused(NOT_TRACKED)
        entry.stopped = True
        return {"number": number, "carrier": _carrier(book, entry)}

    return _each_kept(book, items, verb)


def retrack(book: Book, items: object) -> Json:
    """Follow stopped numbers again, once."""

    def verb(number: str, item: Json) -> Json:
        entry = _registered(book, number)
        if not entry.stopped:
            raise Refused(NOT_STOPPED)
        if entry.retracked:
            raise Refused(RETRACKED_BEFORE)
        entry.stopped, entry.retracked = False, True
        return {"number": number, "carrier": _carrier(book, entry)}

    return _each_kept(book, items, verb)


def deletetrack(book: Book, items: object) -> Json:
    """Forget numbers."""

    def verb(number: str, item: Json) -> Json:
        entry = _registered(book, number)
        carrier = _carrier(book, entry)
        del book.entries[number]
        return {"number": number, "carrier": carrier}

    return _each_kept(book, items, verb)


def changecarrier(book: Book, items: object) -> Json:
    """Follow numbers with another carrier: another key in the answers, the same journey."""

    def verb(number: str, item: Json) -> Json:
        entry, carrier = _registered(book, number), item.get("carrier_new")
        if carrier is None:
            raise Refused(CHANGE_TO_NOTHING)
        if not _known(carrier):
            raise Refused(CHANGE_TO_UNKNOWN)
        if entry.stopped:
            raise Refused(CHANGE_WHEN_STOPPED)
        if carrier == _carrier(book, entry):
            raise Refused(CHANGE_TO_SAME)
        entry.carrier = carrier
        return {"number": number, "carrier": carrier}

    return _each_kept(book, items, verb)


def gettracklist(book: Book, query: object) -> Json:
    """List the registered numbers, 40 a page, oldest first; `query` may name a `number` and a `page_no` from 1."""
    if not isinstance(query, dict) or not isinstance(page_no := query.get("page_no") or 1, int) or page_no < 1:
        raise Refused(WRONG_DATA)
    entries = [entry for entry in book if query.get("number") in (None, "", entry.number)]
    page = entries[(page_no - 1) * PAGE_SIZE : page_no * PAGE_SIZE]
    return {
        "page": {
            "data_total": len(entries),
            "page_total": -(-len(entries) // PAGE_SIZE),
            "page_no": page_no,
            "page_size": PAGE_SIZE,
        },
        "accepted": [_listed(book, entry) for entry in page],
        "rejected": [],
    }


def _listed(book: Book, entry: Entry) -> Json:
    return {
        "number": entry.number,
        "carrier": _carrier(book, entry),
        "tag": entry.tag,
        "param": entry.param,
        "register_time": book.clock.stamp(entry.registered_at).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tracking_status": "Stopped" if entry.stopped else "Tracking",
    }


def getquota(book: Book, query: object) -> Json:
    """Tell how many registrations are left."""
    used = len(book.entries)
    return {
        "quota_total": QUOTA,
        "quota_used": used,
        "quota_remain": QUOTA - used,
        "today_used": used,
        "max_track_daily": QUOTA,
        "free_email_quota": 0,
        "free_email_quotaused": 0,
    }


VERBS: Final[dict[str, Callable[[Book, object], Json]]] = {
    verb.__name__: verb
    for verb in (register, gettrackinfo, gettracklist, stoptrack, retrack, deletetrack, changecarrier, getquota)
}
