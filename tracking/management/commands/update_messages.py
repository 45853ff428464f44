"""Bring the sentences of the source into the catalogues: `manage.py update_messages`; `--language pl` begins one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.core import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.localization.catalogues import (
    catalogue_path,
    empty_catalogue,
    find_catalogues,
    read_catalogue,
    write_catalogue,
)
from tracking.localization.message_extraction import GettextNotFoundError, collect_messages, messages_for_language


class Command(BaseCommand):
    help = "Bring new sentences into every catalogue, empty, and take those out that the source no longer has."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--language", help="begin the catalogue of a new language, by its CLDR name: pl, pt_BR")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = settings.LOCALE_PATHS[0]
        try:
            source = collect_messages(settings.BASE_DIR)
            if options["language"]:
                Locale.parse(options["language"])
        except (GettextNotFoundError, UnknownLocaleError, ValueError) as error:
            raise CommandError(str(error)) from error
        paths = [catalogue_path(folder, options["language"])] if options["language"] else find_catalogues(folder)
        for path in paths:
            empty = update_catalogue(path, source)
            self.stdout.write(f"{path.parent.parent.name}: {empty} sentences to translate")


def update_catalogue(path: Path, source: Catalog) -> int:
    """Write a catalogue anew in the order of the source, keeping its translations; return how many are empty."""
    language = path.parent.parent.name
    known = read_catalogue(path) if path.exists() else empty_catalogue(language)
    fresh = empty_catalogue(language)
    empty = 0
    for message in messages_for_language(language, source):
        before = known.get(message.id, message.context)
        told = before.string if before else ""
        empty += not (all(told) if isinstance(told, tuple | list) else told)
        files = [(name, 0) for name in dict.fromkeys(name for name, _ in message.locations)]
        fresh.add(
            message.id,
            told,
            locations=files,
            flags=message.flags,
            auto_comments=message.auto_comments,
            context=message.context,
        )
    write_catalogue(path, fresh)
    return empty
