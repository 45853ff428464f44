"""`python -m tests.bench [ROW ...]`: print the rows as a table, and write them to bench.json."""

from __future__ import annotations

import tests.bench.house  # isort: split

import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.db import connection

from tests.bench import asking, claiming, formatting, peer, reading, storing, sweeping, telling
from tests.bench.machine import NotMeasuredError, Row

ROWS: Final[dict[int, Callable[[], Row]]] = {
    5: storing.row,
    6: peer.row,
    7: reading.row,
    10: claiming.row,
    11: asking.row,
    12: claiming.messages_row,
    14: asking.adaptive_row,
    15: sweeping.row,
    16: telling.row,
    17: telling.drain_row,
    18: formatting.row,
}
REPORT: Final = Path(tests.bench.house.__file__).resolve().parents[2] / "bench.json"


def main(wanted: list[int]) -> None:
    """Measure the rows that are wanted, or all."""
    connection.creation.create_test_db(verbosity=0, serialize=False)
    found: list[Row] = []
    unmeasured: dict[int, str] = {}
    print(f"{'':4}{'row':44}{'found':>8}{'target':>9}")
    for number in wanted or ROWS:
        try:
            row = ROWS[number]()
        except NotMeasuredError as missing:
            unmeasured[number] = str(missing)
            print(f"{number:>3} not measured: {missing}", flush=True)
            continue
        found.append(row)
        sign = "≥" if row.at_least else "≤"
        print(
            f"{row.number:>3} {row.name:44}{row.value:>8.3g}{sign:>4}{row.target:>5g}  {'met' if row.met else 'MISSED'}"
        )
        print(f"    {', '.join(f'{name} {value}' for name, value in row.details.items())}", flush=True)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "rows": [row._asdict() | {"met": row.met} for row in found],
        "not_measured": unmeasured,
    }
    REPORT.write_text(json.dumps(report, indent=1) + "\n")


main([int(number) for number in sys.argv[1:]])
