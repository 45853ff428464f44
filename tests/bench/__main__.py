"""`python -m tests.bench [ROW ...]`: print the rows as a table, and write them to bench.json."""

from __future__ import annotations

# Must come first: it chooses the database and sets up Django.
import tests.bench.django_setup  # isort: split

import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.db import connection

from tests.bench import (
    alert_sweep,
    claiming,
    formatting,
    ingest,
    karrio_comparison,
    karrio_pages,
    notifications,
    pages,
    parsing,
    polling,
)
from tests.bench.measurement import NotMeasuredError, Row

ROWS: Final[dict[int, Callable[[], Row | Sequence[Row]]]] = {
    1: pages.page_rate_rows,
    2: karrio_pages.karrio_page_row,
    4: pages.query_rows,
    5: ingest.ingest_row,
    6: karrio_comparison.karrio_row,
    7: parsing.parsing_row,
    10: claiming.claim_row,
    11: polling.calls_row,
    12: claiming.legs_per_message_row,
    14: polling.adaptive_polling_row,
    15: alert_sweep.alert_sweep_row,
    16: notifications.event_to_channel_row,
    17: notifications.outbox_memory_row,
    18: formatting.formatting_row,
}
REPORT_PATH: Final = Path(tests.bench.django_setup.__file__).resolve().parents[2] / "bench.json"


def main(row_numbers: list[int]) -> None:
    """Measure the given rows, or all of them; print a table and write the report."""
    connection.creation.create_test_db(verbosity=0, serialize=False)
    rows: list[Row] = []
    unmeasured: dict[int, str] = {}
    print(f"{'':4}{'row':44}{'value':>8}{'target':>9}")
    for number in row_numbers or ROWS:
        try:
            measured = ROWS[number]()
        except NotMeasuredError as error:
            unmeasured[number] = str(error)
            print(f"{number:>3} not measured: {error}", flush=True)
            continue
        for row in [measured] if isinstance(measured, Row) else measured:
            rows.append(row)
            print_row(row)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "rows": [row._asdict() | {"met": row.met} for row in rows],
        "not_measured": unmeasured,
    }
    REPORT_PATH.write_text(json.dumps(report, indent=1) + "\n")


def print_row(row: Row) -> None:
    """Print a row of the table, with its details beneath."""
    symbol, verdict = "≥" if row.at_least else "≤", "met" if row.met else "MISSED"
    print(f"{row.number:>3} {row.name:44}{row.value:>8.3g}{symbol:>4}{row.target:>5g}  {verdict}")
    print(f"    {', '.join(f'{name} {value}' for name, value in row.details.items())}", flush=True)


main([int(number) for number in sys.argv[1:]])
