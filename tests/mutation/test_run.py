"""A whole run on a small project of its own: what no test kills is reported, what one kills is counted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = """
PRIMES = (2, 3, 5, 7, 11, 13, 17, 19)

def larger(a, b):
    return a if a > b else b
"""
THOROUGH = """
from domain.sample import PRIMES, larger

def test_it():
    assert PRIMES == (2, 3, 5, 7, 11, 13, 17, 19)
    assert (larger(1, 2), larger(2, 1)) == (2, 2)
"""
LAZY = THOROUGH.replace("== (2, 2)", "!= (1, 1)")
SURVIVOR = """
[[survivor]]
module = "domain.sample"
within = "larger"
line = "return a if a > b else b"
mutation = "a > b -> a >= b"
reason = "of two that are equal either is the larger one"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One module, and no tests yet."""
    files = {
        "domain/__init__.py": "",
        "domain/sample.py": MODULE,
        "tests/domain/test_sample.py": THOROUGH,
        "tests/mutation/survivors.toml": SURVIVOR,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def mutate(project: Path, *options: str) -> tuple[int, str]:
    """The exit status, and what is printed."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.mutation.run", *options],
        cwd=project,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(project), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_what_the_tests_kill_is_counted(project: Path) -> None:
    """And what changes nothing is listed."""
    before = {path: path.read_text() for path in project.glob("domain/*.py")}
    status, text = mutate(project)
    assert status == 0, text
    assert "19 of   20 killed (95.0%)  domain.sample" in text
    assert {path: path.read_text() for path in project.glob("domain/*.py")} == before


def test_what_no_test_kills_is_reported(project: Path) -> None:
    """With the line and the change."""
    (project / "tests/domain/test_sample.py").write_text(LAZY)
    status, text = mutate(project)
    assert status == 1
    assert "17 of   20 killed" in text
    assert "fewer than 95% are killed" in text
    for change in ("a > b -> True", "a > b -> False"):
        assert f"larger\n    return a if a > b else b\n    {change}" in text


def test_another_folders_tests_do_not_count(project: Path) -> None:
    """A decision is told by the tests beside it."""
    tests = project / "tests/domain/test_sample.py"
    tests.rename(tests.parents[1] / "test_sample.py")
    status, text = mutate(project)
    assert status == 1
    assert "0 of   20 killed" in text


def test_what_cannot_be_imported_or_goes_on_for_ever_is_killed(project: Path) -> None:
    """No test needs to say so."""
    (project / "domain/sample.py").write_text("ONE = [1][0]\nRUN = False\nwhile RUN: pass\n")
    test = "import domain.sample\ndef test_it(): pass\n"
    (project / "tests/domain/test_sample.py").write_text(test)
    _, text = mutate(project, "--cpu-seconds", "2")
    survived = set(re.findall(r"not listed: domain\.sample\n    (.+)\n    (.+)\n", text))
    assert survived == {
        ("ONE = [1][0]", "1 -> 2"),
        ("ONE = [1][0]", "1 -> 0"),
        # The last, which is the only one.
        ("ONE = [1][0]", "0 -> -1"),
        ("while RUN: pass", "RUN -> False"),
    }


def test_tests_that_fail_anyway_kill_nothing(project: Path) -> None:
    """Each mutant would seem to be killed."""
    (project / "tests/domain/test_sample.py").write_text(THOROUGH.replace("(2, 2)", "(2, 3)"))
    status, text = mutate(project)
    assert status == 1
    assert "The tests fail with nothing changed." in text
