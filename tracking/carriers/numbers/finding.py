"""Tracking numbers in whatever a person pastes: a list, a sentence, an e-mail or its source, HTML, links.

A link says whose number it holds. A list of nothing but numbers is taken at its word. Among other words, a number is
offered when its shape or its check digit speaks for it, or when a word before it announces a tracking number; mere
digits behind a word such as "order" or "phone", or next to a currency sign, a plus or a slash, are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tracking.carriers.numbers.candidates import Candidate, Certainty, Found, Reason, Source
from tracking.carriers.numbers.clean import LINK, Page, page_of
from tracking.carriers.numbers.detection import NO_HISTORY, compact, concluded, fits_of
from tracking.carriers.numbers.formats import UNMARKED
from tracking.carriers.numbers.links import Linked, linked
from tracking.carriers.numbers.rank import reason_more
from tracking.carriers.numbers.scan import Piece, pieces
from tracking.carriers.numbers.wording import announces, carriers_named

ENTRY: Final = re.compile(r"[\n;\t|]+|,(?!\d{1,3}(?!\d))")
NEARBY: Final = 80
WORD: Final = re.compile(r"(?<![^\W_])[^\W\d_]{3,}(?![^\W_])")
LIST_LIMIT: Final = 5000


class Reader:
    """Reads one text for one destination and one shop."""

    def __init__(self, destination: str | None, history: Mapping[str, int]) -> None:
        self.destination, self.history = destination, history

    def found(self, candidates: list[Candidate], source: Source) -> Found | None:
        """Return the number with its candidates ranked, or nothing without any."""
        ranked = concluded(candidates, self.destination, self.history)
        return Found(ranked[0].number, tuple(ranked), source) if ranked else None

    def read(self, text: str) -> Iterator[Found | None]:
        """Yield what stands in a text, in order of reading."""
        page = page_of(text)
        entries = [entry.strip() for entry in ENTRY.split(page.words)]
        if not page.links and is_list([entry for entry in entries if entry]):
            for entry in entries:
                yield from self.read_entry(entry)
        else:
            yield from self.read_words(page)

    def read_entry(self, entry: str) -> Iterator[Found | None]:
        """Yield the number that one entry of a list is, or those that stand in it."""
        fits = fits_of(entry)
        if any(fit.certainty is not Certainty.LOOSE for fit in fits) or len(entry.split()) == 1:
            yield self.found(fits, Source.BARE)
        else:
            yield from self.read_words(Page(entry, ()))

    def read_words(self, page: Page) -> Iterator[Found | None]:
        """Yield the numbers among words, and those in the links where these stand."""
        named, links = carriers_named(page.words), iter(page.links)
        for piece in pieces(page.words):
            if piece.text == LINK:
                for part in linked(next(links, "")):
                    yield self.read_link(part)
            elif fits := fits_of(piece.text):
                words = page.words[max(0, piece.start - NEARBY) : piece.start]
                near = carriers_named(words)
                if spoken_for(piece, fits, near, announces(words)):
                    yield self.found([with_name(fit, near or named) for fit in fits], Source.TEXT)

    def read_link(self, part: Linked) -> Found | None:
        """Return a number in a link. On an unknown page it must be marked and checked, elsewhere fit the carrier."""
        fits = fits_of(part.number)
        if not part.sure:
            fits = [fit for fit in fits if is_good(fit, part.carriers)]
            return self.found(with_link(fits, part), Source.LINK) if fits else None
        return self.found(with_link(fits, part), Source.LINK)


def find(text: str, *, destination: str | None = None, history: Mapping[str, int] = NO_HISTORY) -> list[Found]:
    """Return the tracking numbers in a text, each once, in order of reading; a link's word on one goes first."""
    told: dict[str, Found] = {}
    for found in Reader(destination, history).read(text):
        if found and (found.number not in told or (found.source is Source.LINK and not by_link(told[found.number]))):
            told[found.number] = found
    return list(told.values())


def by_link(found: Found) -> bool:
    """Say whether a link named the carrier."""
    return Reason.LINK in found.candidates[0].reasons


def is_list(entries: list[str]) -> bool:
    """Say whether a text is nothing but numbers: each entry fits a format, or at least holds no words."""
    return 0 < len(entries) <= LIST_LIMIT and all(
        compact(entry) and any(map(str.isdigit, entry)) and (fits_of(entry) or not WORD.search(entry))
        for entry in entries
    )


def spoken_for(piece: Piece, fits: list[Candidate], near: frozenset[str], label: str) -> bool:
    """Say whether a shape, a check digit, a word before it or its carrier's name speaks for a number among words."""
    if any(is_marked(fit) and trusted(fit, label) for fit in fits):
        return True
    if not piece.whole or piece.tainted or label == "other":
        return False
    if label == "tracking":
        return any(is_marked(fit) or not fit.mistyped for fit in fits)
    return any(fit.certainty is Certainty.CHECKED or (fit.carrier in near and not fit.mistyped) for fit in fits)


def trusted(fit: Candidate, label: str) -> bool:
    """Say whether a marked shape is enough: behind a word such as "order" it must be checked too."""
    return fit.certainty is Certainty.CHECKED or (fit.certainty is Certainty.SHAPED and label != "other")


def is_marked(fit: Candidate) -> bool:
    """Say whether the shape is the carrier's own."""
    return fit.format not in UNMARKED


def is_good(fit: Candidate, carriers: tuple[str, ...] = ()) -> bool:
    """Say whether a number can be taken without a word for it: marked and checked, or of a carrier that is known."""
    if fit.carrier in carriers:
        return not fit.mistyped
    return is_marked(fit) and fit.certainty is Certainty.CHECKED


def with_name(fit: Candidate, named: frozenset[str]) -> Candidate:
    """Return the candidate with the reason that the text names its carrier, if it does."""
    return reason_more(fit, Reason.NAMED_IN_TEXT) if fit.carrier in named and not fit.mistyped else fit


def with_link(fits: list[Candidate], part: Linked) -> list[Candidate]:
    """Return the candidates with what the link says: its carrier, unless a number of its own has a wrong digit.

    Nobody types a link, so mere digits that fail a check there are of a format that is not known here.
    """
    own = [fit for fit in fits if fit.carrier in part.carriers and (is_marked(fit) or not fit.mistyped)]
    others = [fit for fit in fits if fit.carrier not in part.carriers]
    if not part.carriers:
        return others
    if not own:
        own = [Candidate(part.carriers[0], part.number, "link", Certainty.CHECKED, (), None, 0.0)]
    return [linked_to(fit) for fit in own] + others


def linked_to(fit: Candidate) -> Candidate:
    """Return the candidate of the carrier that a link names."""
    certainty = fit.certainty if fit.mistyped else Certainty.CHECKED
    return reason_more(fit._replace(certainty=certainty), Reason.LINK)
