"""Read, write, compile and check message catalogues (.po) in pure Python, without GNU gettext.

`python -m tracking.localization.catalogues FOLDER` compiles every catalogue under a locale folder.
"""

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
    """Return the paths of all catalogues under a locale folder, sorted."""
    return sorted(folder.glob("*/LC_MESSAGES/django.po"))


def catalogue_path(folder: Path, language: str) -> Path:
    """Return the path of a language's catalogue."""
    return folder / language / "LC_MESSAGES" / "django.po"


def read_catalogue(path: Path) -> Catalog:
    """Read a catalogue; raise `ValueError` if its header does not name its language."""
    text = path.read_text(encoding="utf-8")
    language = path.parent.parent.name
    # Without this header Babel would silently use another language's plural rule.
    if f'"Language: {language}\\n"' not in text:
        raise ValueError(f'{path}: the header must say "Language: {language}"')
    with path.open("rb") as file:
        return read_po(file, locale=language)


def empty_catalogue(language: str) -> Catalog:
    """Return an empty catalogue with the plural forms of CLDR; Babel's own table lacks some of them."""
    return read_po(BytesIO(catalogue_header(language).encode()), locale=language)


def write_catalogue(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue with a short header: the language and its plural rule from CLDR."""
    language = path.parent.parent.name
    body = BytesIO()
    write_po(body, catalogue, width=0, omit_header=True, include_lineno=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(catalogue_header(language) + body.getvalue().decode(), encoding="utf-8")


def catalogue_header(language: str) -> str:
    """Return the header entry of a new catalogue."""
    locale = Locale.parse(language)
    # CLDR rules use `e`, the exponent of compact notation; gettext does not know it, and it is 0 in a full number.
    plurals = re.sub(r"\be\b", "0", to_gettext(locale.plural_form))
    return HEADER.format(name=locale.get_display_name("en"), language=language, plurals=plurals)


def compile_catalogues(folder: Path) -> int:
    """Compile each catalogue that changed since it was last compiled; return how many were compiled."""
    stale = [path for path in find_catalogues(folder) if is_stale(path)]
    for path in stale:
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, read_catalogue(path))
    return len(stale)


def is_stale(path: Path) -> bool:
    """Return whether a catalogue is newer than its compiled file, or has none."""
    compiled = path.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < path.stat().st_mtime


def find_errors(path: Path) -> Iterator[str]:
    """Yield one line per error: fuzzy or empty messages, lost placeholders, missing plural forms."""
    catalogue = read_catalogue(path)
    forms = catalogue.num_plurals
    if forms != len(Locale.parse(path.parent.parent.name).plural_form.tags | {"other"}):
        yield f"{path}: {forms} plural forms where the language has others"
    for message in catalogue:
        if message.id:
            yield from (f"{path}: {error}: {message.id!r}" for error in message_errors(message, forms))


def find_forbidden_terms(path: Path) -> Iterator[str]:
    """Yield one line per translation that uses a word forbidden by the language's glossary."""
    forbidden = forbidden_words(path.parent.parent / "glossary.toml")
    for message in read_catalogue(path) if forbidden else ():
        translations = [PLACEHOLDER.sub("", text) for text in translations_of(message)] if message.id else []
        for word, term in forbidden:
            if any(word in text for text in translations):
                yield f"{path}: “{word}” is not what we call {term!r}: {message.id!r}"


def forbidden_words(glossary: Path) -> list[tuple[str, str]]:
    """Return the pairs (forbidden word, term that it must not stand for) of a glossary; none if there is no file."""
    terms = tomllib.loads(glossary.read_text(encoding="utf-8")) if glossary.exists() else {}
    return [(word, term) for term, entry in terms.items() for word in entry.get("never", ())]


def translations_of(message: Message) -> list[str]:
    """Return the translations of a message, one per plural form, without empty ones."""
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return [text for text in forms if text]


def message_errors(message: Message, plural_count: int) -> Iterator[str]:
    """Yield the errors of one message; `plural_count` is how many plural forms the language has."""
    translations = translations_of(message)
    if message.fuzzy:
        yield "fuzzy"
    if len(translations) != (plural_count if message.pluralizable else 1):
        yield "not translated"
        return
    expected = placeholders(message.id if isinstance(message.id, str) else message.id[-1])
    # A form for one exact count (one, two) may leave the number out; the last form counts anything and may not.
    if placeholders(translations[-1]) != expected or any(not placeholders(text) <= expected for text in translations):
        yield "placeholders differ"


def placeholders(text: str) -> set[str]:
    """Return the names of `%(name)s` and `{name}` in a sentence."""
    return set(PLACEHOLDER.findall(text))


if __name__ == "__main__":
    print(f"Compiled {compile_catalogues(Path(sys.argv[1]))} message catalogues")
