"""Collect the translatable messages of the source with GNU gettext, and decide which catalogue needs which.

Buyers read the site in every language, operators only in `OPERATOR_LANGUAGES`. A message that only operators see is in
no other catalogue, so a new language needs only the messages that buyers see.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

SOURCE_FOLDERS: Final = ("accounts", "tracking", "templates")
OPERATOR_LANGUAGES: Final = frozenset({"en", "zh_Hans"})
OPERATOR_SOURCES: Final = (
    *("accounts/admin.py", "accounts/models.py", "accounts/middleware.py", "templates/admin/"),
    *("tracking/admin/", "tracking/carriers/", "tracking/management/", "tracking/models/"),
)
BUYER_EXCEPTIONS: Final = ("tracking/models/texts.py",)


class GettextNotFoundError(Exception):
    """GNU gettext is not installed and could not be installed."""


def is_for_buyers(message: Message) -> bool:
    """Return whether a message occurs in any source that buyers see."""
    return any(
        path.startswith(BUYER_EXCEPTIONS) or not path.startswith(OPERATOR_SOURCES) for path, _ in message.locations
    )


def messages_for_language(language: str, source: Catalog) -> list[Message]:
    """Return the messages that a language's catalogue must contain, in source order."""
    return [message for message in source if message.id and (language in OPERATOR_LANGUAGES or is_for_buyers(message))]


def collect_messages(base: Path) -> Catalog:
    """Return all messages of the source under a folder; raise `GettextNotFoundError`."""
    ensure_gettext()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in SOURCE_FOLDERS:
            shutil.copytree(base / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / "locale").mkdir()
        run_makemessages(copy)
        with (copy / "locale" / "en" / "LC_MESSAGES" / "django.po").open("rb") as file:
            return read_po(file)


def run_makemessages(folder: Path) -> None:
    """Run `makemessages` in a copy of the source; it writes a catalogue for English."""
    command = ["makemessages", "--locale=en", "--no-wrap", "--add-location=file", "--verbosity=0"]
    # In a process of its own: settings are configured already in this one, with other locale paths.
    program = (
        "import django; from django.conf import settings; settings.configure(LOCALE_PATHS=['locale']); django.setup(); "
        f"from django.core.management import call_command; call_command(*{command!r})"
    )
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)


def ensure_gettext() -> None:
    """Install GNU gettext with apt-get if it is missing; raise `GettextNotFoundError` if it stays missing."""
    if shutil.which("xgettext"):
        return
    if shutil.which("apt-get"):
        root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update", "-qq"], ["install", "-y", "-qq", "gettext"]):
            subprocess.run([*root, "apt-get", *step], check=False, env=environment, stdout=subprocess.DEVNULL)
    if not shutil.which("xgettext"):
        raise GettextNotFoundError(
            "GNU gettext is needed to read the sentences of the source; install it (apt install gettext)"
        )
