"""Isolate left-to-right codes and addresses inside right-to-left sentences, for plain text that has no markup."""

from __future__ import annotations

from typing import Final

from babel import Locale

LEFT_TO_RIGHT_ISOLATE: Final = "\N{LEFT-TO-RIGHT ISOLATE}"
POP_ISOLATE: Final = "\N{POP DIRECTIONAL ISOLATE}"


def isolate_left_to_right(code: str, locale: Locale) -> str:
    """Wrap a code, number or address in isolates if the language runs right to left (Unicode TR 9, section 2.4)."""
    return f"{LEFT_TO_RIGHT_ISOLATE}{code}{POP_ISOLATE}" if locale.text_direction == "rtl" and code else code
