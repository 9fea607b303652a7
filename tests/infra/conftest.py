"""The templates, compiled once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.infra.compiling import ENTRIES, Json, run, why_no_compiler


@pytest.fixture(scope="session")
def compiler_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what the compiler unpacks."""
    if reason := why_no_compiler():
        pytest.skip(reason)
    return tmp_path_factory.mktemp("bicep")


@pytest.fixture(scope="session")
def compiled(compiler_home: Path) -> dict[str, Json]:
    """The JSON of each entry template."""
    made = {}
    for entry in ENTRIES:
        built = run(compiler_home, "build", entry, "--stdout")
        assert built.returncode == 0, built.stderr
        assert built.stderr == ""
        made[entry] = json.loads(built.stdout)
    return made


@pytest.fixture
def main(compiled: dict[str, Json]) -> Json:
    """The deployment."""
    return compiled["main.bicep"]


@pytest.fixture
def events(compiled: dict[str, Json]) -> Json:
    """The part of Event Grid."""
    return compiled["events/main.bicep"]
