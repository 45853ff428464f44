"""Make the mutants of a module: its source with one small change, such as `<` for `<=` or `or` for `and`."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from itertools import count
from typing import Final, NamedTuple

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

COMPARISON_SWAPS: Final = frozenset(
    {
        *("Lt_LtE", "Lt_Gt", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_Lt", "GtE_Gt", "GtE_Lt"),
        *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is"),
    }
)
"""An identity becomes its opposite only: for members of an enum and for None, `==` is the same."""
ARITHMETIC_SWAPS: Final = frozenset(
    {"Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Div", "Mod_Mul", "BitOr_BitAnd", "BitAnd_BitOr"}
)
"""Operators that many types have both of: the other pairs only raise TypeError, which any test would see."""
LOGIC: Final = (
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "AddNot"),
    *("ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop", "NumberReplacer"),
    "ExceptionReplacer",
)
OPERATORS: Final = (
    *(f"core/{name}" for name in LOGIC),
    *(f"core/ReplaceComparisonOperator_{swap}" for swap in sorted(COMPARISON_SWAPS)),
    *(f"core/ReplaceBinaryOperator_{swap}" for swap in sorted(ARITHMETIC_SWAPS)),
)


class Mutant(NamedTuple):
    """A changed source, and the line that changed, before and after."""

    line_number: int
    before: str
    after: str
    scope: str
    """The name of the function that changed; '' outside of all."""
    source: str


class AnnotationRemover(ast.NodeTransformer):
    """Removes what does not change how a program behaves: annotations, and `*` or `/` between parameters."""

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        """Make all parameters alike."""
        node.args = [*node.posonlyargs, *node.args, *node.kwonlyargs]
        node.defaults = [*node.defaults, *(default for default in node.kw_defaults if default is not None)]
        node.posonlyargs, node.kwonlyargs, node.kw_defaults = [], [], []
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Remove the annotation of an argument."""
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Remove the annotation of what a function returns."""
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Replace the annotation of a variable or field, which must have one."""
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def behaviour_of(source: str) -> str:
    """Return what is equal for two sources that behave alike: their syntax, as `AnnotationRemover` leaves it."""
    return ast.dump(AnnotationRemover().visit(ast.parse(source)))


def make_mutants(source: str) -> list[Mutant]:
    """Return all distinct mutants of a source, by line."""
    found: dict[str, Mutant] = {}
    original = behaviour_of(source)
    for mutated in mutated_sources(source):
        try:
            behaviour = behaviour_of(mutated)
        except SyntaxError:
            # `not` before an assignment expression.
            continue
        if behaviour != original:
            found.setdefault(behaviour, describe(source, mutated))
    return sorted(found.values())


def mutated_sources(source: str) -> Iterator[str]:
    """Yield the source with each mutation of each operator."""
    missing = set(OPERATORS) - set(operator_names())
    assert not missing, f"cosmic-ray has no {', '.join(sorted(missing))}"
    for name in OPERATORS:
        operator = get_operator(name)()
        for occurrence in count():
            mutated = mutate_code(source, operator, occurrence)
            if mutated is None:
                break
            yield mutated


def describe(source: str, mutated: str) -> Mutant:
    """Return a mutant with the first line that differs."""
    before, after = source.splitlines(), mutated.splitlines()
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    _tag, start, end, new_start, new_end = next(code for code in matcher.get_opcodes() if code[0] != "equal")
    return Mutant(
        start + 1,
        " ".join(line.strip() for line in before[start:end]),
        " ".join(line.strip() for line in after[new_start:new_end]),
        function_at(source, start + 1),
        mutated,
    )


def function_at(source: str, line_number: int) -> str:
    """Return the name of the innermost function that holds a line; '' if none does."""
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.lineno <= line_number <= (node.end_lineno or 0)
    ]
    return max(functions, key=lambda node: node.lineno).name if functions else ""
