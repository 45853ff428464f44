"""Check that translations are complete, well formed and up to date with the source: `manage.py check_messages`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tracking.localization.catalogues import find_catalogues, find_errors, find_forbidden_terms, read_catalogue
from tracking.localization.message_extraction import GettextNotFoundError, collect_messages, messages_for_language
from tracking.localization.wording import find_forbidden_wording


class Command(BaseCommand):
    help = "Check the wording of the source, and each catalogue: complete, well formed, and not behind the source."

    def handle(self, *args: Any, **options: Any) -> None:
        paths = find_catalogues(settings.LOCALE_PATHS[0])
        try:
            source = collect_messages(settings.BASE_DIR)
        except GettextNotFoundError as not_found:
            raise CommandError(str(not_found)) from not_found
        errors = list(find_forbidden_wording(source))
        errors += [
            error
            for path in paths
            for error in (*find_errors(path), *find_forbidden_terms(path), *differences_from_source(path, source))
        ]
        for error in errors:
            self.stderr.write(error)
        if errors:
            raise CommandError(f"{len(errors)} faults in the messages; `make messages` brings new sentences in")
        self.stdout.write(f"{len(paths)} catalogues are complete")


def differences_from_source(path: Path, source: Catalog) -> Iterator[str]:
    """Yield an error for each message that is only in the source, and for each that is only in the catalogue."""
    language = path.parent.parent.name
    expected = {str(message.id) for message in messages_for_language(language, source)}
    translated = {str(message.id) for message in read_catalogue(path) if message.id}
    yield from (f"{language}: not in the catalogue: {message_id}" for message_id in sorted(expected - translated))
    yield from (f"{language}: no longer in the source: {message_id}" for message_id in sorted(translated - expected))
