"""EasyPost, Trackers API v2: an aggregator that is told a number once and tells of it from then on.

Source: docs.easypost.com and EasyPost's client libraries. The API key is the user of HTTP Basic. `POST /v2/trackers`
registers a number and finds its carrier; `GET /v2/trackers?tracking_code=` answers `{"trackers": [..]}`; a push is an
`Event` with the tracker as `result`. `status_detail` says more than `status`; a carrier is a name. Pushes are signed:
`X-Hmac-Signature: hmac-sha256-hex=` and the HMAC of the raw body, keyed by the secret in Unicode form NFKD.

Every time ends in `Z` and is read as UTC. Not settled by public material: whether that is the carrier's instant always,
or at times a local clock that EasyPost could not place, and the whole list of details (unlisted ones stay unmapped).
`signed_by` is never read.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import parsed, timestamps
from tracking.carriers.adapter import Adapter, Credential, Line, basic
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import RefusedAnswer, day_of, listing, load_json, mapping, required_text, text
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.measures import grams, measures
from tracking.carriers.parsed import CarrierDate, Reading, Refusal, ToldLeg, ToldParcel, ToldScan
from tracking.carriers.places import country_in, place_in

TABLE: Final = Table.load("easypost")
PATH: Final = "/v2/trackers"
SIGNED: Final = "hmac-sha256-hex="
SAYS_LITTLE: Final = frozenset({"", "unknown", "status_update", "in_transit"})
"""Details that say no more than the status does."""


class EasyPost(Adapter):
    slug = "easypost"
    name = "EasyPost"
    version = TABLE.version
    base_url = "https://api.easypost.com"
    homepage = "https://www.easypost.com"
    credentials = (Credential("key", "API key"), Credential("webhook_secret", "Webhook secret", required=False))
    batch_size = 1
    aggregates = True
    calls_per_second = 5.0
    registers = True
    register_batch_size = 1

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "error" in answer:
            raise RefusedAnswer(refusal_words(mapping(answer["error"], "error")))
        if "trackers" in answer:
            return read_trackers(listing(answer["trackers"], "trackers"), heard_at)
        if text(answer.get("object")) == "Event":
            result = mapping(answer.get("result"), "result")
            return read_trackers([result] if text(result.get("object")) == "Tracker" else [], heard_at, pushed=True)
        return Reading((read_tracker(answer, heard_at),))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        params = {"tracking_code": numbers[0], "page_size": "1"}
        return await line.send("GET", PATH, headers=key_header(line), params=params)

    async def register(self, line: Line, numbers: Sequence[str]) -> bytes:
        asked = {"tracker": {"tracking_code": numbers[0]}}
        return await line.send("POST", PATH, headers=key_header(line), json=asked)

    async def probe(self, line: Line) -> str:
        load_json(await line.send("GET", PATH, headers=key_header(line), params={"page_size": "1"}))
        return "connected"

    def verify(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        secret = unicodedata.normalize("NFKD", credentials.get("webhook_secret", ""))
        expected = SIGNED + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return bool(secret) and hmac.compare_digest(expected.encode(), headers.get("x-hmac-signature", "").encode())


def key_header(line: Line) -> dict[str, str]:
    """Return the header that carries the account's key: the user of HTTP Basic, without a password."""
    return {"Authorization": basic(line.credentials.get("key", ""), "")}


def refusal_words(error: Mapping[str, Any]) -> str:
    """Say in one line why the whole call was refused."""
    code, words = text(error.get("code")) or "no code", text(error.get("message")) or "no reason given"
    return f"EasyPost refused the call ({code}): {words}"


def read_trackers(items: Sequence[Any], heard_at: datetime, *, pushed: bool = False) -> Reading:
    """Read trackers; a question without any means that the number was never registered."""
    if not items and not pushed:
        return Reading((), (Refusal("", parsed.NOT_REGISTERED, "no tracker"),))
    return Reading(tuple(read_tracker(item, heard_at) for item in items))


def read_tracker(item: Any, heard_at: datetime) -> ToldParcel:
    """Read one tracker. Its details come oldest first."""
    entry = mapping(item, "a tracker")
    number, carrier = required_text(entry.get("tracking_code"), "tracking_code"), text(entry.get("carrier"))
    more = mapping(entry.get("carrier_detail"), "carrier_detail")
    origin, destination = (
        country_in(more.get(f"{end}_tracking_location"), f"{end}_tracking_location")
        for end in ("origin", "destination")
    )
    day = day_of(more.get("est_delivery_date_local"))
    details = listing(entry.get("tracking_details"), "tracking_details")
    return ToldParcel(
        number=number,
        legs=(ToldLeg(slug_for(carrier), carrier, number),) if carrier else (),
        scans=tuple(read_detail(detail, (origin, destination), heard_at) for detail in details),
        origin=origin,
        destination=destination,
        carrier_date=CarrierDate(day, day, "EasyPost") if day else None,
        measures=measures(grams(entry.get("weight"), "oz")),
    )


def read_detail(item: Any, route: tuple[str | None, str | None], heard_at: datetime) -> ToldScan:
    """Read one event. The carrier's own words are its `message`; the carrier's own code helps only the operator."""
    detail = mapping(item, "a detail")
    place, words = place_in(detail.get("tracking_location"), "tracking_location"), text(detail.get("message"))
    status, more = text(detail.get("status")), text(detail.get("status_detail"))
    code = status if more in SAYS_LITTLE or status == "delivered" else f"{status}/{more}"
    when = timestamps.read(text(detail.get("datetime")), place.country, heard_at, region=place.region)
    return ToldScan(0, TABLE.read(code, side_of(place.country, *route), words), when, place, code, words)
