"""The key of pushes: made once, kept for its owner alone, the same from then on."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import urlsafe_b64decode
from pathlib import Path

from tests.test_settings import PROJECT_ROOT, SECRET


def run_manage(tmp_path: Path, *command: str, **environment: str) -> str:
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    variables = {**clean, "DATA_DIR": str(tmp_path), **environment}
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=PROJECT_ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_it_is_made_once(tmp_path: Path) -> None:
    first, second = (run_manage(tmp_path, "make_push_keys") for _ in range(2))

    assert first == second
    assert len(urlsafe_b64decode(first.split()[-1] + "=")) == 65
    assert (tmp_path / "vapid-key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "vapid-key").read_text() not in first


def test_production_has_none_before_it_is_made(tmp_path: Path) -> None:
    production = {"PRODUCTION": "1", "SECRET_KEY": SECRET}
    run_manage(tmp_path, "check", **production)
    assert not (tmp_path / "vapid-key").exists()

    made = run_manage(tmp_path, "make_push_keys", **production)

    assert (tmp_path / "vapid-key").exists()
    assert run_manage(tmp_path, "make_push_keys", **production) == made


def test_machines_without_a_folder_in_common_share_it_by_the_environment(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    public, private = run_manage(one, "make_push_keys", "--show").splitlines()
    name, _, value = private.partition("=")

    assert run_manage(other, "make_push_keys", **{name: value}).splitlines() == [public]
    assert not (other / "vapid-key").exists()
