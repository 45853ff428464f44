"""Rules of this repository that no linter checks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
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
PACKAGES: Final = sorted({path.parent for path in SOURCES if "tests" not in path.parts})
MAX_LINES: Final = 310
MAX_MODULES: Final = 17
"""Modules in one folder without `__init__`. Folders with one file per carrier, table or page may have more."""
FOLDERS_OF_PEERS: Final = {
    *("tracking/carriers/adapters", "tracking/models", "tracking/pages", "tracking/admin"),
    *("tracking/management/commands", "tracking/notifications/channels"),
}
FORBIDDEN_MODULE_NAMES: Final = {"utils", "helpers", "services", "managers", "common", "core"}
FRAMEWORK_CLASS_NAMES: Final = {"Meta", "Media", "Command"}
"""Names that Django demands, so that they repeat."""
ALLOWED_TOP_LEVEL: Final = {
    *("manage.py", "pyproject.toml", "README.md", "tracking", "accounts", "templates", "locale", "static", "tests"),
    *("Makefile", "requirements.lock", "LICENSE", "CHANGELOG.md", "deploy", "docs"),
}


def tracked_files() -> list[str]:
    """Return what git tracks."""
    return subprocess.run(
        ["git", "ls-files"], cwd=PROJECT_ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\n")


def relative(path: Path) -> str:
    """Return a path below the project's root."""
    return path.relative_to(PROJECT_ROOT).as_posix()


def imports_in_functions(path: Path) -> Iterator[int]:
    """Yield the lines of imports inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (inner.lineno for inner in ast.walk(node) if isinstance(inner, ast.Import | ast.ImportFrom))


def class_names(path: Path) -> Iterator[str]:
    """Yield the names of all classes in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from (node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def test_imports_follow_the_layers() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_file_is_short_named_for_its_content_and_imports_at_the_top(path: Path) -> None:
    if "tests" not in path.parts:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES
    assert path.stem not in FORBIDDEN_MODULE_NAMES
    assert list(imports_in_functions(path)) == []


def test_each_class_name_is_used_once() -> None:
    files: defaultdict[str, list[str]] = defaultdict(list)
    for path in SOURCES:
        if "tests" not in path.parts:
            for name in class_names(path):
                files[name].append(relative(path))

    assert {name: found for name, found in files.items() if len(found) > 1 and name not in FRAMEWORK_CLASS_NAMES} == {}


@pytest.mark.parametrize("folder", PACKAGES, ids=relative)
def test_folder_is_one_package(folder: Path) -> None:
    modules = [path for path in folder.glob("*.py") if path.stem != "__init__"]

    assert relative(folder) in FOLDERS_OF_PEERS or len(modules) <= MAX_MODULES


@pytest.mark.parametrize("folder", PACKAGES, ids=relative)
def test_package_below_tracking_has_a_readme(folder: Path) -> None:
    parts = folder.relative_to(PROJECT_ROOT).parts
    if len(parts) != 2 or parts[1] in ("management", "templatetags"):
        return

    assert (folder / "README.md").is_file(), (
        f"{relative(folder)} has no README.md: what it does, its files, how to extend"
    )


def test_top_level_holds_only_what_the_owner_and_tools_demand() -> None:
    found = {name.partition("/")[0] for name in tracked_files() if name}

    assert {name for name in found if not name.startswith(".")} <= ALLOWED_TOP_LEVEL


def test_no_unfinished_marks_and_no_skipped_tests() -> None:
    marks = ["TO" + "DO", "FIX" + "ME", "pytest." + "skip", "mark." + "skip", "mark." + "xfail"]
    found = [(path.name, mark) for path in SOURCES for mark in marks if mark in path.read_text(encoding="utf-8")]

    assert found == []


def test_numbers_of_examples_follow_the_profile() -> None:
    """A fixed number would keep `make search` from looking further than `make test`."""
    fixed = re.compile(r"max_examples=(\d|int\()")

    assert [relative(path) for path in SOURCES if fixed.search(path.read_text(encoding="utf-8"))] == []


def test_lock_file_holds_names_versions_and_hashes_and_no_addresses() -> None:
    lock = (PROJECT_ROOT / "requirements.lock").read_text()

    assert "://" not in lock
    assert "--index" not in lock
    assert lock.count("--hash=sha256:") > 1000
