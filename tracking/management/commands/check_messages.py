"""Refuse catalogues that are fuzzy, empty, wrong or behind the source: `manage.py check_messages`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tracking.localization.catalogues import against_the_glossary, catalogues, faults, read
from tracking.localization.sources import NoGettext, collect, wanted_in


class Command(BaseCommand):
    help = "Check every catalogue of messages: complete, well formed, and not behind the source."

    def handle(self, *args: Any, **options: Any) -> None:
        paths = catalogues(settings.LOCALE_PATHS[0])
        try:
            source = collect(settings.BASE_DIR)
        except NoGettext as error:
            raise CommandError(str(error)) from error
        found = [
            fault for path in paths for fault in (*faults(path), *against_the_glossary(path), *behind(path, source))
        ]
        for fault in found:
            self.stderr.write(fault)
        if found:
            raise CommandError(f"{len(found)} faults in the messages; `make messages` brings new sentences in")
        self.stdout.write(f"{len(paths)} catalogues are complete")


def behind(path: Path, source: Catalog) -> Iterator[str]:
    """Yield the sentences that a catalogue should have and has not, or the other way round."""
    language = path.parent.parent.name
    wanted = {str(message.id) for message in wanted_in(language, source)}
    there = {str(message.id) for message in read(path) if message.id}
    yield from (f"{language}: not in the catalogue: {sentence}" for sentence in sorted(wanted - there))
    yield from (f"{language}: no longer in the source: {sentence}" for sentence in sorted(there - wanted))
