"""The templates compile without a word, are formatted, and give the same deployment twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.infra.compiling import ENTRIES, INFRA, Json, run, text_of

FILES = sorted(str(path.relative_to(INFRA)) for path in INFRA.glob("**/*.bicep"))


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_linter_says_nothing(compiler_home: Path, entry: str) -> None:
    """No warning, no note."""
    linted = run(compiler_home, "lint", entry)
    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


def test_every_file_is_formatted(compiler_home: Path) -> None:
    """As the compiler's own formatter has it."""
    wrong = [
        name
        for name in FILES
        if run(compiler_home, "format", name, "--stdout").stdout.strip()
        != (INFRA / name).read_text().strip()
    ]
    assert wrong == []


def test_every_file_is_deployed(compiled: dict[str, Json]) -> None:
    """By an entry, or by a module of one."""
    used = set(ENTRIES)
    for name in FILES:
        folder = (INFRA / name).parent
        for path in re.findall(r"^module \w+ '([^']+)'", (INFRA / name).read_text(), re.MULTILINE):
            used.add(str((folder / path).resolve().relative_to(INFRA)))
    assert sorted(used) == FILES


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_same_twice_is_the_same_deployment(compiled: dict[str, Json], entry: str) -> None:
    """No time and no random id is computed: `azd up` a second time changes nothing."""
    text = text_of(compiled[entry]).lower()
    assert not re.findall(r"\b(utcnow|newguid)\b", text)


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_fetched_from_a_registry(name: str) -> None:
    """Modules are files of this folder."""
    assert not re.findall(r"'(?:br|ts)[:/]", (INFRA / name).read_text())
