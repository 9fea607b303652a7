"""The settings of the app's identities: client ids, and two different ones."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from domain.identities.identity_settings import IdentitySettings
from domain.settings import InvalidSettingsError, Settings

ONE, OTHER = "0a0a0a0a-0000-4000-8000-00000000000a", "0b0b0b0b-0000-4000-8000-00000000000b"


def test_without_a_setting_nobody_deletes() -> None:
    """The app's system-assigned identity reads and publishes; there is no second one."""
    settings = Settings.from_environ({})
    assert (settings.azure_client_id, settings.deleter_client_id) == ("", "")


def test_client_ids_are_compared_without_case() -> None:
    """They are kept in small letters."""
    settings = Settings.from_environ({"AZURE_CLIENT_ID": ONE.upper(), "DELETER_CLIENT_ID": OTHER})
    assert (settings.azure_client_id, settings.deleter_client_id) == (ONE, OTHER)


@pytest.mark.parametrize(
    ("environ", "name", "words"),
    [
        ({"AZURE_CLIENT_ID": "publisher"}, "AZURE_CLIENT_ID", "'publisher' is no client id"),
        ({"DELETER_CLIENT_ID": f"{ONE}0"}, "DELETER_CLIENT_ID", "it must be a GUID"),
        (
            {"AZURE_CLIENT_ID": ONE, "DELETER_CLIENT_ID": ONE.upper()},
            "DELETER_CLIENT_ID",
            "is AZURE_CLIENT_ID: what deletes must be another identity",
        ),
    ],
    ids=["a name", "a digit more", "one for both"],
)
def test_wrong_ones_are_refused_by_name(environ: dict[str, str], name: str, words: str) -> None:
    """An identity that reads all day and deletes as well would be one identity."""
    with pytest.raises(InvalidSettingsError) as refused:
        Settings.from_environ(environ)
    (problem,) = refused.value.problems
    assert problem.field == name
    assert words in problem.message


def test_a_deleter_beside_a_system_assigned_identity_is_fine() -> None:
    """Only the second one has to be named."""
    assert Settings.from_environ({"DELETER_CLIENT_ID": ONE}).deleter_client_id == ONE


def test_they_do_not_change() -> None:
    """Settings are read once; a part of them alone holds that too."""
    with pytest.raises(ValidationError):
        IdentitySettings().deleter_client_id = ONE  # type: ignore[misc]
