"""Refuse catalogues that are fuzzy, empty, wrong or behind the source: `manage.py check_messages`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tracking.localization.catalogues import catalogues, faults

SOURCES: Final = ("accounts", "tracking", "templates")


class Command(BaseCommand):
    help = "Check every catalogue of messages: complete, well formed, and not behind the source."

    def handle(self, *args: Any, **options: Any) -> None:
        found = [fault for path in catalogues(settings.LOCALE_PATHS[0]) for fault in faults(path)]
        found += list(behind(settings.BASE_DIR))
        for fault in found:
            self.stderr.write(fault)
        if found:
            raise CommandError(f"{len(found)} faults in the messages; `make messages` brings new sentences in")
        self.stdout.write(f"{len(catalogues(settings.LOCALE_PATHS[0]))} catalogues are complete")


def behind(base: Path) -> Iterator[str]:
    """Yield the sentences that stand in the source and not in a catalogue, or the other way round."""
    need_gettext()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in SOURCES:
            shutil.copytree(base / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / "locale").mkdir()
        extract(copy)
        source = sentences(copy / "locale" / "en" / "LC_MESSAGES" / "django.po")
        for path in catalogues(base / "locale"):
            yield from differences(path.parent.parent.name, source, sentences(path))


def extract(folder: Path) -> None:
    """Have Django collect the sentences of a copy of the source, as a catalogue of English."""
    command = ["makemessages", "--locale=en", "--no-wrap", "--verbosity=0"]
    program = (
        "import django; from django.conf import settings; settings.configure(LOCALE_PATHS=['locale']); django.setup(); "
        f"from django.core.management import call_command; call_command(*{command!r})"
    )
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)


def sentences(path: Path) -> set[str]:
    """Return the sentences of a catalogue."""
    with path.open("rb") as file:
        return {str(message.id) for message in read_po(file) if message.id}


def differences(language: str, source: set[str], catalogue: set[str]) -> Iterator[str]:
    """Name what one has and the other has not."""
    yield from (f"{language}: not in the catalogue: {sentence}" for sentence in sorted(source - catalogue))
    yield from (f"{language}: no longer in the source: {sentence}" for sentence in sorted(catalogue - source))


def need_gettext() -> None:
    """Make sure that GNU gettext is there, installing it where that can be done."""
    if shutil.which("xgettext"):
        return
    if shutil.which("apt-get"):
        root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update", "-qq"], ["install", "-y", "-qq", "gettext"]):
            subprocess.run([*root, "apt-get", *step], check=False, env=environment, stdout=subprocess.DEVNULL)
    if not shutil.which("xgettext"):
        raise CommandError(
            "GNU gettext is needed to compare the catalogues with the source; install it (apt install gettext)"
        )
