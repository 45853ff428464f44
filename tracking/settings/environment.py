"""The environment that the settings are read from, and what the site keeps in DATA_DIR."""

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).absolute()
DATA_DIR.mkdir(parents=True, exist_ok=True)


def load_or_create_secret(name: str, size: int = 48) -> str:
    """Return the secret in DATA_DIR/`name`; on first use create it from `size` random bytes, with mode 0600."""
    path = DATA_DIR / name
    with suppress(FileExistsError), open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(size))
    return path.read_text().strip()


def socket_path(name: str) -> Path:
    """Return a path for a unix socket: in DATA_DIR, or in the temporary folder where that path would be too long."""
    path = DATA_DIR / name
    if len(str(path)) < 100:  # Linux allows 107 bytes, macOS 103 (sun_path in unix(7))
        return path
    digest = hashlib.sha256(str(DATA_DIR).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"landfall-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / name
