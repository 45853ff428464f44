"""Rows locked until the end of a transaction, as far as the database can; SQLite has one writer at a time anyhow."""

from __future__ import annotations

from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

ModelT = TypeVar("ModelT", bound=Model)


def lock_rows(rows: QuerySet[ModelT], *, skip_locked: bool = False) -> QuerySet[ModelT]:
    """Return rows that are locked when they are read, and no rows joined to them. With `skip` those that somebody else
    has locked are left out, and not waited for."""
    features = connection.features
    return rows.select_for_update(
        skip_locked=skip_locked and features.has_select_for_update_skip_locked,
        of=("self",) if features.has_select_for_update_of else (),
    )
