"""Codes and addresses inside right-to-left sentences: kept in their own direction where no markup can do it."""

from __future__ import annotations

from typing import Final

from babel import Locale

LEFT_TO_RIGHT_ISOLATE: Final = "\N{LEFT-TO-RIGHT ISOLATE}"
POP_ISOLATE: Final = "\N{POP DIRECTIONAL ISOLATE}"


def isolate_left_to_right(code: str, locale: Locale) -> str:
    """Return a code, a number or an address as it stands in a sentence of this language (Unicode TR 9, 2.4)."""
    return f"{LEFT_TO_RIGHT_ISOLATE}{code}{POP_ISOLATE}" if locale.text_direction == "rtl" and code else code
