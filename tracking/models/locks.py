"""Rows locked until the end of a transaction, as far as the database can; SQLite has one writer at a time anyhow."""

from __future__ import annotations

from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

Rows = TypeVar("Rows", bound=Model)


def locked(rows: QuerySet[Rows], *, skip: bool = False) -> QuerySet[Rows]:
    """Return rows that are locked when they are read, and no rows joined to them. With `skip` those that somebody else
    has locked are left out, and not waited for."""
    features = connection.features
    return rows.select_for_update(
        skip_locked=skip and features.has_select_for_update_skip_locked,
        of=("self",) if features.has_select_for_update_of else (),
    )
