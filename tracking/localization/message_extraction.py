"""The sentences of the source: collected with GNU gettext, told apart by who reads them.

Buyers read in every language of the site. Operators read in `OPERATORS_LANGUAGES`; what only they read stands in no
other catalogue, so a new language costs no more than what its readers see.
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
    """GNU gettext is not on this machine and could not be installed."""


def is_for_buyers(message: Message) -> bool:
    """Tell whether a sentence stands anywhere that a buyer can read."""
    return any(
        path.startswith(BUYER_EXCEPTIONS) or not path.startswith(OPERATOR_SOURCES) for path, _ in message.locations
    )


def messages_for_language(language: str, source: Catalog) -> list[Message]:
    """Return the messages that the catalogue of a language must have, in the order of the source."""
    return [message for message in source if message.id and (language in OPERATOR_LANGUAGES or is_for_buyers(message))]


def collect_messages(base: Path) -> Catalog:
    """Return all sentences of the source under a folder. Raises `NoGettext`."""
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
    """Have Django collect the sentences of a copy of the source, as a catalogue of English."""
    command = ["makemessages", "--locale=en", "--no-wrap", "--add-location=file", "--verbosity=0"]
    program = (
        "import django; from django.conf import settings; settings.configure(LOCALE_PATHS=['locale']); django.setup(); "
        f"from django.core.management import call_command; call_command(*{command!r})"
    )
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)


def ensure_gettext() -> None:
    """Make sure that GNU gettext is there, installing it where that can be done. Raises `NoGettext`."""
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
