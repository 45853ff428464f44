"""Apply what one answer reports of one leg: new scans, newer wordings, and what it no longer holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tracking.carriers.parsed import ParsedScan
from tracking.carriers.text_rules import redact_person_names
from tracking.ingest.loaded import EventKey, LoadedShipment, NewEvent, StoredEvent
from tracking.ingest.matching import distinct_scans, fingerprint_scans, match_scans
from tracking.journey.withdrawal import (
    AnswerHistory,
    CompleteAnswer,
    judge_withdrawal,
    oldest_scan_time,
    scan_time,
    stored_history,
)
from tracking.models import Leg, Payload, Shipment
from tracking.models.payloads import ReceivedVia
from tracking.vocabulary import MILESTONE_OF_SCAN, Exclusion


class LegReport:
    """What one answer of a feed reports of a leg. Answers may be added in any order: the time of receipt counts."""

    def __init__(self, loaded: LoadedShipment, leg: Leg, payload: Payload, is_complete: bool) -> None:
        self.loaded, self.leg, self.payload, self.is_complete = loaded, leg, payload, is_complete
        self.times = receipt_times(payload)
        self.known = loaded.events_of(leg.pk, payload.carrier_id)
        self.history = stored_history(leg.complete_answers, payload.carrier_id)
        self.complete_answer: CompleteAnswer | None = None
        """What the history keeps of this answer, if it is complete and a time is known."""
        self.has_changed = False
        self.holds_all_scans = not payload.carrier.adapter_instance.pushes_only_new_scans
        """Whether the place of a scan in the answer says which one it is among those of one time."""

    @property
    def received_at(self) -> datetime:
        """Return when the answer was received last."""
        return self.times[-1]

    def add(self, events: Sequence[NewEvent]) -> list[NewEvent]:
        """Add the events of the answer; return those that are new."""
        oldest = oldest_scan_time(stored_time(event) for event in events) if self.is_complete else None
        self.complete_answer = CompleteAnswer(self.received_at, oldest) if oldest is not None else None
        history = self.extended_history(oldest)
        is_late = bool(history.answers) and history.answers[-1].received_at > self.received_at
        matched = match_scans(
            list(self.known),
            [event.fingerprint for event in events],
            in_order=self.holds_all_scans,
        )
        new_events = []
        for event in events:
            if (known_as := matched.get(event.fingerprint)) is None:
                new_events.append(event)
                self.loaded.add_event(event)
                if is_late:
                    self.judge(event.key, history)
            else:
                self.report_again(self.known[known_as], (self.leg.pk, known_as), event, history)
        if self.complete_answer is not None:
            held = set(matched.values())
            for fingerprint, known in self.known.items():
                if fingerprint not in held:
                    self.report_missing(known, (self.leg.pk, fingerprint), history)
        return new_events

    def extended_history(self, oldest: datetime | None) -> AnswerHistory:
        """Return the feed's complete answers with this one, if it is complete, and store them on the leg.

        `oldest` is the time of its oldest scan.
        """
        if oldest is None:
            return self.history
        history = self.history.including(CompleteAnswer(time, oldest) for time in self.times)
        if history != self.history:
            store_history(self.loaded, self.leg, self.payload.carrier_id, history)
        return history

    def report_again(self, known: StoredEvent, key: EventKey, event: NewEvent, history: AnswerHistory) -> None:
        """Take over the wording of a known scan unless a newer answer holds it; a missing scan is back."""
        reported_until = last_reported_at(known, self.history)
        latest = max(reported_until, self.received_at)
        has_moved = self.holds_all_scans and known.sequence != event.sequence
        if self.has_newest_wording(known, reported_until) and (has_moved or differs(known, key, event)):
            self.loaded.rewrite_event(key, event._replace(last_reported_at=latest))
            key, self.has_changed = event.key, True
        elif known.missing_since is not None or not self.is_kept_in_history(known):
            self.loaded.set_state(key, known._replace(last_reported_at=latest))
        if known.missing_since is not None:
            self.judge(key, history)

    def is_kept_in_history(self, known: StoredEvent) -> bool:
        """Return whether the history of complete answers says that this one holds a known scan."""
        return self.complete_answer is not None and self.complete_answer.would_hold(known.scan_at)

    def has_newest_wording(self, known: StoredEvent, reported_until: datetime) -> bool:
        """Return whether no answer about a known scan is newer than this one; a replay of its own answer is as new."""
        is_newer = (self.received_at, self.payload.pk) >= (reported_until, known.payload_id or 0)
        return is_newer or known.payload_id == self.payload.pk

    def report_missing(self, known: StoredEvent, key: EventKey, history: AnswerHistory) -> None:
        """Note that a complete answer does not hold a known scan."""
        self.loaded.events[key] = known._replace(last_reported_at=last_reported_at(known, self.history))
        if not self.judge(key, history):
            self.loaded.events[key] = known

    def judge(self, key: EventKey, history: AnswerHistory) -> bool:
        """Decide whether a scan is missing or withdrawn; tell whether that has changed."""
        has_changed = judge_event(self.loaded, key, history)
        self.has_changed = self.has_changed or has_changed
        return has_changed


def judge_event(loaded: LoadedShipment, key: EventKey, history: AnswerHistory) -> bool:
    """Set whether a scan, whose `last_reported_at` is exact, is missing or withdrawn; tell whether that has changed."""
    known = loaded.events[key]
    found = judge_withdrawal(history, known.scan_at, known.last_reported_at, known.missing_since)
    exclusion = known.exclusion
    if exclusion != Exclusion.REMOVED and found.is_withdrawn:
        exclusion = Exclusion.WITHDRAWN.value
    elif exclusion == Exclusion.WITHDRAWN:
        exclusion = ""
    return loaded.set_state(key, known._replace(missing_since=found.missing_since, exclusion=exclusion))


def last_reported_at(known: StoredEvent, history: AnswerHistory) -> datetime:
    """Return when the newest answer came that holds a known scan.

    What is stored is exact for a missing scan. Any other is held by the newest complete answer with older scans too: to
    store that with each answer would mean an update of every event.
    """
    if known.missing_since is not None:
        return known.last_reported_at
    return max(known.last_reported_at, history.last_holding(known.scan_at) or known.last_reported_at)


def differs(known: StoredEvent, key: EventKey, event: NewEvent) -> bool:
    """Return whether a scan is worded, placed or read differently from what is known of it."""
    return key[1] != event.fingerprint or known.interpretation != event.interpretation or known.town != event.town


def receipt_times(payload: Payload) -> list[datetime]:
    """Return when the content of a payload was received, first and last.

    A push counts once: its bytes can be sent again by anybody, and carriers repeat a push that was not acknowledged.
    """
    if payload.received_via != ReceivedVia.POLL:
        return [payload.received_at]
    return sorted({payload.received_at, payload.last_received_at})


def store_history(loaded: LoadedShipment, leg: Leg, feed_id: int | None, history: AnswerHistory) -> None:
    """Store the complete answers of a feed on a leg."""
    leg.complete_answers = {**leg.complete_answers, str(feed_id): history.as_json()}
    loaded.completed_legs.add(leg)


def stored_time(event: NewEvent) -> datetime | None:
    """Return when the scan of a new event happened, to compare it with others of its feed."""
    return scan_time(event.occurred_at, event.local_time)


def build_events(shipment: Shipment, leg: Leg, scans: Sequence[ParsedScan], payload: Payload) -> list[NewEvent]:
    """Return the events of a leg's scans in one answer; scans that are equal in all that was read are one event."""
    distinct = distinct_scans(scans)
    fingerprints = fingerprint_scans(distinct, payload.carrier_id)
    received_at = receipt_times(payload)[-1]
    return [
        build_event((shipment.pk, leg.pk), scan, (fingerprint, sequence), payload, received_at)
        for sequence, (scan, fingerprint) in enumerate(zip(distinct, fingerprints, strict=True))
    ]


def build_event(
    owner: tuple[int, int], scan: ParsedScan, identity: tuple[str, int], payload: Payload, reported_at: datetime
) -> NewEvent:
    """Return the event of a parsed scan, with texts cut to their columns and without names of persons.

    `owner` holds the ids of shipment and leg, `identity` the fingerprint and the place in the answer.
    """
    time, place, milestone = scan.time, scan.place, MILESTONE_OF_SCAN[scan.scan]
    return NewEvent(
        shipment_id=owner[0],
        leg_id=owner[1],
        feed_id=payload.carrier_id,
        received_at=payload.received_at,
        exclusion="",
        missing_since=None,
        last_reported_at=reported_at,
        payload_id=payload.pk,
        fingerprint=identity[0],
        sequence=identity[1],
        raw_time=time.raw_time[:64],
        code=scan.code[:120],
        text=redact_person_names(scan.text),
        language=(scan.language or "")[:16],
        raw_place=place.text[:200],
        region=(place.region or "")[:80],
        city=(place.city or "")[:80],
        postal_code=(place.postal_code or "")[:16],
        lat=place.lat,
        lon=place.lon,
        scan=scan.scan.value,
        milestone=milestone.value if milestone else "",
        occurred_at=time.occurred_at,
        local_time=time.local_time.isoformat() if time.local_time else "",
        offset_minutes=time.offset_minutes,
        precision=time.precision.value,
        zone_source=time.zone_source.value,
        zone=time.zone or "",
        country=place.country or "",
    )
