"""Numbers in tracking links: of carriers, of trackers, behind redirects, several in one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from tracking.carriers.directory import CARRIER_NAMES, slug_for
from tracking.carriers.numbers.detection import normalize_number
from tracking.carriers.numbers.tracking_sites import SITE_BY_HOST, TrackingSite

EMBEDDED_URL_PATTERN: Final = re.compile(r"https?(?::/{1,2}|:%2f%2f|%3a%2f%2f|%253a%252f%252f)", re.IGNORECASE)
ENCODED_URL_PATTERN: Final = re.compile(r":%2f%2f|%(?:25)?3[adf]", re.IGNORECASE)
NUMBER_SEPARATOR_PATTERN: Final = re.compile(r"[,;|\n]+")
POSTCODE_SUFFIX_PATTERN: Final = re.compile(r"-[A-Z]{2}-")
MAX_REDIRECT_DEPTH: Final = 4
MAX_PARAMETERS: Final = 200
MIN_NUMBER_LENGTH: Final = 6
MIN_BLANK_SEPARATED_LENGTH: Final = 8
UNKNOWN_SITE: Final = TrackingSite("")


class LinkedNumber(NamedTuple):
    """What may be a number in a link. `sure`: it stands where this page has its numbers."""

    number: str
    carriers: tuple[str, ...]
    is_certain: bool


class ParsedUrl(NamedTuple):
    """An address taken apart."""

    host: str
    parameters: tuple[tuple[str, str], ...]
    segments: tuple[str, ...]


def extract_numbers_from_link(link: str) -> list[LinkedNumber]:
    """Return what may be numbers in a link: of the innermost known page, or any part of an unknown one."""
    layers = [address for layer in unwrap_redirects(link) if (address := parse_url(layer))]
    for address in reversed(layers):
        site = find_site(address.host)
        if site and (found := list(extract_from_site(site, address))):
            return found
    return [part for address in layers[-1:] for part in extract_from_any_part(UNKNOWN_SITE, address)]


def unwrap_redirects(link: str) -> Iterator[str]:
    """Yield a link and those that it wraps, from the outside in."""
    for _ in range(MAX_REDIRECT_DEPTH):
        yield link
        inner = EMBEDDED_URL_PATTERN.search(link, 8)
        if not inner:
            return
        link = link[inner.start() :]
        first = link.partition("&")[0]
        if ENCODED_URL_PATTERN.search(first):
            link = unquote(first)
            link = unquote(link) if "%" in link[:12] else link


def parse_url(link: str) -> ParsedUrl | None:
    """Return the parts of a link, or None for one that is broken."""
    try:
        parts = urlsplit(link if "://" in link else f"https://{link}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    path, _, inner = parts.fragment.lstrip("!").partition("?")
    queries = (parts.query, inner, "" if "/" in path else path)
    pairs = [pair for query in queries for pair in query.replace(";", "&").split("&")[:MAX_PARAMETERS] if pair]
    return ParsedUrl(
        host,
        tuple((name.lower(), value) for pair in pairs for name, value in parse_qsl(pair)),
        tuple(unquote(part) for part in f"{parts.path}/{path}".split("/") if part),
    )


def find_site(host: str) -> TrackingSite | None:
    """Return the known page of a host or of a domain above it."""
    labels = host.split(".")[-5:]
    return next((site for start in range(len(labels)) if (site := SITE_BY_HOST.get(".".join(labels[start:])))), None)


def extract_from_site(site: TrackingSite, url: ParsedUrl) -> Iterator[LinkedNumber]:
    """Yield the numbers where the page has them; failing that, whatever may be one."""
    keys, after = site.query_keys.split(), site.preceding_segments.split()
    named = [value for name, value in url.parameters if name in keys]
    behind = [part for before, part in zip(("*", *url.segments), url.segments, strict=False) if before in after]
    last = url.segments[-1:] if "*" in after else ()
    carriers = site.carriers or carriers_in_path(url.segments)
    sure = [LinkedNumber(number, carriers, True) for part in (*named, *behind, *last) for number in split_numbers(part)]
    yield from sure or extract_from_any_part(site, url)


def carriers_in_path(segments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the carrier that a tracker's address names before the number, as in `/track/ups/1Z..`."""
    named = slug_for(segments[-2]) if len(segments) > 1 else ""
    return (named,) if named in CARRIER_NAMES else ()


def extract_from_any_part(site: TrackingSite, url: ParsedUrl) -> Iterator[LinkedNumber]:
    """Yield every part of an address that may be a number."""
    parts = [value for _, value in url.parameters] + list(url.segments)
    yield from (LinkedNumber(number, site.carriers, False) for part in parts for number in split_numbers(part))


def split_numbers(part: str) -> Iterator[str]:
    """Yield what may be numbers in one part: apart by commas and the like, or by blanks where each is long enough."""
    for piece in NUMBER_SEPARATOR_PATTERN.split(part.partition("/")[0]):
        words = piece.split()
        for told in words if min(map(len, words), default=0) >= MIN_BLANK_SEPARATED_LENGTH else [piece]:
            number = normalize_number(POSTCODE_SUFFIX_PATTERN.split(told, maxsplit=1)[0])
            if len(number) >= MIN_NUMBER_LENGTH and any(map(str.isdigit, number)):
                yield number
