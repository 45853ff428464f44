"""A page put together from compressed parts is what its parts and gaps say, for every client."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from tracking.pages.spliced_page import PageParts, compress_part, join_gzip, join_plain

texts = st.text(max_size=300)


@given(st.lists(st.tuples(texts, texts), max_size=5), texts)
def test_any_parts_and_gaps_read_as_one_text(pairs: list[tuple[str, str]], end: str) -> None:
    names = [str(index) for index in range(len(pairs))]
    parts: PageParts = (
        *(part for name, (text, _gap) in zip(names, pairs, strict=True) for part in (compress_part(text), name)),
        compress_part(end),
    )
    gaps = {name: gap.encode() for name, (_text, gap) in zip(names, pairs, strict=True)}
    expected = ("".join(text + gap for text, gap in pairs) + end).encode()

    assert gzip.decompress(join_gzip(parts, gaps)) == expected
    assert join_plain(parts, gaps) == expected


def test_a_long_gap_and_a_repeated_one_are_filled() -> None:
    parts: PageParts = ("gap", compress_part("<p>" * 10_000), "gap")
    gap = "ü☂".encode() * 40_000

    whole = join_gzip(parts, {"gap": gap})

    assert gzip.decompress(whole) == gap + b"<p>" * 10_000 + gap
    # One stream, not several after each other, of which some browsers read the first only.
    assert zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(whole) == gzip.decompress(whole)
