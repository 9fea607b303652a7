"""The settings of the audit: keys with ids, none of which serves another purpose, and anchors that lie elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.audit.chain import AuditKey
from domain.settings import InvalidSettingsError, Settings
from tests.builders import SECRET
from tests.credentials import WEBHOOK_OWNERS

OTHER = "whsec_" + "QW5vdGhlciBrZXkgb2YgdGhpcnR5LXR3byBieXRlcyE="
LONGEST = "a" * 32

REFUSED = {
    "no id": (SECRET, "must be id=whsec_"),
    "an empty id": (f"={SECRET}", "must be id=whsec_"),
    "an id of other characters": (f"a b={SECRET}", "must be id=whsec_"),
    "an id that is too long": (f"a{LONGEST}={SECRET}", "at most 32 letters"),
    "an id that begins with a hyphen": (f"-a={SECRET}", "must be id=whsec_"),
    "a key that is none": ("a=whsec_eA==", "random bytes"),
    "an id twice": (f"a={SECRET},a={OTHER}", "has an id twice"),
}


@pytest.mark.parametrize(("keys", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_key_is_refused(keys: str, told: str) -> None:
    """At the start, in words that say what to write."""
    with pytest.raises(InvalidSettingsError, match="AUDIT_KEYS.*" + told):
        Settings.from_environ({"AUDIT_KEYS": keys})


@pytest.mark.parametrize(
    "other",
    [
        {"SEALING_KEYS": SECRET},
        {
            "APPROVAL_WEBHOOK_SECRETS": f"tool={SECRET}",
            "APPROVAL_WEBHOOK_OWNERS": WEBHOOK_OWNERS.replace("webhook", "tool"),
        },
    ],
)
def test_a_key_of_another_purpose_is_refused(other: dict[str, str]) -> None:
    """Those who sign or seal decisions could make facts."""
    with pytest.raises(InvalidSettingsError, match="AUDIT_KEYS: has one of"):
        Settings.from_environ({"AUDIT_KEYS": f"a={OTHER},b={SECRET}", **other})
    assert Settings.from_environ({"AUDIT_KEYS": f"a={OTHER}", **other}).audit_keys


def test_people_are_named_for_two_years() -> None:
    """Unless another time is set."""
    assert Settings().audit_people_retention == timedelta(days=730)


def test_keys_are_read_in_their_order() -> None:
    """The first seals; the id may be as long as it may be."""
    keys = Settings.from_environ({"AUDIT_KEYS": f"{LONGEST}={SECRET}, b-2={OTHER}"}).keys_of_audit
    assert [key.id for key in keys] == [LONGEST, "b-2"]
    assert keys[1] == AuditKey("b-2", b"Another key of thirty-two bytes!")
    assert Settings().keys_of_audit == ()


@pytest.mark.parametrize(
    "environ",
    [
        {"RECORDS_TABLE_NAME": "gallerymigratorANCHORS"},
        {"AUDIT_ANCHORS_TABLE_NAME": "GalleryMigrations"},
        {"RECORDS_SQLITE_PATH": "a/b", "AUDIT_ANCHORS_SQLITE_PATH": "a/b"},
        {"AUDIT_ANCHORS_SQLITE_PATH": "records.sqlite"},
    ],
)
def test_anchors_never_lie_in_the_records(environ: dict[str, str]) -> None:
    """Both would be put back together."""
    with pytest.raises(InvalidSettingsError, match="where the audit's anchors lie"):
        Settings.from_environ(environ)


def test_an_anchors_table_has_a_name_that_azure_takes() -> None:
    """Letters and digits."""
    name = "AUDIT_ANCHORS_TABLE_NAME"
    assert Settings.from_environ({name: "Ab3"}).audit_anchors_table_name == "Ab3"
    with pytest.raises(InvalidSettingsError, match=name):
        Settings.from_environ({name: "a-b"})


def test_anchors_lie_in_the_hosts_account() -> None:
    """Unless something else is said; without keys there are none."""
    host = {"AzureWebJobsStorage__tableServiceUri": "https://host.table.core.windows.net"}
    records = {"RECORDS_TABLE_ENDPOINT": "https://records.table.core.windows.net"}
    keyed = Settings.from_environ({**host, **records, "AUDIT_KEYS": f"a={SECRET}"})
    assert keyed.audit_anchors_table_endpoint == host["AzureWebJobsStorage__tableServiceUri"]
    assert keyed.records_table_endpoint == records["RECORDS_TABLE_ENDPOINT"]
    assert Settings.from_environ({**host}).audit_anchors_table_endpoint == ""
    local = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "AUDIT_KEYS": f"a={SECRET}"}
    connection = Settings.from_environ(local).audit_anchors_table_connection_string
    assert connection == local["AzureWebJobsStorage"]


@pytest.mark.parametrize(
    "environ",
    [
        {"AUDIT_ANCHORS_TABLE_ENDPOINT": "http://elsewhere.example"},
        {"AUDIT_ANCHORS_TABLE_CONNECTION_STRING": "DefaultEndpointsProtocol=http;AccountName=a"},
    ],
)
def test_anchors_are_not_asked_for_in_the_clear(environ: dict[str, str]) -> None:
    """But on this machine."""
    with pytest.raises(InvalidSettingsError, match=next(iter(environ))):
        Settings.from_environ(environ)
