"""Any answer is stored, and either parsed or marked unreadable: nothing crashes and nothing is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests import factories
from tests.carriers.test_mutations import JSON_ANSWERS, JUNK, all_paths, encoded, mutate
from tests.examples import scale_examples
from tracking.ingest.process import process_payload
from tracking.models import Event, Payload
from tracking.models.payloads import PayloadStatus

SEVENTEENTRACK_ANSWERS = [json.loads(path.read_bytes()) for path in JSON_ANSWERS if path.parent.name == "17track"]
LONG_VALUES = st.sampled_from(["x" * 300, "9" * 70, "LZ" + "0" * 90, "é" * 200, "ZZ", "2026-09-01T10:00:00+23:59"])


@pytest.mark.database
class Mutations(TestCase):
    @settings(max_examples=scale_examples(75))
    @given(value=st.sampled_from(SEVENTEENTRACK_ANSWERS), data=st.data())
    def test_a_mutated_answer_is_parsed_or_marked_unreadable(self, value: Any, data: st.DataObject) -> None:
        for number in ("LZ000000015CN", "YT0000000000000001"):
            factories.create_leg(number)
        for _ in range(data.draw(st.integers(1, 4))):
            path = data.draw(st.sampled_from(list(all_paths(value))))
            value = mutate(value, path, data.draw(JUNK | LONG_VALUES), remove=data.draw(st.booleans()))
        payload = factories.create_payload(encoded(value))

        events = process_payload(payload)

        stored = Payload.objects.get(pk=payload.pk)
        assert stored.status in (PayloadStatus.PARSED, PayloadStatus.UNMATCHED, PayloadStatus.UNREADABLE)
        assert bytes(stored.body) == encoded(value)
        assert len(events) == Event.objects.filter(payload=payload).count()
