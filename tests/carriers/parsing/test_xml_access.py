"""Plain XML is parsed; XML with entities and anything else is refused."""

from __future__ import annotations

import pytest

from tracking.carriers.parsing.json_access import UnreadableAnswerError
from tracking.carriers.parsing.xml_access import element_text, load_xml

ENTITY_EXPANSION = b'<!DOCTYPE a [<!ENTITY b "boom"><!ENTITY c "&b;&b;">]><a>&c;</a>'
EXTERNAL_ENTITY = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'


def test_namespaces_come_off_and_text_is_trimmed() -> None:
    root = load_xml(b'<s:a xmlns:s="urn:x"><s:b> word </s:b></s:a>', "a")

    assert element_text(root, "b") == "word"
    assert element_text(root, "missing") == ""
    assert element_text(None, "b") == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a>",
        b"{}",
        ENTITY_EXPANSION,
        EXTERNAL_ENTITY,
        b"\xff\xfe",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
    ],
)
def test_unsafe_or_invalid_xml_is_refused_with_a_one_line_message(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError) as error:
        load_xml(body)

    assert "\n" not in str(error.value)


def test_an_unexpected_root_is_refused() -> None:
    with pytest.raises(UnreadableAnswerError, match="<b> where <a> was expected"):
        load_xml(b"<b/>", "a")
