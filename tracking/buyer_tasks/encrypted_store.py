"""Store uploaded papers: one encrypted file each, under a random name, outside every folder that is served."""

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
    """The paper is missing, was changed on disk, or was encrypted with a key that is no longer configured."""


def save_paper(content: bytes) -> str:
    """Encrypt and store a paper; return its random file name."""
    name = secrets.token_hex(16)
    path = path_of(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written aside and then renamed, so that a crash never leaves half a paper under its final name.
    partial = path.with_suffix(".part")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(cipher().encrypt(content))
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    return name


def load_paper(stored_name: str) -> bytes:
    """Return the decrypted content of a paper; raise `UnreadablePaperError`."""
    try:
        return cipher().decrypt(path_of(stored_name).read_bytes())
    except (FileNotFoundError, InvalidToken) as error:
        raise UnreadablePaperError(stored_name) from error


def delete_paper(stored_name: str) -> None:
    """Delete a paper; do nothing if it is already gone."""
    path_of(stored_name).unlink(missing_ok=True)


def files_older_than(cutoff: datetime) -> Iterator[Path]:
    """Yield the files, complete or partial, that were last modified before `cutoff`."""
    for path in Path(settings.PAPERS_DIR).glob("??/*"):
        if path.stat().st_mtime < cutoff.timestamp():
            yield path


def path_of(stored_name: str) -> Path:
    """Return the path of a stored paper; raise ValueError for a name that `save_paper` cannot have made."""
    if not STORED_NAME_PATTERN.fullmatch(stored_name):
        raise ValueError("not the name of a paper")
    return Path(settings.PAPERS_DIR) / stored_name[:2] / stored_name


def cipher() -> MultiFernet:
    """Return the cipher for papers: encrypts with SECRET_KEY, decrypts with it or one of SECRET_KEY_FALLBACKS."""
    return cipher_for_keys((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def cipher_for_keys(secret_keys: tuple[str, ...]) -> MultiFernet:
    """Return a cipher for these secret keys; the first one encrypts."""
    return MultiFernet([Fernet(derive_key(secret, KEY_PURPOSE)) for secret in secret_keys])
