"""The environment alone decides, and a site in production says what it lacks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SECRET = "a test secret that is long enough to be taken"


def run_check(tmp_path: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check", *options],
        cwd=PROJECT_ROOT,
        env={**clean, "DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_with_nothing_set_it_works_and_keeps_a_secret_of_its_own(tmp_path: Path) -> None:
    assert run_check(tmp_path).returncode == 0
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("environment", [{"ALLOWED_HOSTS": "parcels.example.com"}, {"PRODUCTION": "1"}])
def test_production_refuses_to_start_without_a_secret_key(tmp_path: Path, environment: dict[str, str]) -> None:
    result = run_check(tmp_path, **environment)

    assert result.returncode != 0
    assert "SECRET_KEY is not set" in result.stderr


def test_production_says_what_it_lacks(tmp_path: Path) -> None:
    result = run_check(tmp_path, "--deploy", ALLOWED_HOSTS="parcels.example.com", SECRET_KEY=SECRET)

    for lack in ("SITE_URL is not https", "REDIS_URL is not set", "DATABASE_URL is not set", "EMAIL_URL is not set"):
        assert lack in result.stderr


def test_debug_in_production_is_an_error(tmp_path: Path) -> None:
    result = run_check(tmp_path, ALLOWED_HOSTS="parcels.example.com", SECRET_KEY=SECRET, DEBUG="1")

    assert result.returncode != 0
    assert "DEBUG is on in production" in result.stderr


def test_a_data_folder_too_deep_for_a_socket_still_works(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20) / ("deeper" * 10)

    assert run_check(deep).returncode == 0


@pytest.mark.parametrize(
    ("messengers", "says"),
    [('{"pigeon": "x://{to}"}', "pigeon is none; there are feishu"), ('{"sms": "twilio://x"}', "sms has no {to}")],
)
def test_a_messenger_that_can_never_be_used_is_said(tmp_path: Path, messengers: str, says: str) -> None:
    result = run_check(tmp_path, MESSENGERS=messengers)

    assert result.returncode != 0
    assert says in result.stderr
