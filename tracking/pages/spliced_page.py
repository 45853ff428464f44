"""A rendered page whose fixed parts are compressed once, with gaps that each answer fills: a gzip stream put together.

Deflate (RFC 1951) allows it: a full flush ends each part at a whole byte and lets nothing refer back over it, and a gap
is filled with a stored block. The checksum of the whole follows from those of the parts, because a CRC is linear.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Final, NamedTuple

GZIP_HEADER: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
LAST_BLOCK: Final = b"\x03\0"
"""An empty block that ends a deflate stream."""
MAX_STORED_BYTES: Final = 0xFFFF
RAW_DEFLATE: Final = -zlib.MAX_WBITS


class FixedPart(NamedTuple):
    """Bytes that are the same in each answer: compressed, their checksum and length, and `crc_shift`.

    `crc_shift` holds what each bit of the checksum of everything before becomes after as many bytes.
    """

    deflated: bytes
    crc: int
    length: int
    crc_shift: tuple[int, ...]


PageParts = tuple[FixedPart | str, ...]
"""Fixed parts and names of gaps, in order."""


def compress_part(text: str) -> FixedPart:
    """Return a fixed part of a page."""
    content, compressor = text.encode(), zlib.compressobj(wbits=RAW_DEFLATE)
    zeros = bytes(len(content))
    offset = zlib.crc32(zeros)
    return FixedPart(
        compressor.compress(content) + compressor.flush(zlib.Z_FULL_FLUSH),
        zlib.crc32(content),
        len(content),
        tuple(zlib.crc32(zeros, 1 << bit) ^ offset for bit in range(32)),
    )


def append_part(crc: int, part: FixedPart) -> int:
    """Return the checksum of what has the checksum `crc`, followed by a part."""
    moved = (moved for bit, moved in enumerate(part.crc_shift) if crc >> bit & 1)
    return reduce(int.__xor__, moved, part.crc)


def stored_blocks(content: bytes) -> Iterator[bytes]:
    """Yield content as blocks that are not compressed."""
    for start in range(0, len(content), MAX_STORED_BYTES):
        block = content[start : start + MAX_STORED_BYTES]
        yield struct.pack("<BHH", 0, len(block), len(block) ^ 0xFFFF) + block


def join_gzip(parts: PageParts, gaps: Mapping[str, bytes]) -> bytes:
    """Return a page as gzip; `gaps` holds what is in each gap."""
    crc, length, pieces = 0, 0, [GZIP_HEADER]
    for part in parts:
        if isinstance(part, FixedPart):
            pieces.append(part.deflated)
            crc, length = append_part(crc, part), length + part.length
        else:
            content = gaps[part]
            pieces.extend(stored_blocks(content))
            crc, length = zlib.crc32(content, crc), length + len(content)
    return b"".join([*pieces, LAST_BLOCK, struct.pack("<II", crc, length)])


def join_plain(parts: PageParts, gaps: Mapping[str, bytes]) -> bytes:
    """Return a page as it is, for the few clients that read no gzip."""
    return b"".join(
        zlib.decompressobj(RAW_DEFLATE).decompress(part.deflated) if isinstance(part, FixedPart) else gaps[part]
        for part in parts
    )
