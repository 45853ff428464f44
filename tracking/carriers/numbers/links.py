"""Numbers in tracking links: of carriers, of trackers, behind redirects, several in one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from tracking.carriers.directory import NAMES, slug_for
from tracking.carriers.numbers.detection import compact
from tracking.carriers.numbers.sites import BY_HOST, Site

WRAPPED: Final = re.compile(r"https?(?::/{1,2}|:%2f%2f|%3a%2f%2f|%253a%252f%252f)", re.IGNORECASE)
ENCODED: Final = re.compile(r":%2f%2f|%(?:25)?3[adf]", re.IGNORECASE)
SPLIT: Final = re.compile(r"[,;|\n]+")
POSTCODE: Final = re.compile(r"-[A-Z]{2}-")
DEEPEST: Final = 4
PARAMETERS: Final = 200
SHORTEST: Final = 6
LONG_ENOUGH: Final = 8
FOREIGN: Final = Site("")


class Linked(NamedTuple):
    """What may be a number in a link. `sure`: it stands where this page has its numbers."""

    number: str
    carriers: tuple[str, ...]
    sure: bool


class Address(NamedTuple):
    """An address taken apart."""

    host: str
    parameters: tuple[tuple[str, str], ...]
    segments: tuple[str, ...]


def linked(link: str) -> list[Linked]:
    """Return what may be numbers in a link: of the innermost known page, or any part of an unknown one."""
    layers = [address for layer in unwrapped(link) if (address := taken_apart(layer))]
    for address in reversed(layers):
        site = site_of(address.host)
        if site and (found := list(on_site(site, address))):
            return found
    return [part for address in layers[-1:] for part in anywhere(FOREIGN, address)]


def unwrapped(link: str) -> Iterator[str]:
    """Yield a link and those that it wraps, from the outside in."""
    for _ in range(DEEPEST):
        yield link
        inner = WRAPPED.search(link, 8)
        if not inner:
            return
        link = link[inner.start() :]
        first = link.partition("&")[0]
        if ENCODED.search(first):
            link = unquote(first)
            link = unquote(link) if "%" in link[:12] else link


def taken_apart(link: str) -> Address | None:
    """Return the parts of a link, or None for one that is broken."""
    try:
        parts = urlsplit(link if "://" in link else f"https://{link}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    path, _, inner = parts.fragment.lstrip("!").partition("?")
    queries = (parts.query, inner, "" if "/" in path else path)
    pairs = [pair for query in queries for pair in query.replace(";", "&").split("&")[:PARAMETERS] if pair]
    return Address(
        host,
        tuple((name.lower(), value) for pair in pairs for name, value in parse_qsl(pair)),
        tuple(unquote(part) for part in f"{parts.path}/{path}".split("/") if part),
    )


def site_of(host: str) -> Site | None:
    """Return the known page of a host or of a domain above it."""
    labels = host.split(".")[-5:]
    return next((site for start in range(len(labels)) if (site := BY_HOST.get(".".join(labels[start:])))), None)


def on_site(site: Site, address: Address) -> Iterator[Linked]:
    """Yield the numbers where the page has them; failing that, whatever may be one."""
    keys, after = site.keys.split(), site.after.split()
    named = [value for name, value in address.parameters if name in keys]
    behind = [part for before, part in zip(("*", *address.segments), address.segments, strict=False) if before in after]
    last = address.segments[-1:] if "*" in after else ()
    carriers = site.carriers or carriers_in(address.segments)
    sure = [Linked(number, carriers, True) for part in (*named, *behind, *last) for number in numbers_in(part)]
    yield from sure or anywhere(site, address)


def carriers_in(segments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the carrier that a tracker's address names before the number, as in `/track/ups/1Z..`."""
    named = slug_for(segments[-2]) if len(segments) > 1 else ""
    return (named,) if named in NAMES else ()


def anywhere(site: Site, address: Address) -> Iterator[Linked]:
    """Yield every part of an address that may be a number."""
    parts = [value for _, value in address.parameters] + list(address.segments)
    yield from (Linked(number, site.carriers, False) for part in parts for number in numbers_in(part))


def numbers_in(part: str) -> Iterator[str]:
    """Yield what may be numbers in one part: apart by commas and the like, or by blanks where each is long enough."""
    for piece in SPLIT.split(part.partition("/")[0]):
        words = piece.split()
        for told in words if min(map(len, words), default=0) >= LONG_ENOUGH else [piece]:
            number = compact(POSTCODE.split(told, maxsplit=1)[0])
            if len(number) >= SHORTEST and any(map(str.isdigit, number)):
                yield number
