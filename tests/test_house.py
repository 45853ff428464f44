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
INDENTED_IMPORT: Final = re.compile(r"^[ \t]+(?:import|from)\b|[:;][ \t]*(?:import|from)\b", re.MULTILINE)
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
    text = path.read_text(encoding="utf-8")
    if not INDENTED_IMPORT.search(text):  # most files need not be parsed
        return
    for node in ast.walk(ast.parse(text)):
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


def test_files_are_short() -> None:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES if "tests" not in path.parts
    }

    assert {relative(path): length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_files_are_named_for_their_content() -> None:
    assert [relative(path) for path in SOURCES if path.stem in FORBIDDEN_MODULE_NAMES] == []


def test_imports_are_at_the_top() -> None:
    assert [f"{relative(path)}:{line}" for path in SOURCES for line in imports_in_functions(path)] == []


def test_each_class_name_is_used_once() -> None:
    files: defaultdict[str, list[str]] = defaultdict(list)
    for path in SOURCES:
        if "tests" not in path.parts:
            for name in class_names(path):
                files[name].append(relative(path))

    assert {name: found for name, found in files.items() if len(found) > 1 and name not in FRAMEWORK_CLASS_NAMES} == {}


def test_folders_are_one_package_each() -> None:
    modules = {folder: [path for path in folder.glob("*.py") if path.stem != "__init__"] for folder in PACKAGES}
    too_large = {relative(folder) for folder, paths in modules.items() if len(paths) > MAX_MODULES}

    assert too_large - FOLDERS_OF_PEERS == set()


def test_packages_below_tracking_have_a_readme() -> None:
    """What it does, its files, how to extend it."""
    parts = {folder: folder.relative_to(PROJECT_ROOT).parts for folder in PACKAGES}
    packages = [
        folder for folder, names in parts.items() if len(names) == 2 and names[1] not in ("management", "templatetags")
    ]

    assert len(packages) > 10
    assert [relative(folder) for folder in packages if not (folder / "README.md").is_file()] == []


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
