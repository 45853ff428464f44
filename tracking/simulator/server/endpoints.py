"""The endpoints of 17TRACK's API v2.4, applied to the simulator's state.

Each endpoint is a function from the state and the request's JSON to the `data` of the answer. Codes and messages follow
17TRACK's documentation of error codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from ..parcels.carriers import CARRIERS_BY_KEY
from . import track_info
from .state import RegisteredNumber, SimulatorState

Json = dict[str, Any]
MAX_NUMBERS: Final = 40
PAGE_SIZE: Final = 40
QUOTA: Final = 100_000
NUMBER_FORMAT: Final = re.compile(r"[A-Z0-9]{5,50}")

INVALID_KEY: Final = -18010002
INTERNAL_ERROR: Final = -18010003
MISSING_NUMBER: Final = -18010010
INVALID_FORMAT: Final = -18010012
INVALID_DATA: Final = -18010013
TOO_MANY_NUMBERS: Final = -18010014
CHANGE_TO_UNKNOWN: Final = -18019802
CHANGE_TO_SAME: Final = -18019803
CHANGE_TO_NOTHING: Final = -18019804
CHANGE_WHEN_STOPPED: Final = -18019806
ALREADY_REGISTERED: Final = -18019901
NOT_REGISTERED: Final = -18019902
NOT_STOPPED: Final = -18019904
ALREADY_RETRACKED: Final = -18019905
NOT_TRACKED: Final = -18019906
NO_INFORMATION_YET: Final = -18019909
UNKNOWN_CARRIER: Final = -18019910

ERROR_MESSAGES: Final[dict[int, str]] = {
    INVALID_KEY: "Invalid security key.",
    INTERNAL_ERROR: "Internal service error. Please try again later.",
    MISSING_NUMBER: "Please provide the data number.",
    INVALID_FORMAT: "The format of '{number}' is invalid.",
    INVALID_DATA: "Invalid submitted data.",
    TOO_MANY_NUMBERS: "Tracking numbers exceed 40 limit.",
    CHANGE_TO_UNKNOWN: "The parameter carrier_new is incorrect.",
    CHANGE_TO_SAME: "The Carrier Code to be changed cannot be the same as the current one.",
    CHANGE_TO_NOTHING: "The Carrier Code to be changed must be specified to carrier_new or final_carrier_new.",
    CHANGE_WHEN_STOPPED: "Carrier cannot be changed for stopped numbers.",
    ALREADY_REGISTERED: "The tracking number '{number}' has been registered, don't need to repeat registration.",
    NOT_REGISTERED: "The tracking number '{number}' does not register, please register first.",
    NOT_STOPPED: "Only stopped numbers can be re-tracked.",
    ALREADY_RETRACKED: "Each tracking number can only be re-tracked once.",
    NOT_TRACKED: "Only numbers being tracked can be stopped.",
    NO_INFORMATION_YET: "No tracking information at this time.",
    UNKNOWN_CARRIER: "The carrier code is incorrect.",
}


class TrackApiError(Exception):
    """17TRACK rejects an item, or the whole call, with a code of `ERROR_MESSAGES`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

    def as_json(self, number: str = "") -> Json:
        """Return the error in 17TRACK's format."""
        return {"code": self.code, "message": ERROR_MESSAGES[self.code].format(number=number)}


def process_items(items: object, process_item: Callable[[str, Json], Json]) -> Json:
    """Process each item of a request and return `data` with the accepted and the rejected ones.

    Raise `TrackApiError` when `items` is no list or of a wrong length.
    """
    data: dict[str, list[Json]] = {"accepted": [], "rejected": []}
    for item in _check_items(items):
        number = _number_of(item)
        try:
            if not number:
                raise TrackApiError(MISSING_NUMBER)
            data["accepted"].append(process_item(number, item))
        except TrackApiError as error:
            carrier = item.get("carrier") if isinstance(item, dict) else None
            data["rejected"].append({"number": number, "carrier": carrier or 0, "error": error.as_json(number)})
    return data


def _check_items(items: object) -> Sequence[Any]:
    if not isinstance(items, list) or not items:
        raise TrackApiError(INVALID_DATA)
    if len(items) > MAX_NUMBERS:
        raise TrackApiError(TOO_MANY_NUMBERS)
    return items


def _number_of(item: object) -> str:
    number = item.get("number") if isinstance(item, dict) else None
    return number.strip().upper() if isinstance(number, str) else ""


def _process_and_save(state: SimulatorState, items: object, process_item: Callable[[str, Json], Json]) -> Json:
    """Process each item of a request and save the state. Raise OSError when it cannot be saved."""
    data = process_items(items, process_item)
    if data["accepted"]:
        state.save(state.clock.segments)
    return data


def _registration_of(state: SimulatorState, number: str) -> RegisteredNumber:
    if number not in state.registrations:
        raise TrackApiError(NOT_REGISTERED)
    return state.registrations[number]


def register(state: SimulatorState, items: object) -> Json:
    """Track numbers from now on. Raise OSError when the state cannot be saved."""
    new_registrations: dict[str, RegisteredNumber] = {}

    def process_item(number: str, item: Json) -> Json:
        if number in new_registrations:
            raise TrackApiError(ALREADY_REGISTERED)
        new_registrations[number] = registration = _new_registration(state, number, item)
        return {
            "origin": 2,
            "number": number,
            "carrier": 0,
            "email": None,
            "lang": registration.lang,
            "tag": registration.tag,
        }

    data = process_items(items, process_item)
    if new_registrations:
        state.register_numbers(list(new_registrations.values()))
    for accepted in data["accepted"]:
        accepted["carrier"] = _carrier_key_of(state, state.registrations[accepted["number"]])
    return data


def _new_registration(state: SimulatorState, number: str, item: Json) -> RegisteredNumber:
    carrier = item.get("carrier") or None
    if not NUMBER_FORMAT.fullmatch(number):
        raise TrackApiError(INVALID_FORMAT)
    if number in state.registrations:
        raise TrackApiError(ALREADY_REGISTERED)
    if carrier is not None and not _is_known_carrier(carrier):
        raise TrackApiError(UNKNOWN_CARRIER)
    texts = {name: item[name] for name in ("tag", "lang", "param") if isinstance(item.get(name), str)}
    return RegisteredNumber(number, state.clock.journey_time(), carrier, **texts)


def _is_known_carrier(carrier: object) -> bool:
    return isinstance(carrier, int) and carrier in CARRIERS_BY_KEY


def _carrier_key_of(state: SimulatorState, registration: RegisteredNumber) -> int:
    journey = state.journey_of(registration.number)
    assert journey
    return track_info.carrier_key_of(registration, journey)


def gettrackinfo(state: SimulatorState, items: object) -> Json:
    """Return all that has been reported of numbers."""

    def process_item(number: str, item: Json) -> Json:
        registration, journey = _registration_of(state, number), state.journey_of(number)
        answer = track_info.build_track_item(registration, journey, state.clock_of(number)) if journey else None
        if answer is None:
            raise TrackApiError(NO_INFORMATION_YET)
        return answer

    return process_items(items, process_item)


def stoptrack(state: SimulatorState, items: object) -> Json:
    """Stop tracking numbers."""

    def process_item(number: str, item: Json) -> Json:
        registration = _registration_of(state, number)
        if registration.stopped:
            raise TrackApiError(NOT_TRACKED)
        registration.stopped = True
        return {"number": number, "carrier": _carrier_key_of(state, registration)}

    return _process_and_save(state, items, process_item)


def retrack(state: SimulatorState, items: object) -> Json:
    """Track stopped numbers again, once each."""

    def process_item(number: str, item: Json) -> Json:
        registration = _registration_of(state, number)
        if not registration.stopped:
            raise TrackApiError(NOT_STOPPED)
        if registration.retracked:
            raise TrackApiError(ALREADY_RETRACKED)
        registration.stopped, registration.retracked = False, True
        return {"number": number, "carrier": _carrier_key_of(state, registration)}

    return _process_and_save(state, items, process_item)


def deletetrack(state: SimulatorState, items: object) -> Json:
    """Delete numbers."""

    def process_item(number: str, item: Json) -> Json:
        registration = _registration_of(state, number)
        carrier = _carrier_key_of(state, registration)
        del state.registrations[number]
        return {"number": number, "carrier": carrier}

    return _process_and_save(state, items, process_item)


def changecarrier(state: SimulatorState, items: object) -> Json:
    """Track numbers with another carrier: another key in the answers, the same journey."""

    def process_item(number: str, item: Json) -> Json:
        registration, carrier = _registration_of(state, number), item.get("carrier_new")
        if carrier is None:
            raise TrackApiError(CHANGE_TO_NOTHING)
        if not _is_known_carrier(carrier):
            raise TrackApiError(CHANGE_TO_UNKNOWN)
        if registration.stopped:
            raise TrackApiError(CHANGE_WHEN_STOPPED)
        if carrier == _carrier_key_of(state, registration):
            raise TrackApiError(CHANGE_TO_SAME)
        registration.carrier = carrier
        return {"number": number, "carrier": carrier}

    return _process_and_save(state, items, process_item)


def gettracklist(state: SimulatorState, query: object) -> Json:
    """List the registered numbers, 40 a page, oldest first; `query` may have a `number` and a `page_no` from 1."""
    if not isinstance(query, dict) or not isinstance(page_no := query.get("page_no") or 1, int) or page_no < 1:
        raise TrackApiError(INVALID_DATA)
    registrations = [registration for registration in state if query.get("number") in (None, "", registration.number)]
    page = registrations[(page_no - 1) * PAGE_SIZE : page_no * PAGE_SIZE]
    return {
        "page": {
            "data_total": len(registrations),
            "page_total": -(-len(registrations) // PAGE_SIZE),
            "page_no": page_no,
            "page_size": PAGE_SIZE,
        },
        "accepted": [_list_item(state, registration) for registration in page],
        "rejected": [],
    }


def _list_item(state: SimulatorState, registration: RegisteredNumber) -> Json:
    return {
        "number": registration.number,
        "carrier": _carrier_key_of(state, registration),
        "tag": registration.tag,
        "param": registration.param,
        "register_time": state.clock.real_time_of(registration.registered_at).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tracking_status": "Stopped" if registration.stopped else "Tracking",
    }


def getquota(state: SimulatorState, query: object) -> Json:
    """Return how many registrations are left."""
    used = len(state.registrations)
    return {
        "quota_total": QUOTA,
        "quota_used": used,
        "quota_remain": QUOTA - used,
        "today_used": used,
        "max_track_daily": QUOTA,
        "free_email_quota": 0,
        "free_email_quotaused": 0,
    }


ENDPOINTS: Final[dict[str, Callable[[SimulatorState, object], Json]]] = {
    endpoint.__name__: endpoint
    for endpoint in (register, gettrackinfo, gettracklist, stoptrack, retrack, deletetrack, changecarrier, getquota)
}
