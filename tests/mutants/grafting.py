"""Put a mutant into a running process: other modules have imported the module's functions and classes already."""

from __future__ import annotations

import sys
from functools import _lru_cache_wrapper
from inspect import unwrap
from types import FunctionType, ModuleType

OWN_PACKAGES = ("tracking", "tests", "accounts")


def graft_source(module: ModuleType, source: str) -> None:
    """Make all that `module` has defined behave as in `source`.

    Functions and methods keep their identity and get other code. Constants are replaced wherever they were imported.
    """
    mutated = ModuleType(module.__name__)
    mutated.__file__ = module.__file__
    exec(compile(source, str(module.__file__), "exec"), vars(mutated))
    for name, new in list(vars(mutated).items()):
        old = vars(module).get(name)
        if not name.startswith("__") and not isinstance(new, ModuleType) and not graft(old, new, module.__name__):
            replace_constant(name, old, new)
            setattr(module, name, new)


def graft(old: object, new: object, module_name: str) -> bool:
    """Give an old function or class the code of a new one; return False for what is neither."""
    if isinstance(old, _lru_cache_wrapper):
        old.cache_clear()
        old = old.__wrapped__
    new = new.__wrapped__ if isinstance(new, _lru_cache_wrapper) else new
    if isinstance(old, FunctionType) and isinstance(new, FunctionType):
        if old.__module__ == module_name:
            graft_function(old, new)
        return True
    if isinstance(old, type) and isinstance(new, type):
        if old.__module__ == module_name:
            graft_class(old, new)
        return True
    return old is new


def graft_function(old: FunctionType, new: FunctionType) -> None:
    """Give a function the code and defaults of another; of a decorated one, to what its decorators wrap."""
    old, new = unwrap(old), unwrap(new)
    old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__


def graft_class(old: type, new: type) -> None:
    """Give the methods, properties and class variables of a class the code or values of those of another."""
    for name, new_member in list(vars(new).items()):
        old_member = vars(old).get(name)
        functions, new_functions = functions_of(old_member), functions_of(new_member)
        for function, new_function in zip(functions, new_functions, strict=False):
            graft_function(function, new_function)
        if isinstance(new_member, int | float | str | tuple | frozenset) and not name.startswith("__"):
            setattr(old, name, new_member)


def functions_of(member: object) -> list[FunctionType]:
    """Return the functions of a member of a class: itself, or what a property, class method or static method calls."""
    candidates = (member, *(getattr(member, part, None) for part in ("fget", "__func__", "func")))
    return [function for function in candidates if isinstance(function, FunctionType)]


def replace_constant(name: str, old: object, new: object) -> None:
    """Replace a constant in all modules that imported it."""
    for module in list(sys.modules.values()):
        if module.__name__.partition(".")[0] in OWN_PACKAGES and vars(module).get(name) is old:
            setattr(module, name, new)
