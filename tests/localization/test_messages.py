"""Message catalogues: every language is complete, and each kind of error is found."""

from __future__ import annotations

import gettext
import io
import tomllib
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings
from django.core.management import call_command
from django.utils import translation

from tracking.localization.catalogues import (
    catalogue_path,
    compile_catalogues,
    find_errors,
    find_forbidden_terms,
    read_catalogue,
)
from tracking.localization.message_extraction import messages_for_language
from tracking.management.commands.update_messages import update_catalogue
from tracking.vocabulary import Milestone, Scan

HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: nplurals={forms}; plural={rule};\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""


def write_catalogue(tmp_path: Path, body: str, language: str = "zh_Hans", forms: int = 1, rule: str = "0") -> Path:
    path = tmp_path / language / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(HEADER.format(language=language, forms=forms, rule=rule) + body, encoding="utf-8")
    return path


def test_all_catalogues_are_complete_and_not_behind_the_source() -> None:
    out = io.StringIO()

    call_command("check_messages", stdout=out)

    assert "catalogues are complete" in out.getvalue()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('msgid "Hello"\nmsgstr ""\n', "not translated"),
        ('#, fuzzy\nmsgid "Hello"\nmsgstr "你好"\n', "fuzzy"),
        ('#, python-format\nmsgid "Hello %(name)s"\nmsgstr "你好"\n', "placeholders"),
        ('#, python-format\nmsgid "Hello %(name)s"\nmsgstr "你好 %(namn)s"\n', "namn"),
    ],
)
def test_each_error_of_a_message_is_named(tmp_path: Path, body: str, error: str) -> None:
    errors = list(find_errors(write_catalogue(tmp_path, body)))

    assert len(errors) == 1
    assert error in errors[0] or "Hello" in errors[0]


def test_a_language_with_too_few_plural_forms_is_refused(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path, 'msgid "a"\nmsgstr "b"\n', "ar", 2, "(n != 1)")

    assert any("plural forms" in error for error in find_errors(path))


def test_a_catalogue_without_its_language_is_refused(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path, 'msgid "a"\nmsgstr "b"\n')
    path.write_text(path.read_text(encoding="utf-8").replace("Language: zh_Hans", "Language: "), encoding="utf-8")

    with pytest.raises(ValueError, match="Language"):
        read_catalogue(path)


def test_catalogues_compile_once_and_only_when_they_changed(tmp_path: Path) -> None:
    write_catalogue(tmp_path, 'msgid "a"\nmsgstr "b"\n')

    assert (compile_catalogues(tmp_path), compile_catalogues(tmp_path)) == (1, 0)


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES if code != "en"])
def test_every_milestone_and_scan_is_translated_in_every_language(language: str) -> None:
    members = [*Milestone, *Scan]
    with translation.override("en"):
        english = [str(member.label) for member in members]
    with translation.override(language):
        translated = [str(member.label) for member in members]

    assert not set(english) & set(translated)


def build_template(*messages: tuple[str, str]) -> Catalog:
    template = Catalog(locale="en")
    for message, file in messages:
        template.add(message, locations=[(file, 0)])
    return template


@pytest.mark.parametrize(
    ("file", "languages"),
    [
        ("templates/shipment/page.html", {"zh_Hans", "pl"}),
        ("tracking/models/texts.py", {"zh_Hans", "pl"}),
        ("tracking/models/orders.py", {"zh_Hans"}),
        ("tracking/admin/orders.py", {"zh_Hans"}),
        ("templates/admin/tracking/buyertask/change_form.html", {"zh_Hans"}),
    ],
)
def test_messages_for_operators_are_only_in_operator_languages(file: str, languages: set[str]) -> None:
    template = build_template(("Hello", file))

    assert {language for language in ("zh_Hans", "pl") if messages_for_language(language, template)} == languages


def test_an_update_keeps_translations_adds_new_messages_and_drops_removed_ones(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path, 'msgid "kept"\nmsgstr "留"\n\nmsgid "gone"\nmsgstr "去"\n')

    empty_count = update_catalogue(path, build_template(("new", "templates/404.html"), ("kept", "templates/404.html")))

    assert empty_count == 1
    assert [(message.id, message.string) for message in read_catalogue(path) if message.id] == [
        ("new", ""),
        ("kept", "留"),
    ]


@pytest.mark.parametrize(
    ("language", "counts"),
    [
        ("ar", {0: 0, 1: 1, 2: 2, 3: 3, 10: 3, 11: 4, 99: 4, 100: 5, 103: 3}),
        ("de", {0: 1, 1: 0, 2: 1}),
        ("es", {0: 2, 1: 0, 2: 2, 1_000_000: 1}),
        ("fr", {0: 0, 1: 0, 2: 2, 1_000_000: 1}),
        ("ja", {0: 0, 1: 0, 7: 0}),
        ("ru", {0: 2, 1: 0, 2: 1, 5: 2, 11: 2, 21: 0, 22: 1}),
    ],
)
def test_a_new_catalogue_has_the_plural_rule_of_cldr(tmp_path: Path, language: str, counts: dict[int, int]) -> None:
    path = catalogue_path(tmp_path, language)
    update_catalogue(path, build_template(("Hello", "templates/404.html")))

    form = gettext.c2py(read_catalogue(path).plural_expr)

    assert {count: form(count) for count in counts} == counts


def test_a_word_forbidden_by_the_glossary_is_named(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path, 'msgid "Your parcel"\nmsgstr "您的邮包"\n')
    (path.parent.parent / "glossary.toml").write_text('[parcel]\nsay = "包裹"\nnever = ["邮包"]\n', encoding="utf-8")

    assert [error.partition("“")[2] for error in find_forbidden_terms(path)] == [
        "邮包” is not what we call 'parcel': 'Your parcel'"
    ]


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES if code != "en"])
def test_every_language_has_its_catalogue_and_glossary(language: str) -> None:
    path = catalogue_path(settings.LOCALE_PATHS[0], translation.to_locale(language))

    assert path.exists()
    assert len(tomllib.loads((path.parent.parent / "glossary.toml").read_text(encoding="utf-8"))) >= 20
