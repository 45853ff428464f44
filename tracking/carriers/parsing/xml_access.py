"""Typed access to XML answers. The parser refuses entities, external references and entity expansion attacks."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from tracking.carriers.parsing.json_access import UnreadableAnswerError, clean_text


def load_xml(body: bytes, *roots: str) -> Element:
    """Return the root of the XML in `body`, with namespaces removed from every tag.

    Raise `UnreadableAnswerError` for a body that is not XML, for XML with entities, and for a root not in `roots`.
    """
    try:
        root: Element = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        start = body[:40].decode("utf-8", "replace").strip().replace("\n", " ")
        raise UnreadableAnswerError(f"the answer is not plain XML: it starts with {start!r}") from error
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    if roots and root.tag not in roots:
        raise UnreadableAnswerError(f"the answer is <{root.tag}> where <{'> or <'.join(roots)}> was expected")
    return root


def element_text(element: Element | None, path: str) -> str:
    """Return the trimmed text at `path` below an element; '' if it is missing."""
    return clean_text(element.findtext(path)) if element is not None else ""
