"""Mutants: each operator, condition, flag and number is changed, one at a time, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mutation.mutants import Mutant, mutants_of


def changes(source: str) -> list[str]:
    return [mutant.change.mutation for mutant in mutants_of(source, "sample")]


SOURCES: dict[str, tuple[str, list[str]]] = {
    "equality": ("x == y", ["x == y -> x != y"]),
    "order, also at its boundary": ("x < y", ["x < y -> x <= y", "x < y -> x >= y"]),
    "each comparison of a chain": (
        "a is b not in c",
        ["a is b not in c -> a is not b not in c", "a is b not in c -> a is b in c"],
    ),
    "and": ("a and b", ["a and b -> a or b"]),
    "each junction": (
        "a or b or c",
        ["a or b or c -> a and (b or c)", "a or b or c -> (a or b) and c"],
    ),
    "not": ("not a", ["not a -> a"]),
    "an if": ("if a: pass", ["a -> True", "a -> False"]),
    "a loop": ("while a: pass", ["a -> True", "a -> False"]),
    "a ternary": ("a if b else c", ["b -> True", "b -> False"]),
    "a comprehension": ("[a for a in b if c]", ["c -> True", "c -> False"]),
    "a guard": ("match a:\n case b if c: pass", ["c -> True", "c -> False"]),
    "an endless loop": ("while True: pass", ["True -> False"]),
    "a flag": ("f(a=True)", ["True -> False"]),
    "an integer": ("a = 1", ["1 -> 2", "1 -> 0"]),
    "an integer that a model is annotated with": (
        "class A:\n a: Field(ge=1)",
        ["1 -> 2", "1 -> 0"],
    ),
    "a negative integer": ("-1", ["1 -> 2", "1 -> 0"]),
    "a text": ("'''Why, when 1 < 2?'''\na = 'x'", []),
    "no number, no operator": ("a = f(b)[c] + 1.5", []),
}


@pytest.mark.parametrize(("source", "mutations"), SOURCES.values(), ids=SOURCES)
def test_what_decides_is_changed(source: str, mutations: list[str]) -> None:
    """One change to each mutant."""
    assert changes(source) == mutations


SOURCE = """
LIMIT = 2

class Gate:
    def open(self, n):
        return n < LIMIT and n != 0
"""


def run(mutant: Mutant, n: int) -> Any:
    module: dict[str, Any] = {}
    exec(mutant.code, module)
    return module["Gate"]().open(n)


def test_a_mutant_is_the_module_with_the_change() -> None:
    """And with that change only."""
    found = {mutant.change.mutation: mutant for mutant in mutants_of(SOURCE, "sample")}
    assert [run(found["n < LIMIT -> n <= LIMIT"], n) for n in (0, 1, 2)] == [False, True, True]
    assert [run(found["n != 0 -> n == 0"], n) for n in (0, 1, 2)] == [True, False, False]
    assert [run(found["2 -> 1"], n) for n in (0, 1, 2)] == [False, False, False]


def test_a_mutant_is_named_by_where_it_is() -> None:
    """By the class and function, and by the text of its line: numbers of lines move."""
    by_place = {mutant.change.within: mutant.change for mutant in mutants_of(SOURCE, "sample")}
    assert set(by_place) == {"", "Gate.open"}
    assert by_place["Gate.open"].line == "return n < LIMIT and n != 0"
    assert by_place[""].line == "LIMIT = 2"


def test_no_two_mutants_have_one_name() -> None:
    """Those that read the same are numbered in the order of the source."""
    assert changes("a = (1, 1)") == ["1 -> 2", "1 -> 0", "1 -> 2 (2)", "1 -> 0 (2)"]
