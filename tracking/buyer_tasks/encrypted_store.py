"""Where papers lie: one encrypted file each, under a random name, outside every folder that is served."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from tracking.models.fields import derive_key

KEY_PURPOSE: Final = b"landfall papers v1"
STORED_NAME_PATTERN: Final = re.compile(r"[0-9a-f]{32}")


class UnreadablePaperError(Exception):
    """A paper that is not there, was tampered with, or was written with a key that nobody has any more."""


def save_paper(content: bytes) -> str:
    """Encrypt and store a paper; return the random name under which it lies."""
    name = secrets.token_hex(16)
    path = path_of(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(cipher().encrypt(content))
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    return name


def load_paper(stored_name: str) -> bytes:
    """Return a paper as it was; raise `LostPaper`."""
    try:
        return cipher().decrypt(path_of(stored_name).read_bytes())
    except (FileNotFoundError, InvalidToken) as trouble:
        raise UnreadablePaperError(stored_name) from trouble


def delete_paper(stored_name: str) -> None:
    """Remove a paper; one that is gone already is no trouble."""
    path_of(stored_name).unlink(missing_ok=True)


def files_older_than(cutoff: datetime) -> Iterator[Path]:
    """Yield the files, whole or half written, that were last touched before `moment`."""
    for path in Path(settings.PAPERS_DIR).glob("??/*"):
        if path.stat().st_mtime < cutoff.timestamp():
            yield path


def path_of(stored_name: str) -> Path:
    """Return where a paper of this name lies; ValueError for what was never such a name."""
    if not STORED_NAME_PATTERN.fullmatch(stored_name):
        raise ValueError("not the name of a paper")
    return Path(settings.PAPERS_DIR) / stored_name[:2] / stored_name


def cipher() -> MultiFernet:
    """Return the cipher of papers: written with the present SECRET_KEY, read with it or a fallback."""
    return cipher_for_keys((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def cipher_for_keys(secret_keys: tuple[str, ...]) -> MultiFernet:
    """Return the cipher of these secret keys, the first of which writes."""
    return MultiFernet([Fernet(derive_key(secret, KEY_PURPOSE)) for secret in secret_keys])
