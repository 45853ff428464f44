"""Papers are encrypted on disk, under random names, and can be deleted."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tracking.buyer_tasks import encrypted_store

SECRET = b"the number of a passport"


@pytest.fixture(autouse=True)
def papers_folder(settings: Any, tmp_path: Path) -> Path:
    settings.PAPERS_DIR = tmp_path / "papers"
    return Path(settings.PAPERS_DIR)


def test_paper_is_restored_unchanged_and_unreadable_on_disk(papers_folder: Path) -> None:
    name = encrypted_store.save_paper(SECRET)

    [path] = [path for path in papers_folder.rglob("*") if path.is_file()]
    assert encrypted_store.load_paper(name) == SECRET
    assert SECRET not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_papers_are_outside_all_served_folders(settings: Any) -> None:
    served_folders = [Path(settings.STATIC_ROOT), *map(Path, settings.STATICFILES_DIRS)]

    assert not any(Path(settings.PAPERS_DIR).is_relative_to(folder) for folder in served_folders)


def test_fallback_key_decrypts_older_papers(settings: Any) -> None:
    name = encrypted_store.save_paper(SECRET)
    old_key, settings.SECRET_KEY = settings.SECRET_KEY, "another key, of the same length or so, for tests alone"

    with pytest.raises(encrypted_store.UnreadablePaperError):
        encrypted_store.load_paper(name)
    settings.SECRET_KEY_FALLBACKS = [old_key]
    assert encrypted_store.load_paper(name) == SECRET


def test_modified_paper_is_not_returned(papers_folder: Path) -> None:
    name = encrypted_store.save_paper(SECRET)
    path = encrypted_store.path_of(name)
    path.write_bytes(path.read_bytes()[:-4] + b"AAAA")

    with pytest.raises(encrypted_store.UnreadablePaperError):
        encrypted_store.load_paper(name)


def test_deleted_paper_is_gone_and_deleting_twice_is_harmless(papers_folder: Path) -> None:
    name = encrypted_store.save_paper(SECRET)

    encrypted_store.delete_paper(name)
    encrypted_store.delete_paper(name)

    assert [path for path in papers_folder.rglob("*") if path.is_file()] == []
    with pytest.raises(encrypted_store.UnreadablePaperError):
        encrypted_store.load_paper(name)


@pytest.mark.parametrize("name", ["../secret-key", "", "A" * 32, "0" * 31, "0" * 32 + "\n"])
def test_no_name_leads_out_of_the_store(name: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        encrypted_store.load_paper(name)


def test_files_are_found_by_age() -> None:
    name = encrypted_store.save_paper(SECRET)
    now = datetime.now(UTC)
    os.utime(encrypted_store.path_of(name), (now.timestamp() - 7200,) * 2)

    assert list(encrypted_store.files_older_than(now - timedelta(hours=1))) == [encrypted_store.path_of(name)]
    assert list(encrypted_store.files_older_than(now - timedelta(hours=3))) == []
