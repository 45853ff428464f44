"""Extract tracking numbers from links to carriers and aggregators, also behind redirects."""

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
    """A possible number in a link. `is_certain`: it is where this site puts its tracking numbers."""

    number: str
    carriers: tuple[str, ...]
    is_certain: bool


class ParsedUrl(NamedTuple):
    """The parts of a URL: parameters of query and fragment (names in lower case), segments of path and fragment."""

    host: str
    parameters: tuple[tuple[str, str], ...]
    segments: tuple[str, ...]


def extract_numbers_from_link(link: str) -> list[LinkedNumber]:
    """Return the possible numbers in a link: of the innermost known site, else any part of the innermost URL."""
    urls = [url for layer in unwrap_redirects(link) if (url := parse_url(layer))]
    for url in reversed(urls):
        site = find_site(url.host)
        if site and (numbers := list(extract_from_site(site, url))):
            return numbers
    return [number for url in urls[-1:] for number in extract_from_any_part(UNKNOWN_SITE, url)]


def unwrap_redirects(link: str) -> Iterator[str]:
    """Yield a link and the links that it wraps, outermost first, at most `MAX_REDIRECT_DEPTH`."""
    for _ in range(MAX_REDIRECT_DEPTH):
        yield link
        # The search starts behind the scheme of the link itself.
        embedded = EMBEDDED_URL_PATTERN.search(link, 8)
        if not embedded:
            return
        link = link[embedded.start() :]
        first = link.partition("&")[0]
        if ENCODED_URL_PATTERN.search(first):
            link = unquote(first)
            link = unquote(link) if "%" in link[:12] else link


def parse_url(link: str) -> ParsedUrl | None:
    """Return the parts of a link, or None for one that is malformed.

    Single-page sites put a path, a query or both into the fragment: `#/details?id=1`, `#id=1`. Both are read.
    """
    try:
        parts = urlsplit(link if "://" in link else f"https://{link}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    fragment, _, fragment_query = parts.fragment.lstrip("!").partition("?")
    queries = (parts.query, fragment_query, "" if "/" in fragment else fragment)
    return ParsedUrl(host, tuple(parse_parameters(queries)), split_segments(f"{parts.path}/{fragment}"))


def parse_parameters(queries: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the parameters of query strings, with names in lower case; at most `MAX_PARAMETERS` of each."""
    for query in queries:
        for pair in query.replace(";", "&").split("&")[:MAX_PARAMETERS]:
            if pair:
                yield from ((name.lower(), value) for name, value in parse_qsl(pair))


def split_segments(path: str) -> tuple[str, ...]:
    """Return the decoded, non-empty segments of a path."""
    return tuple(unquote(segment) for segment in path.split("/") if segment)


def find_site(host: str) -> TrackingSite | None:
    """Return the known site of a host or of a parent domain."""
    labels = host.split(".")[-5:]
    return next((site for start in range(len(labels)) if (site := SITE_BY_HOST.get(".".join(labels[start:])))), None)


def extract_from_site(site: TrackingSite, url: ParsedUrl) -> Iterator[LinkedNumber]:
    """Yield the numbers where the site puts them; if there are none, any possible number."""
    keys, preceding = site.query_keys.split(), site.preceding_segments.split()
    values = [value for name, value in url.parameters if name in keys]
    # "*" in a site's `preceding_segments` stands for the start of the path, and makes its last segment a number too.
    values += [part for before, part in zip(("*", *url.segments), url.segments, strict=False) if before in preceding]
    values += url.segments[-1:] if "*" in preceding else ()
    carriers = site.carriers or carriers_in_path(url.segments)
    certain = [LinkedNumber(number, carriers, True) for value in values for number in split_numbers(value)]
    yield from certain or extract_from_any_part(site, url)


def carriers_in_path(segments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the carrier that an aggregator's path names before the number, as in `/track/ups/1Z..`, or ()."""
    slug = slug_for(segments[-2]) if len(segments) > 1 else ""
    return (slug,) if slug in CARRIER_NAMES else ()


def extract_from_any_part(site: TrackingSite, url: ParsedUrl) -> Iterator[LinkedNumber]:
    """Yield every parameter and segment that may be a number."""
    parts = [value for _, value in url.parameters] + list(url.segments)
    yield from (LinkedNumber(number, site.carriers, False) for part in parts for number in split_numbers(part))


def split_numbers(part: str) -> Iterator[str]:
    """Yield the possible numbers in one value, separated by commas and the like, or by spaces if all are long."""
    for entry in NUMBER_SEPARATOR_PATTERN.split(part.partition("/")[0]):
        words = entry.split()
        for text in words if min(map(len, words), default=0) >= MIN_BLANK_SEPARATED_LENGTH else [entry]:
            # PostNL's links append the country and the postcode: 3SABCD123456789-NL-1234AB.
            number = normalize_number(POSTCODE_SUFFIX_PATTERN.split(text, maxsplit=1)[0])
            if len(number) >= MIN_NUMBER_LENGTH and any(map(str.isdigit, number)):
                yield number
