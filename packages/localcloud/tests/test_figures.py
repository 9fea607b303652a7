"""Figures that tests tell are printed, wherever the tests run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REGISTERS = """
from localcloud.testing import figures

def pytest_configure(config):
    figures.register(config)
"""
TELLS = """
from localcloud.testing.figures import tell

def test_one():
    tell("measured: 17")

def test_two():
    pass
"""


@pytest.mark.parametrize("processes", ["0", "2"])
def test_what_is_told_is_printed_once(tmp_path: Path, processes: str) -> None:
    """In this process and in those of pytest-xdist alike."""
    (tmp_path / "conftest.py").write_text(REGISTERS)
    (tmp_path / "test_telling.py").write_text(TELLS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", processes]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.stdout.count("measured: 17") == 1, run.stdout + run.stderr
