"""The tuples in which events travel to the database."""

from __future__ import annotations

from tracking.ingest.loaded import FIRST_INTERPRETED, Interpretation, NewEvent


def test_a_new_event_ends_with_the_columns_of_its_interpretation() -> None:
    assert NewEvent._fields[FIRST_INTERPRETED:] == Interpretation._fields
