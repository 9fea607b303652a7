"""Where the records lie, by the settings: when nobody names a home, or what cannot be one, the setting is named."""

from __future__ import annotations

import pytest

from activities import configuration
from migration.settings import InvalidSettings

HOMES = ("RECORDS_TABLE_ENDPOINT", "RECORDS_TABLE_CONNECTION_STRING", "AzureWebJobsStorage")


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({}, "RECORDS_TABLE_ENDPOINT"),
        ({"AzureWebJobsStorage__accountName": "account"}, "RECORDS_TABLE_ENDPOINT"),
        ({"RECORDS_TABLE_CONNECTION_STRING": "s3cret"}, "RECORDS_TABLE_CONNECTION_STRING"),
    ],
    ids=["none", "an account without its table service", "a connection string that is none"],
)
def test_a_table_that_cannot_be_found_is_a_wrong_setting(
    environ: dict[str, str], variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a bug; and the value, which may be a key, is not shown."""
    monkeypatch.setenv("RECORDS_STORE", "table")
    for name in HOMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    configuration.settings.cache_clear()
    with pytest.raises(InvalidSettings) as refused:
        configuration.records()
    assert [problem.field for problem in refused.value.problems] == [variable]
    assert "s3cret" not in str(refused.value)
