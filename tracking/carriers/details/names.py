"""Reduce the names of persons to initials, and drop what is no name."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

MAX_INITIALS: Final = 3
TITLE_PATTERN: Final = re.compile(
    r"\b(?:mr|mrs|ms|miss|mx|dr|prof|herr|frau|hr|fr|mme|mlle|monsieur|madame|sr|sra|srta|don|doña)\b\.?",
    re.IGNORECASE,
)
ROLE_PATTERN: Final = re.compile(
    r"\b(?:recipients?|addressee|consignee|customer|receiver|occupant|resident|owner|individual|adult|agent|neighbou?rs?"
    r"|reception(?:ist)?|concierge|porter|front ?desk|mail ?room|office|security|guard|staff|employee|colleague|dock"
    r"|door|porch|garage|locker|box|parcel ?shop|station|point|store|shop|carrier|courier|driver|sender"
    r"|shipper|company|post|home|house|signature|signed|unknown"
    r"|not? (?:required|available|signed)|none|n/?a|yes|no|true|false|null|online|empfänger|nachbar\w*"
    r"|ehegatte|ehepartner|andere|person|familienangehörige\w*|mitarbeiter\w*|empfang|pförtner|hausmeister|destinataire|voisine?|gardienne?"
    r"|accueil|destinatario|vecin[oa]|conserje|portero|recepción|destinatário|vizinh[oa]|porteiro|portaria|ontvanger|buren"
    r"|получатель|адресат|сосед\w*)\b|本人|他人|家人|邻居|同事|前台|门卫|物业|收发室|代收|驿站|快递柜|丰巢|本人様|ご本人|ご家族|宅配ボックス|본인|가족|경비실|무인",
    re.IGNORECASE,
)
"""What stands where a name is expected and names nobody: initials of it would be invented."""
EAST_ASIAN_PATTERN: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
WORD_PATTERN: Final = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=4096)
def initials_of(name: str) -> str:
    """Return the initials of a person's name, such as `J. S.`; '' for a role, a company's desk or no name at all.

    Of a name in Chinese, Japanese or Korean characters the first one is kept.
    """
    if len(name) > 80 or ROLE_PATTERN.search(name):
        return ""
    words = WORD_PATTERN.findall(TITLE_PATTERN.sub(" ", name))
    if not words:
        return ""
    if EAST_ASIAN_PATTERN.match(words[0]):
        return f"{words[0][0]}…"
    return " ".join(f"{word[0].upper()}." for word in words[:MAX_INITIALS])
