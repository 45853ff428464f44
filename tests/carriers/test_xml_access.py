"""XML from outside: read when it is plain, refused when it is not."""

from __future__ import annotations

import pytest

from tracking.carriers.json_access import UnreadableAnswerError
from tracking.carriers.xml_access import element_text, load_xml

BOMB = b'<!DOCTYPE a [<!ENTITY b "boom"><!ENTITY c "&b;&b;">]><a>&c;</a>'
OUTSIDE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'


def test_namespaces_come_off_and_text_is_trimmed() -> None:
    root = load_xml(b'<s:a xmlns:s="urn:x"><s:b> word </s:b></s:a>', "a")

    assert element_text(root, "b") == "word"
    assert element_text(root, "missing") == ""
    assert element_text(None, "b") == ""


@pytest.mark.parametrize(
    "body", [b"", b"<a>", b"{}", BOMB, OUTSIDE, b"\xff\xfe", b'<?xml version="1.0" encoding="no-such"?><a/>']
)
def test_tricks_and_rubbish_are_refused_in_one_line(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError) as trouble:
        load_xml(body)

    assert "\n" not in str(trouble.value)


def test_another_root_is_a_changed_form() -> None:
    with pytest.raises(UnreadableAnswerError, match="<b> where <a> was expected"):
        load_xml(b"<b/>", "a")
