"""Fixtures that the triggers' tests share: records of a test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app import forget
from tests.credentials import SETTINGS
from tests.entra import entra

__all__ = ["entra", "own_records"]


@pytest.fixture
def own_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Empty records for one test, and the tests' named key; settings are read anew, so set others before the first
    use."""
    monkeypatch.setenv("RECORDS_STORE", "sqlite")
    monkeypatch.setenv("RECORDS_SQLITE_PATH", str(tmp_path / "records.sqlite"))
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    forget()
    yield
    forget()
