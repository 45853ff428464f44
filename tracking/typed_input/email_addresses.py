"""Write a mail address in the one spelling that is compared and stored."""

from __future__ import annotations

import re
from typing import Final

import idna

from tracking.typed_input.characters import normalize_characters

BRACKETED_ADDRESS_PATTERN: Final = re.compile(r"<([^<>@]{1,64}@[^<>@]{1,255})>\s*$")
LABEL_PATTERN: Final = re.compile(r"^(?:[^@:]{1,40}:)+")


def normalize_email_address(text: str) -> str:
    """Return a typed address in lower case with an ASCII domain (IDNA 2008); what follows a plus stays.

    A name around it, `mailto:` and a label are left out. A text that is no address is returned in lower case.
    """
    plain = normalize_characters(text).strip().lower()
    # Text of several lines is no address: it could be meant as further headers of a mail.
    if "@" not in plain or len(plain.splitlines()) > 1:
        return plain
    bracketed = BRACKETED_ADDRESS_PATTERN.search(plain)
    name, _at, domain = LABEL_PATTERN.sub("", bracketed[1] if bracketed else plain).rpartition("@")
    return f"{name.strip()}@{ascii_domain(domain.partition('?')[0].strip())}"


def normalize_verified_address(address: str) -> str:
    """Return an address whose owner received a mail there, as it is compared with the addresses of orders.

    A full-width letter or the Kelvin sign before the @ is another mailbox: it never becomes an ASCII letter here.
    """
    name, _at, domain = address.strip().rpartition("@")
    lowered = name.lower()
    return f"{lowered if lowered.isascii() == name.isascii() else name}@{ascii_domain(domain.lower())}"


def ascii_domain(domain: str) -> str:
    """Return a domain as ASCII letters; one that is none is returned as it is."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain
