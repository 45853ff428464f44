"""Update the translation catalogues from the source: `manage.py update_messages [--language pl]`."""

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
            missing_count = update_catalogue(path, source)
            self.stdout.write(f"{path.parent.parent.name}: {missing_count} sentences to translate")


def update_catalogue(path: Path, source: Catalog) -> int:
    """Rewrite a catalogue in the order of the source with its translations kept; return how many are missing."""
    language = path.parent.parent.name
    old = read_catalogue(path) if path.exists() else empty_catalogue(language)
    new = empty_catalogue(language)
    missing_count = 0
    for message in messages_for_language(language, source):
        known = old.get(message.id, message.context)
        translation = known.string if known else ""
        missing_count += not (all(translation) if isinstance(translation, tuple | list) else translation)
        # File names without line numbers: those change with every edit of a file and would fill the history.
        files = [(name, 0) for name in dict.fromkeys(name for name, _ in message.locations)]
        new.add(
            message.id,
            translation,
            locations=files,
            flags=message.flags,
            auto_comments=message.auto_comments,
            context=message.context,
        )
    write_catalogue(path, new)
    return missing_count
