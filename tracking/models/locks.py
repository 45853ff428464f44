"""Row locks until the end of a transaction, where the database has them; SQLite allows one writer at a time anyway."""

from __future__ import annotations

from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

ModelT = TypeVar("ModelT", bound=Model)


def lock_rows(rows: QuerySet[ModelT], *, skip_locked: bool = False) -> QuerySet[ModelT]:
    """Return rows that are locked when they are read, but not the rows joined to them.

    With `skip_locked` rows locked by another transaction are left out instead of waited for.
    """
    features = connection.features
    return rows.select_for_update(
        skip_locked=skip_locked and features.has_select_for_update_skip_locked,
        of=("self",) if features.has_select_for_update_of else (),
    )
