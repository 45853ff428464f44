"""The rules of the house, held by machine."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

PROJECT_ROOT: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = sorted(
    path
    for folder in ("accounts", "tracking", "tests")
    for path in (PROJECT_ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
FORBIDDEN_MODULE_NAMES: Final = {"utils", "helpers", "services", "managers", "common", "core"}
ALLOWED_TOP_LEVEL: Final = {
    *("manage.py", "pyproject.toml", "README.md", "tracking", "accounts", "templates", "locale", "static", "tests"),
    *("Makefile", "requirements.lock", "LICENSE", "CHANGELOG.md", "deploy"),
}


def tracked_files() -> list[str]:
    """Return what git tracks."""
    return subprocess.run(
        ["git", "ls-files"], cwd=PROJECT_ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\n")


def imports_in_functions(path: Path) -> Iterator[int]:
    """Yield the lines of imports inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (inner.lineno for inner in ast.walk(node) if isinstance(inner, ast.Import | ast.ImportFrom))


def test_no_floor_imports_the_one_above() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_a_file_is_one_screenful_of_thought(path: Path) -> None:
    if "tests" not in path.parts:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 310
    assert path.stem not in FORBIDDEN_MODULE_NAMES
    assert list(imports_in_functions(path)) == []


def test_nothing_else_stands_at_the_top() -> None:
    found = {name.partition("/")[0] for name in tracked_files() if name}

    assert {name for name in found if not name.startswith(".")} <= ALLOWED_TOP_LEVEL


def test_no_unfinished_marks_and_no_skipped_tests() -> None:
    marks = ["TO" + "DO", "FIX" + "ME", "pytest." + "skip", "mark." + "skip", "mark." + "xfail"]
    found = [(path.name, mark) for path in SOURCES for mark in marks if mark in path.read_text(encoding="utf-8")]

    assert found == []


def test_the_lock_holds_names_versions_and_hashes_and_no_addresses() -> None:
    lock = (PROJECT_ROOT / "requirements.lock").read_text()

    assert "://" not in lock
    assert "--index" not in lock
    assert lock.count("--hash=sha256:") > 1000
