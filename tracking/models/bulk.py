"""Insert or update many rows in one statement. On PostgreSQL each column travels as one array (`unnest`).

Values are those that the database driver takes: no enum members, no model instances.
"""

# Django 5.2 inserts through UNNEST too, but from model instances: with 20 events a transaction it reached 0.6 of this
# module's rows a second. For updates it writes a CASE for each column, which is slower still.

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from django.db import connection
from django.db.models import JSONField, Model

PLAIN_TYPES: Final = frozenset({str, int, float, type(None)})
"""Values that a column without JSON takes as they are: to convert each of them costs more than to insert it."""


@cache
def array_types(model: type[Model], field_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return a placeholder with the PostgreSQL array type of each column."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    column_types = (str(fields[name].db_type(connection) or "") for name in field_names)
    return tuple(f"%s::{column_type.partition('(')[0]}[]" for column_type in column_types)


def insert_rows(model: type[Model], field_names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of values in the order of `field_names`; leave out a row that would violate a constraint."""
    if not rows:
        return
    table, columns = model._meta.db_table, ", ".join(field_names)
    if connection.vendor == "postgresql":
        source = f"SELECT * FROM unnest({', '.join(array_types(model, tuple(field_names)))})"
        statement = f"INSERT INTO {table} ({columns}) {source} ON CONFLICT DO NOTHING"
        execute_with_arrays(statement, columns_of(model, field_names, rows))
    else:
        placeholders = ", ".join(["%s"] * len(field_names))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({placeholders}) ON CONFLICT DO NOTHING"
        execute_per_row(statement, model, field_names, rows)


def update_rows(model: type[Model], field_names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Update the columns of `field_names`. Each row is the primary key followed by the new values."""
    if not rows:
        return
    table, columns = model._meta.db_table, ("id", *field_names)
    if connection.vendor == "postgresql":
        assignments = ", ".join(f"{name} = incoming.{name}" for name in field_names)
        source = f"unnest({', '.join(array_types(model, columns))}) AS incoming({', '.join(columns)})"
        statement = f"UPDATE {table} SET {assignments} FROM {source} WHERE {table}.id = incoming.id"
        execute_with_arrays(statement, columns_of(model, columns, rows))
    else:
        assignments = ", ".join(f"{name} = %s" for name in field_names)
        key_last = [(*values, key) for key, *values in rows]
        execute_per_row(f"UPDATE {table} SET {assignments} WHERE id = %s", model, (*field_names, "id"), key_last)


def insert_or_count(
    model: type[Model], values: dict[str, Any], key: Sequence[str], counter: str, latest: str, returning: Sequence[str]
) -> tuple[Any, ...]:
    """Insert a row with one statement; where its `key` exists, add 1 to `counter` and set `latest`.

    `values` are by column. Return the columns `returning` of the row.
    """
    table = model._meta.db_table
    fields = {field.attname: field for field in model._meta.concrete_fields}
    converted = [fields[name].get_db_prep_save(value, connection) for name, value in values.items()]
    statement = (
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET"
        f" {counter} = {table}.{counter} + 1, {latest} = excluded.{latest} RETURNING {', '.join(returning)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, converted)
        # All rows, of which there is one: SQLite commits when the statement is at its end.
        return tuple(cursor.fetchall()[0])


def columns_of(model: type[Model], field_names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> Iterator[list[Any]]:
    """Yield the values of each column, JSON as text: a list would be taken for an array of the database."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    for name, column in zip(field_names, zip(*rows, strict=True), strict=True):
        is_json = isinstance(fields[name], JSONField)
        yield [json.dumps(value) for value in column] if is_json else list(column)


def execute_with_arrays(statement: str, columns: Iterable[list[Any]]) -> None:
    """Run a statement once, with one array for each column."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(columns))


def execute_per_row(
    statement: str, model: type[Model], field_names: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Run a statement for each row, with values converted for this database."""
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    fields = [by_name[name] for name in field_names]
    are_json = [isinstance(field, JSONField) for field in fields]
    converted = [
        [
            value if value.__class__ in PLAIN_TYPES and not is_json else field.get_db_prep_save(value, connection)
            for field, is_json, value in zip(fields, are_json, row, strict=True)
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, converted)
