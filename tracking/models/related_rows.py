"""Load the rows of several tables with one SQL statement: each table as one cell with a JSON array of its rows.

The querysets are compiled once for each database, with `PARENT_ID` in the place of the parent's id, and the statement
runs with another id each time. For a page of seven tables that saves six round trips, and compiling seven querysets.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db import connection, models

PARENT_ID: Final = -1
"""Stands for the id of the parent in the querysets of `RowSet`s."""
PARAMETER: Final = "the text that a prepared query asks for"


class RowSet(NamedTuple):
    """Rows of one table: `queryset`, filtered by `PARENT_ID` and ordered, and the columns to read.

    `fields` are attributes of the model, like `leg_id`, with its primary key; all of them by default. Reading another
    one costs a query. `annotations` are those of the queryset.
    """

    queryset: models.QuerySet[Any]
    fields: Collection[str] = ()
    annotations: Sequence[str] = ()

    @property
    def columns(self) -> list[str]:
        """Return the fields in the order in which the model takes them."""
        names = [field.attname for field in self.queryset.model._meta.concrete_fields]  # noqa: SLF001 - documented by Django
        return [name for name in names if name in self.fields] if self.fields else names


Reader = Callable[[Any], Any]


class CompiledRowSet(NamedTuple):
    """A row set as SQL that gives a JSON array of rows, and how to read each column that JSON has no type for."""

    sql: str
    params: tuple[Any, ...]
    readers: list[tuple[int, Reader]]


class RelatedRows:
    """Row sets by name, which are loaded together."""

    def __init__(self, build: Callable[[], Mapping[str, RowSet]]) -> None:
        self.build = build
        self.row_sets: Mapping[str, RowSet] = {}
        self.compiled: dict[str, list[CompiledRowSet]] = {}

    def load(self, parent_id: int) -> dict[str, list[Any]]:
        """Return the instances of each row set for one parent, with one query."""
        compiled = self.compiled.get(connection.vendor) or self.compile()
        params = [parent_id if param == PARENT_ID else param for part in compiled for param in part.params]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(part.sql for part in compiled)}", params)
            cells = cursor.fetchone()
        assert cells is not None
        return {
            name: build_instances(row_set, read_rows(cell, part.readers))
            for (name, row_set), part, cell in zip(self.row_sets.items(), compiled, cells, strict=True)
        }

    def compile(self) -> list[CompiledRowSet]:
        """Compile the querysets for the database in use."""
        self.row_sets = self.build()
        compiled = [compile_row_set(row_set) for row_set in self.row_sets.values()]
        self.compiled[connection.vendor] = compiled
        return compiled


def compile_row_set(row_set: RowSet) -> CompiledRowSet:
    """Return the SQL of a row set, and the readers of its columns by their place."""
    compiler = row_set.queryset.values_list(*row_set.columns, *row_set.annotations).query.get_compiler(connection.alias)
    sql, params = compiler.as_sql(with_col_aliases=True)
    columns = ", ".join(f"r.{connection.ops.quote_name(alias)}" for _column, _sql, alias in compiler.select)
    expressions = [column for column, _sql, _alias in compiler.select]
    if connection.vendor == "sqlite":
        aggregate, readers = f"json_group_array(json_array({columns}))", database_readers(compiler, expressions)
    else:
        aggregate, readers = f"json_agg(json_build_array({columns}))::text", postgresql_readers(expressions)
    # Only SQL that Django made, and aliases that it chose.
    return CompiledRowSet(f"(SELECT {aggregate} FROM ({sql}) AS r)", tuple(params), readers)  # noqa: S608


def database_readers(compiler: Any, expressions: Sequence[Any]) -> list[tuple[int, Reader]]:
    """Return Django's own converters: the JSON holds what SQLite stores."""
    readers = []
    for place, (converters, expression) in compiler.get_converters(expressions).items():
        readers.append((place, chain_converters(converters, expression)))
    return readers


def chain_converters(converters: Sequence[Any], expression: Any) -> Reader:
    """Return a function that applies Django's converters of a column, one after the other."""

    def read(value: Any) -> Any:
        for convert in converters:
            value = convert(value, expression, connection)
        return value

    return read


def read_instant(text: str) -> datetime:
    """Read an instant as PostgreSQL writes it, in any zone."""
    return datetime.fromisoformat(text).astimezone(UTC)


POSTGRESQL_READERS: Final[Mapping[str, Reader]] = {
    "DateTimeField": read_instant,
    "DateField": date.fromisoformat,
    "FloatField": float,  # JSON writes 1.0 as 1
    "DecimalField": lambda value: Decimal(str(value)),
}
"""By the type of the field; other values are in JSON what psycopg returns."""


def postgresql_readers(expressions: Sequence[Any]) -> list[tuple[int, Reader]]:
    """Return the readers of the columns that JSON has no type for."""
    kinds = [expression.output_field.get_internal_type() for expression in expressions]
    return [
        (place, unless_null(POSTGRESQL_READERS[kind])) for place, kind in enumerate(kinds) if kind in POSTGRESQL_READERS
    ]


def unless_null(read: Reader) -> Reader:
    """Return a reader that leaves None alone."""
    return lambda value: None if value is None else read(value)


def read_rows(cell: str | None, readers: Sequence[tuple[int, Reader]]) -> list[list[Any]]:
    """Return the rows in a cell; PostgreSQL has NULL for none."""
    return apply_readers(json.loads(cell) if cell else [], readers)


def apply_readers(rows: list[list[Any]], readers: Sequence[tuple[int, Reader]]) -> list[list[Any]]:
    """Read the columns of rows in place, and return the rows."""
    for row in rows:
        for place, read in readers:
            row[place] = read(row[place])
    return rows


def build_instances(row_set: RowSet, rows: Iterable[Sequence[Any]]) -> list[Any]:
    """Return the instances of rows, with their annotations."""
    columns, model, instances = row_set.columns, row_set.queryset.model, []
    for row in rows:
        instance = model.from_db(connection.alias, columns, row[: len(columns)])
        for name, value in zip(row_set.annotations, row[len(columns) :], strict=True):
            setattr(instance, name, value)
        instances.append(instance)
    return instances


def attach_rows(parents: Iterable[models.Model], relation: str, rows: Iterable[models.Model]) -> None:
    """Make `rows` what `parent.<relation>.all()` returns, as a prefetch does; they keep their order."""
    by_parent: defaultdict[Any, list[models.Model]] = defaultdict(list)
    managers = [(parent, getattr(parent, relation)) for parent in parents]
    for row in rows:
        by_parent[getattr(row, managers[0][1].field.attname)].append(row)
    for parent, manager in managers:
        for row in by_parent[parent.pk]:
            manager.field.set_cached_value(row, parent)
        found = manager.all()
        # What Django's own prefetch sets; there is no public name for it.
        found._result_cache, found._prefetch_done = by_parent[parent.pk], True  # noqa: SLF001
        vars(parent).setdefault("_prefetched_objects_cache", {})[relation] = found


def attach_parents(rows: Iterable[models.Model], field: str, parents: Iterable[models.Model]) -> None:
    """Set the object of a foreign key on each row, None where it is not among `parents`."""
    by_id = {parent.pk: parent for parent in parents}
    for row in rows:
        setattr(row, field, by_id.get(getattr(row, f"{field}_id")))


class PreparedQuery:
    """A queryset of value tuples that is compiled once for each database, and run with another text each time."""

    def __init__(self, build: Callable[[str], models.QuerySet[Any, tuple[Any, ...]]]) -> None:
        self.build = build
        self.compiled: dict[str, tuple[str, tuple[Any, ...], list[tuple[int, Reader]]]] = {}

    def rows(self, text: str) -> list[list[Any]]:
        """Return the rows for a text, with one query."""
        sql, params, readers = self.compiled.get(connection.vendor) or self.compile()
        with connection.cursor() as cursor:
            cursor.execute(sql, [text if param == PARAMETER else param for param in params])
            rows = [list(row) for row in cursor.fetchall()]
        return apply_readers(rows, readers)

    def compile(self) -> tuple[str, tuple[Any, ...], list[tuple[int, Reader]]]:
        """Compile the queryset for the database in use."""
        compiler = self.build(PARAMETER).query.get_compiler(connection.alias)
        sql, params = compiler.as_sql()
        readers = database_readers(compiler, [column for column, _sql, _alias in compiler.select])
        self.compiled[connection.vendor] = sql, tuple(params), readers
        return self.compiled[connection.vendor]
