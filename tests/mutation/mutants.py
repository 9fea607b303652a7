"""The mutants of a module: one operator, condition, flag or number is changed at a time; texts are left alone.

1. Comparisons become their negation, and those of order also the one that differs at the boundary only.
2. One `and` becomes `or`, or the other way round; a `not` is left out.
3. The condition of an `if`, a `while`, a ternary, a comprehension or a `case` becomes True, or False.
4. True becomes False, and the other way round; an integer becomes the next one, or the one before.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
CONDITIONS = {
    (ast.If, "test"),
    (ast.While, "test"),
    (ast.IfExp, "test"),
    (ast.comprehension, "ifs"),
    (ast.match_case, "guard"),
}
SCOPES = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Change(NamedTuple):
    """The name of a mutant: the module, what it is within, the line that it begins on, and what becomes of what.

    Names outlast edits elsewhere in the module, as line numbers would not.
    """

    module: str
    within: str
    line: str
    mutation: str


class Mutant(NamedTuple):
    """One change, and the module's code with it."""

    change: Change
    code: CodeType


class Place(NamedTuple):
    """The position of an expression in the tree: the names of what it is within, its parent, the field, the index."""

    within: str
    parent: ast.AST
    name: str
    at: int | None

    def put(self, node: ast.expr) -> None:
        """Puts another expression there."""
        if self.at is None:
            setattr(self.parent, self.name, node)
        else:
            getattr(self.parent, self.name)[self.at] = node


def mutants_of(source: str, module: str) -> list[Mutant]:
    """Every mutant of a module's source. Of changes that read the same, the later ones are numbered."""
    tree, lines, seen = ast.parse(source), source.splitlines(), Counter[Change]()
    found = []
    for place, node in list(_places(tree, "")):
        for other in _others(place, node):
            mutation = f"{ast.unparse(node)} -> {ast.unparse(other)}"
            change = Change(module, place.within, lines[node.lineno - 1].strip(), mutation)
            seen[change] += 1
            if seen[change] > 1:
                change = change._replace(mutation=f"{mutation} ({seen[change]})")
            found.append(Mutant(change, _compiled(tree, place, node, other)))
    return found


def _compiled(tree: ast.Module, place: Place, node: ast.expr, other: ast.expr) -> CodeType:
    place.put(ast.copy_location(other, node))
    try:
        ast.fix_missing_locations(tree)
        return compile(tree, "<mutant>", "exec", dont_inherit=True)
    finally:
        place.put(node)


def _places(parent: ast.AST, within: str) -> Iterator[tuple[Place, ast.expr]]:
    """Yield every expression with its place, in the order of the source."""
    if isinstance(parent, SCOPES):
        within = f"{within}.{parent.name}".strip(".")
    for name, value in ast.iter_fields(parent):
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(node, ast.expr):
                yield Place(within, parent, name, index), node
            if isinstance(node, ast.AST):
                yield from _places(node, within)


def _others(place: Place, node: ast.expr) -> Iterator[ast.expr]:
    """Yield all that is put into an expression's place."""
    is_condition = (type(place.parent), place.name) in CONDITIONS
    if is_condition and not isinstance(node, ast.Constant):
        yield from (ast.Constant(value=True), ast.Constant(value=False))
    match node:
        case ast.Compare():
            yield from _comparisons(node)
        case ast.BoolOp():
            yield from _junctions(node)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))


def _comparisons(node: ast.Compare) -> Iterator[ast.Compare]:
    for index, operator in enumerate(node.ops):
        for other in COMPARISONS[type(operator)]:
            operators = [*node.ops[:index], other(), *node.ops[index + 1 :]]
            yield ast.Compare(node.left, operators, node.comparators)


def _junctions(node: ast.BoolOp) -> Iterator[ast.BoolOp]:
    """In `a and b and c` there are two to change."""
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    for index in range(1, len(node.values)):
        halves = (node.values[:index], node.values[index:])
        sides = [half[0] if len(half) == 1 else ast.BoolOp(node.op, half) for half in halves]
        yield ast.BoolOp(other, sides)
