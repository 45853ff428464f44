"""Catalogues of messages: compiled without any system package, and checked. `python -m` compiles a folder."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.plural import to_gettext

PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|{\w*}")

HEADER: Final = """\
# {name}.
msgid ""
msgstr ""
"Project-Id-Version: Landfall\\n"
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def find_catalogues(folder: Path) -> list[Path]:
    """Return the catalogues under a locale folder."""
    return sorted(folder.glob("*/LC_MESSAGES/django.po"))


def catalogue_path(folder: Path, language: str) -> Path:
    """Return where the catalogue of a language lies."""
    return folder / language / "LC_MESSAGES" / "django.po"


def read_catalogue(path: Path) -> Catalog:
    """Read a catalogue. One without its language is refused: its plural rule would silently be the wrong one."""
    text = path.read_text(encoding="utf-8")
    language = path.parent.parent.name
    if f'"Language: {language}\\n"' not in text:
        raise ValueError(f'{path}: the header must say "Language: {language}"')
    with path.open("rb") as file:
        return read_po(file, locale=language)


def empty_catalogue(language: str) -> Catalog:
    """Return an empty catalogue that counts as CLDR does; Babel alone knows fewer forms of some languages."""
    return read_po(BytesIO(catalogue_header(language).encode()), locale=language)


def write_catalogue(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue with a short header: its language and the plural rule that CLDR has for it."""
    language = path.parent.parent.name
    body = BytesIO()
    write_po(body, catalogue, width=0, omit_header=True, include_lineno=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(catalogue_header(language) + body.getvalue().decode(), encoding="utf-8")


def catalogue_header(language: str) -> str:
    """Return the head of a catalogue."""
    locale = Locale.parse(language)
    # Compact notation's exponent `e` is no variable of gettext; a number written out has none.
    plurals = re.sub(r"\be\b", "0", to_gettext(locale.plural_form))
    return HEADER.format(name=locale.get_display_name("en"), language=language, plurals=plurals)


def compile_catalogues(folder: Path) -> int:
    """Compile what is newer than its compiled form; return how many catalogues that was."""
    stale = [path for path in find_catalogues(folder) if is_stale(path)]
    for path in stale:
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, read_catalogue(path))
    return len(stale)


def is_stale(path: Path) -> bool:
    """Tell whether a catalogue was changed after it was compiled."""
    compiled = path.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < path.stat().st_mtime


def find_errors(path: Path) -> Iterator[str]:
    """Yield what is wrong with a catalogue, a line each: fuzzy, empty, placeholders lost, plural forms missing."""
    catalogue = read_catalogue(path)
    forms = catalogue.num_plurals
    if forms != len(Locale.parse(path.parent.parent.name).plural_form.tags | {"other"}):
        yield f"{path}: {forms} plural forms where the language has others"
    for message in catalogue:
        if message.id:
            yield from (f"{path}: {fault}: {message.id!r}" for fault in message_errors(message, forms))


def find_forbidden_terms(path: Path) -> Iterator[str]:
    """Yield the sentences with a word that the language's glossary rules out, a line each."""
    glossary = path.parent.parent / "glossary.toml"
    terms = tomllib.loads(glossary.read_text(encoding="utf-8")) if glossary.exists() else {}
    ruled_out = [(word, term) for term, entry in terms.items() for word in entry.get("never", ())]
    for message in read_catalogue(path) if ruled_out else ():
        told = message.string if isinstance(message.string, tuple | list) else (message.string,)
        for word, term in ruled_out:
            if message.id and any(word in (text or "") for text in told):
                yield f"{path}: “{word}” is not what we call {term!r}: {message.id!r}"


def message_errors(message: Message, plural_count: int) -> Iterator[str]:
    """Yield what is wrong with one message."""
    told = message.string if isinstance(message.string, tuple | list) else (message.string,)
    strings = [text for text in told if text]
    if message.fuzzy:
        yield "fuzzy"
    if len(strings) != (plural_count if message.pluralizable else 1):
        yield "not translated"
        return
    wanted = placeholders(message.id if isinstance(message.id, str) else message.id[-1])
    if placeholders(strings[-1]) != wanted or any(not placeholders(text) <= wanted for text in strings):
        yield "placeholders differ"


def placeholders(text: str) -> set[str]:
    """Return the names of `%(name)s` and `{name}` in a sentence."""
    return set(PLACEHOLDER.findall(text))


if __name__ == "__main__":
    print(f"Compiled {compile_catalogues(Path(sys.argv[1]))} message catalogues")
