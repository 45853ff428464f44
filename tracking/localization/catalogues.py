"""Catalogues of messages: compiled without any system package, and checked. `python -m` compiles a folder."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|{\w*}")


def catalogues(folder: Path) -> list[Path]:
    """Return the catalogues under a locale folder."""
    return sorted(folder.glob("*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    """Read a catalogue. One without its language is refused: its plural rule would silently be the wrong one."""
    text = path.read_text(encoding="utf-8")
    language = path.parent.parent.name
    if f'"Language: {language}\\n"' not in text:
        raise ValueError(f'{path}: the header must say "Language: {language}"')
    with path.open("rb") as file:
        return read_po(file, locale=language)


def compile_all(folder: Path) -> int:
    """Compile what is newer than its compiled form; return how many catalogues that was."""
    stale = [path for path in catalogues(folder) if is_stale(path)]
    for path in stale:
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, read(path))
    return len(stale)


def is_stale(path: Path) -> bool:
    """Tell whether a catalogue was changed after it was compiled."""
    compiled = path.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < path.stat().st_mtime


def faults(path: Path) -> Iterator[str]:
    """Yield what is wrong with a catalogue, a line each: fuzzy, empty, placeholders lost, plural forms missing."""
    catalogue = read(path)
    forms = catalogue.num_plurals
    if forms != len(Locale.parse(path.parent.parent.name).plural_form.tags | {"other"}):
        yield f"{path}: {forms} plural forms where the language has others"
    for message in catalogue:
        if message.id:
            yield from (f"{path}: {fault}: {message.id!r}" for fault in faults_of(message, forms))


def faults_of(message: Message, forms: int) -> Iterator[str]:
    """Yield what is wrong with one message."""
    told = message.string if isinstance(message.string, tuple | list) else (message.string,)
    strings = [text for text in told if text]
    if message.fuzzy:
        yield "fuzzy"
    if len(strings) != (forms if message.pluralizable else 1):
        yield "not translated"
        return
    wanted = placeholders(message.id if isinstance(message.id, str) else message.id[-1])
    if placeholders(strings[-1]) != wanted or any(not placeholders(text) <= wanted for text in strings):
        yield "placeholders differ"


def placeholders(text: str) -> set[str]:
    """Return the names of `%(name)s` and `{name}` in a sentence."""
    return set(PLACEHOLDER.findall(text))


if __name__ == "__main__":
    print(f"Compiled {compile_all(Path(sys.argv[1]))} message catalogues")
