"""Refuse catalogues that are fuzzy, empty, wrong or behind the source: `manage.py check_messages`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tracking.localization.catalogues import find_catalogues, find_errors, find_forbidden_terms, read_catalogue
from tracking.localization.message_extraction import GettextNotFoundError, collect_messages, messages_for_language


class Command(BaseCommand):
    help = "Check every catalogue of messages: complete, well formed, and not behind the source."

    def handle(self, *args: Any, **options: Any) -> None:
        paths = find_catalogues(settings.LOCALE_PATHS[0])
        try:
            source = collect_messages(settings.BASE_DIR)
        except GettextNotFoundError as error:
            raise CommandError(str(error)) from error
        found = [
            fault
            for path in paths
            for fault in (*find_errors(path), *find_forbidden_terms(path), *differences_from_source(path, source))
        ]
        for fault in found:
            self.stderr.write(fault)
        if found:
            raise CommandError(f"{len(found)} faults in the messages; `make messages` brings new sentences in")
        self.stdout.write(f"{len(paths)} catalogues are complete")


def differences_from_source(path: Path, source: Catalog) -> Iterator[str]:
    """Yield the sentences that a catalogue should have and has not, or the other way round."""
    language = path.parent.parent.name
    wanted = {str(message.id) for message in messages_for_language(language, source)}
    there = {str(message.id) for message in read_catalogue(path) if message.id}
    yield from (f"{language}: not in the catalogue: {sentence}" for sentence in sorted(wanted - there))
    yield from (f"{language}: no longer in the source: {sentence}" for sentence in sorted(there - wanted))
