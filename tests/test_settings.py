"""Settings come from the environment alone, and a production site reports what is missing."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SECRET = "a test secret that is long enough to be taken"


def run_check(tmp_path: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check` with no environment but the given one."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check", *options],
        cwd=PROJECT_ROOT,
        env={**clean, "DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_environment_it_starts_and_keeps_a_private_secret_key(tmp_path: Path) -> None:
    """Even where the path of the data folder is too long for a socket."""
    folder = tmp_path / ("deep" * 20) / ("deeper" * 10)

    assert run_check(folder).returncode == 0
    assert (folder / "secret-key").stat().st_mode & 0o077 == 0


def test_a_site_with_a_public_host_refuses_to_start_without_a_secret_key(tmp_path: Path) -> None:
    result = run_check(tmp_path, ALLOWED_HOSTS="parcels.example.com")

    assert result.returncode != 0
    assert "SECRET_KEY is not set" in result.stderr


def test_production_without_a_secret_key_names_a_command_that_makes_one_which_it_accepts(tmp_path: Path) -> None:
    refused = run_check(tmp_path, PRODUCTION="1")
    assert refused.returncode != 0
    assert "SECRET_KEY is not set" in refused.stderr
    printed = re.search(r'python -c "[^"]+"', refused.stderr)
    assert printed, refused.stderr

    _python, *arguments = shlex.split(printed.group())
    made = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True).stdout.strip()

    assert len(made) >= 32
    assert run_check(tmp_path, PRODUCTION="1", SECRET_KEY=made).returncode == 0


def test_the_deploy_check_names_each_service_that_production_lacks(tmp_path: Path) -> None:
    result = run_check(tmp_path, "--deploy", ALLOWED_HOSTS="parcels.example.com", SECRET_KEY=SECRET)

    for warning in ("SITE_URL is not https", "REDIS_URL is not set", "DATABASE_URL is not set", "EMAIL_URL is not set"):
        assert warning in result.stderr


def test_debug_in_production_is_an_error(tmp_path: Path) -> None:
    result = run_check(tmp_path, ALLOWED_HOSTS="parcels.example.com", SECRET_KEY=SECRET, DEBUG="1")

    assert result.returncode != 0
    assert "DEBUG is on in production" in result.stderr


def test_each_messenger_that_can_never_be_used_is_an_error(tmp_path: Path) -> None:
    result = run_check(tmp_path, MESSENGERS='{"pigeon": "x://{to}", "sms": "twilio://x"}')

    assert result.returncode != 0
    assert "pigeon is none; there are feishu" in result.stderr
    assert "sms has no {to}" in result.stderr
