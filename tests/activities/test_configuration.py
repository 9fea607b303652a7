"""Wrong settings at start, and where the records lie: what is wrong is named, and nothing that is secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from domain.settings import InvalidSettingsError, Settings
from services import dependencies as configuration
from tests.app import app, forget

ROOT = Path(__file__).parents[2]
VERSION = "AzureFunctionsJobHost__extensions__durableTask__defaultVersion"
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
    forget()
    with pytest.raises(InvalidSettingsError) as refused:
        app()
    assert [problem.field for problem in refused.value.problems] == [variable]
    assert "s3cret" not in str(refused.value)


def test_the_app_starts_with_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The timers get what the environment says."""
    monkeypatch.setenv("SWEEP_SCHEDULE", "0 */2 * * * *")
    monkeypatch.setenv("PURGE_SCHEDULE", "0 0 4 * * Sun")
    settings = configuration.settings_at_start()
    assert (settings.sweep_schedule, settings.purge_schedule) == ("0 */2 * * * *", "0 0 4 * * Sun")


@pytest.mark.parametrize("variable", ["SWEEP_SCHEDULE", "PURGE_SCHEDULE", "REPLICATION_TIMEOUT"])
def test_the_app_starts_with_the_defaults_while_a_setting_is_wrong(
    variable: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A timer with a schedule that the host cannot read would be disabled without a word to anybody; the log says once
    what is wrong, and using the settings still raises."""
    monkeypatch.setenv(variable, "at dawn")
    forget()
    assert configuration.settings_at_start() == Settings()
    assert [variable in message for message in caplog.messages] == [True]
    with pytest.raises(InvalidSettingsError, match=variable):
        app()


@pytest.mark.parametrize(
    ("environ", "version"),
    [({}, "3.1"), ({VERSION: "4.0"}, "4.0"), ({VERSION: ""}, "3.1")],
    ids=["host.json's", "an app setting's", "an empty app setting"],
)
def test_the_app_knows_the_version_of_what_it_starts(
    environ: dict[str, str], version: str, tmp_path: Path
) -> None:
    """As the host reads it: app settings stand above host.json."""
    host = tmp_path / "host.json"
    host.write_text('{"extensions": {"durableTask": {"defaultVersion": "3.1"}}}')
    assert configuration.orchestration_version(host, environ) == version


def test_restarts_get_the_version_that_is_deployed() -> None:
    """The dependencies of the app have it from host.json."""
    deployed = json.loads((ROOT / "host.json").read_text())
    assert app().version == deployed["extensions"]["durableTask"]["defaultVersion"] != ""
