"""docs/deletion.md lists every threat with its tests, and the tests are there."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = re.compile(r"`(tests/[\w/]+\.py|packages/[\w/]+\.py)::(\w+)`")


def _rows() -> dict[str, str]:
    text = (ROOT / "docs" / "deletion.md").read_text().partition("\n## Threats\n")[2]
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {number: told[-1] for number, *told in cells if number != "#"}


@cache
def _tests(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


def test_each_threat_has_tests_that_are_there() -> None:
    """By file and name."""
    references = {number: REFERENCE.findall(cell) for number, cell in _rows().items()}
    assert [number for number, found in references.items() if not found] == []
    everywhere = REFERENCE.findall((ROOT / "docs" / "deletion.md").read_text())
    missing = [f"{path}::{name}" for path, name in everywhere if name not in _tests(path)]
    assert missing == []


def test_each_test_of_a_threat_is_in_its_row() -> None:
    """Named by its number."""
    rows = _rows()
    untold = [
        name
        for path in (ROOT / "tests" / "threats").glob("test_*.py")
        for name in _tests(str(path.relative_to(ROOT)))
        if (number := re.match(r"test_(\d\d)_", name)) and name not in rows[str(int(number[1]))]
    ]
    assert untold == []
