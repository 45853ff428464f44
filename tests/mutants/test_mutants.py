"""The mutants that `make mutants` makes, and how they get into a running process."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tests.mutants.grafting import graft_source
from tests.mutants.mutations import make_mutants

SOURCE = """
from __future__ import annotations
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple
LIMIT = 1000
def is_over(value: int | None, *, limit: int = 10) -> bool:
    return value > limit
@lru_cache
def doubled(value: int) -> int:
    return value * 2
@contextmanager
def opened(value: int) -> Iterator[int]:
    yield value + 3
class Parcel(NamedTuple):
    weight: int = 5
    @property
    def is_heavy(self) -> bool:
        return self.weight > LIMIT
    @classmethod
    def of(cls, weight: int) -> Parcel:
        return cls(weight + 0)
"""


def load(source: str) -> Any:
    """Return a module of this source."""
    module = ModuleType("parcels")
    module.__file__ = "parcels.py"
    exec(compile(source, "parcels.py", "exec"), vars(module))
    return module


def test_a_mutant_differs_in_one_line_and_none_in_annotations_only() -> None:
    mutants = make_mutants(SOURCE)

    assert ("return value > limit", "return value >= limit", "is_over") in {
        (mutant.before, mutant.after, mutant.scope) for mutant in mutants
    }
    assert all(mutant.source != SOURCE for mutant in mutants)
    assert not [mutant for mutant in mutants if "int & None" in mutant.after or "/," in mutant.after]


def test_functions_that_others_imported_change_with_their_module() -> None:
    module = load(SOURCE)
    is_over, doubled, opened, parcel = module.is_over, module.doubled, module.opened, module.Parcel
    made = parcel.of(2000)
    assert (is_over(10), doubled(3), parcel().weight, made.is_heavy) == (False, 6, 5, True)

    changed = SOURCE.replace("value > limit", "value >= limit").replace("value * 2", "value / 2")
    changed = changed.replace("weight: int = 5", "weight: int = 6").replace("weight + 0", "weight + 1")
    changed = changed.replace("value + 3", "value - 3")
    graft_source(module, changed.replace("LIMIT = 1000", "LIMIT = 2001"))

    assert (is_over(10), doubled(3), parcel().weight, made.is_heavy) == (True, 1.5, 6, False)
    with opened(5) as value:
        assert value == 2
    assert parcel.of(2001) == (2002,)
    assert parcel.of(2001).is_heavy
