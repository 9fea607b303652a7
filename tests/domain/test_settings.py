"""Settings: every default, every wrong value named by its variable, all at once."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from domain.migration.limits import Limits
from domain.migration.mapping import MappingEntry
from domain.migration.polling import PollPolicy
from domain.settings import InvalidSettingsError, Settings
from tests.builders import GALLERY_ID

ENTRY = {
    "galleryId": GALLERY_ID,
    "imageDefinition": {"name": "{imageName}", "publisher": "c", "offer": "o", "sku": "s"},
}
SECRETS = tuple(f"whsec_{base64.b64encode(bytes(range(n, n + 24))).decode()}" for n in (1, 2, 3))
TENANT = "0b0b0b0b-0000-4000-8000-000000000001"
NAMED_KEY = {
    "name": "pipeline",
    "sha256": "0" * 64,
    "roles": ["Migration.Read"],
    "owners": [TENANT],
}
BAD = {
    "a webhook secret that is too short": (
        {"APPROVAL_WEBHOOK_SECRETS": f"{SECRETS[0]},whsec_MTIz"},
        "APPROVAL_WEBHOOK_SECRETS[1]",
        "24 random bytes",
    ),
    "an owner by name": (
        {"APPROVAL_WEBHOOK_OWNERS": json.dumps({"tickets": ["ada"]})},
        "APPROVAL_WEBHOOK_OWNERS.tickets[0]",
        "",
    ),
    "a webhook secret of 23 bytes": (
        {"APPROVAL_WEBHOOK_SECRETS": f"whsec_{base64.b64encode(bytes(23)).decode()}"},
        "APPROVAL_WEBHOOK_SECRETS[0]",
        "24 random bytes",
    ),
    "a poll interval under a second": (
        {"REPLICATION_POLL_INTERVAL": "PT0.999S"},
        "REPLICATION_POLL_INTERVAL",
        "PT1S",
    ),
    "no restart at all": ({"RESTART_LIMIT": "0"}, "RESTART_LIMIT", "at least 1"),
    "more restarts than a row keeps": ({"RESTART_LIMIT": "51"}, "RESTART_LIMIT", "at most 50"),
    "http with this machine and a port as the user": (
        {"NOTIFICATION_URL": "http://localhost:80@evil.example/x"},
        "NOTIFICATION_URL",
        "https",
    ),
    "plain http": ({"ARM_ENDPOINT": "http://management.azure.com"}, "ARM_ENDPOINT", "https"),
    "http to a name like this machine's": (
        {"ARM_ENDPOINT": "http://localhost.evil.example"},
        "ARM_ENDPOINT",
        "https",
    ),
    "http with this machine as the user": (
        {"NOTIFICATION_URL": "http://127.0.0.1@evil.example/x"},
        "NOTIFICATION_URL",
        "https",
    ),
    "a notification address that is none": (
        {"NOTIFICATION_URL": "example.org"},
        "NOTIFICATION_URL",
        "https",
    ),
    "an unknown home of the records": ({"RECORDS_STORE": "redis"}, "RECORDS_STORE", "one of"),
    "a table service without its scheme": (
        {"RECORDS_TABLE_ENDPOINT": "account.table.core.windows.net"},
        "RECORDS_TABLE_ENDPOINT",
        "https",
    ),
    "a table name with a hyphen": ({"RECORDS_TABLE_NAME": "my-table"}, "RECORDS_TABLE_NAME", ""),
    "a poll interval of nothing": (
        {"REPLICATION_POLL_INTERVAL": "PT0S"},
        "REPLICATION_POLL_INTERVAL",
        "PT1S",
    ),
    "a duration in words": ({"REPLICATION_TIMEOUT": "six hours"}, "REPLICATION_TIMEOUT", "ISO"),
    "an unknown rule for generation 1": (
        {"GENERATION1_SECURITY_TYPE": "Standart"},
        "GENERATION1_SECURITY_TYPE",
        "one of",
    ),
    "a sweep at a minute that is none": (
        {"SWEEP_SCHEDULE": "0 99 * * * *"},
        "SWEEP_SCHEDULE",
        "minute '99'",
    ),
    "a sweep at an interval": ({"SWEEP_SCHEDULE": "00:05:00"}, "SWEEP_SCHEDULE", "NCRONTAB"),
    "a purge in words": ({"PURGE_SCHEDULE": "nightly"}, "PURGE_SCHEDULE", "six fields"),
    "a named key that nobody owns": (
        {"NAMED_KEYS": json.dumps([{**NAMED_KEY, "owners": []}])},
        "NAMED_KEYS[0].owners",
        "at least 1",
    ),
    "a mapping that is no JSON": ({"EVENT_GRID_MAPPING": "["}, "EVENT_GRID_MAPPING", "JSON"),
    "a mapping that is an object": (
        {"EVENT_GRID_MAPPING": json.dumps(ENTRY)},
        "EVENT_GRID_MAPPING",
        "",
    ),
    "a mapping entry with an unknown field": (
        {"EVENT_GRID_MAPPING": json.dumps([{**ENTRY, "delete": True}])},
        "EVENT_GRID_MAPPING[0].delete",
        "not a known field",
    ),
    "a mapping entry that makes no request": (
        {"EVENT_GRID_MAPPING": json.dumps([{**ENTRY, "deletion": {"enable": True}}])},
        "EVENT_GRID_MAPPING",
        "[0].deletion.enable: is not a known field",
    ),
    "a mapping entry without a gallery": (
        {"EVENT_GRID_MAPPING": json.dumps([{"imageDefinition": {}}])},
        "EVENT_GRID_MAPPING[0].galleryId",
        "required",
    ),
}


def test_an_empty_environment_gives_the_defaults() -> None:
    """Azure's public cloud, Table storage, six hours, nobody notified, nothing by itself."""
    settings = Settings.from_environ({})
    assert settings.arm_endpoint == "https://management.azure.com"
    assert settings.token_scope == "https://management.azure.com/.default"
    assert settings.records_store == "table"
    assert settings.replication_timeout == timedelta(hours=6)
    assert settings.notification_url == ""
    assert settings.event_grid_mapping == ()
    assert settings.approval_webhook_secrets == ()


def test_what_nobody_sets_is_as_documented() -> None:
    """docs/configuration.md; a migration takes its limits from there when it is accepted."""
    settings = Settings.from_environ({})
    polling = PollPolicy(interval=timedelta(minutes=1), timeout=timedelta(hours=6))
    assert settings.limits == Limits(
        retry=timedelta(hours=6), confirm=timedelta(minutes=30), polling=polling
    )
    assert (settings.restart_limit, settings.restart_delay) == (10, timedelta(minutes=1))
    assert settings.history_retention == timedelta(days=30)
    assert (settings.approval_validity, settings.copied_gb_limit) == (timedelta(days=1), 100_000)
    assert (settings.sweep_schedule, settings.purge_schedule) == ("0 */5 * * * *", "0 30 3 * * *")
    assert settings.reference_scan_timeout == timedelta(minutes=1)
    assert (settings.reference_floor_percent, settings.veto_tag) == (50, "DoNotDelete")


@pytest.mark.parametrize("limit", [1, 50])
def test_the_limit_of_restarts_has_bounds(limit: int) -> None:
    """Both included."""
    assert Settings.from_environ({"RESTART_LIMIT": str(limit)}).restart_limit == limit


def test_the_limit_of_what_is_copied_is_a_gigabyte_at_least() -> None:
    """None would refuse every migration."""
    assert Settings.from_environ({"COPIED_GB_LIMIT": "1"}).copied_gb_limit == 1
    with pytest.raises(InvalidSettingsError, match="COPIED_GB_LIMIT: must be at least 1"):
        Settings.from_environ({"COPIED_GB_LIMIT": "0"})


@pytest.mark.parametrize("percent", [0, 100])
def test_the_floor_of_a_scan_is_a_share(percent: int) -> None:
    """Of nothing to all of the last one."""
    environ = {"REFERENCE_FLOOR_PERCENT": str(percent)}
    assert Settings.from_environ(environ).reference_floor_percent == percent


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_floor_that_is_no_share_is_refused(percent: int) -> None:
    """More than all would be a gap for ever."""
    with pytest.raises(InvalidSettingsError, match="REFERENCE_FLOOR_PERCENT: must be at"):
        Settings.from_environ({"REFERENCE_FLOOR_PERCENT": str(percent)})


def test_the_tag_that_vetoes_is_one_that_azure_takes() -> None:
    """Names of tags have 512 characters at most; without one no image could be kept."""
    for name in ("k", "k" * 512):
        assert Settings.from_environ({"VETO_TAG": name}).veto_tag == name
    with pytest.raises(InvalidSettingsError, match="VETO_TAG"):
        Settings.from_environ({"VETO_TAG": "k" * 513})
    with pytest.raises(ValidationError, match="veto_tag"):
        Settings(veto_tag="")


@pytest.mark.parametrize(
    "environ",
    [
        {"RECORDS_STORE": "sqlite"},
        {"RECORDS_STORE": "table", "WEBSITE_SITE_NAME": "gallery-migrator"},
        {"WEBSITE_SITE_NAME": "gallery-migrator"},
    ],
)
def test_records_may_lie_in_a_file_of_this_machine_or_anywhere_in_tables(
    environ: dict[str, str],
) -> None:
    """Only a worker's own disk is lost with it."""
    assert Settings.from_environ(environ).records_store == environ.get("RECORDS_STORE", "table")


def test_a_second_is_the_shortest_duration() -> None:
    """A shorter one would ask Azure without a pause."""
    settings = Settings.from_environ({"REPLICATION_POLL_INTERVAL": "PT1S"})
    assert settings.limits.polling.interval == timedelta(seconds=1)


def test_settings_are_made_from_values_too() -> None:
    """As a test or a host of its own gives them: lists that are lists already."""
    entry = MappingEntry.model_validate(ENTRY)
    settings = Settings(subscription_ids=("a", "b"), event_grid_mapping=(entry,))
    assert (settings.subscription_ids, settings.event_grid_mapping) == (("a", "b"), (entry,))


def test_settings_do_not_change() -> None:
    """They are those of the app's start."""
    with pytest.raises(ValidationError):
        Settings.from_environ({}).restart_limit = 1  # type: ignore[misc]


def test_an_empty_value_means_the_default() -> None:
    """Portals and templates leave empty values behind."""
    assert Settings.from_environ(dict.fromkeys(map(str.upper, Settings.model_fields), "")) == (
        Settings.from_environ({})
    )


def test_every_value_is_read() -> None:
    """Lists by commas, durations as ISO 8601, addresses without a slash at the end."""
    settings = Settings.from_environ(
        {
            "ARM_ENDPOINT": "https://127.0.0.1:8443/",
            "SUBSCRIPTION_IDS": "a, b,",
            "APPROVAL_WEBHOOK_SECRETS": ",".join(SECRETS[:2]),
            "APPROVAL_WEBHOOK_OWNERS": json.dumps({"webhook": [TENANT]}),
            "NOTIFICATION_URL": "http://127.0.0.1:9000/hook",
            "NOTIFICATION_SECRET": SECRETS[2],
            "EVENT_GRID_MAPPING": json.dumps([ENTRY]),
            "REPLICATION_POLL_INTERVAL": "PT5S",
            "GENERATION1_SECURITY_TYPE": "standard",
        }
    )
    assert settings.token_scope == "https://127.0.0.1:8443/.default"
    assert settings.subscription_ids == ("a", "b")
    assert settings.approval_webhook_secrets == SECRETS[:2]
    assert settings.notification_url == "http://127.0.0.1:9000/hook"
    assert settings.event_grid_mapping[0].gallery_id == GALLERY_ID
    assert settings.replication_poll_interval == timedelta(seconds=5)
    assert settings.generation1_security_type == "standard"


@pytest.mark.parametrize(("environ", "variable", "words"), BAD.values(), ids=BAD)
def test_a_wrong_value_is_named_by_its_variable(
    environ: dict[str, str], variable: str, words: str
) -> None:
    """With the rule."""
    with pytest.raises(InvalidSettingsError) as caught:
        Settings.from_environ(environ)
    assert [problem.field for problem in caught.value.problems] == [variable]
    assert words in caught.value.problems[0].message


def test_a_template_that_nothing_fills_is_wrong() -> None:
    """Found at start, not when the first image comes."""
    mapping = json.dumps([{**ENTRY, "imageVersion": "{release}"}])
    with pytest.raises(InvalidSettingsError, match="release"):
        Settings.from_environ({"EVENT_GRID_MAPPING": mapping})


def test_all_wrong_values_come_at_once() -> None:
    """One deployment, not one for each."""
    with pytest.raises(InvalidSettingsError) as caught:
        Settings.from_environ(
            {
                "RECORDS_STORE": "redis",
                "REPLICATION_TIMEOUT": "x",
                "EVENT_GRID_MAPPING": json.dumps([{**ENTRY, "imageVersion": "{release}"}]),
                "NOTIFICATION_URL": "https://example.org/hook",
                "SWEEP_SCHEDULE": "%SWEEP%",
                "PURGE_SCHEDULE": "@daily",
            }
        )
    assert {p.field for p in caught.value.problems} == {
        "RECORDS_STORE",
        "REPLICATION_TIMEOUT",
        "EVENT_GRID_MAPPING",
        "NOTIFICATION_SECRET",
        "SWEEP_SCHEDULE",
        "PURGE_SCHEDULE",
    }


def test_the_functions_storage_is_the_home_when_none_is_named() -> None:
    """As the host's own setting; one of our own wins."""
    hosts = {"AzureWebJobsStorage__tableServiceUri": "https://a.table.core.windows.net"}
    assert Settings.from_environ(hosts).records_table_endpoint.endswith("windows.net")
    own = {**hosts, "RECORDS_TABLE_ENDPOINT": "https://b"}
    assert Settings.from_environ(own).records_table_endpoint == "https://b"


def test_the_functions_address_is_the_apps_when_none_is_named() -> None:
    """For the links of notices; without a host's there are none."""
    host = {"WEBSITE_HOSTNAME": "migrator.azurewebsites.net"}
    assert Settings.from_environ(host).public_url == "https://migrator.azurewebsites.net"
    own = {**host, "PUBLIC_URL": "https://own.example"}
    assert Settings.from_environ(own).public_url == "https://own.example"
    assert Settings.from_environ({}).public_url == ""


def test_the_functions_storage_has_the_anchors_of_an_audit() -> None:
    """Of an audit only: where there is none, no store of anchors is named."""
    hosts = {"AzureWebJobsStorage__tableServiceUri": "https://a.table.core.windows.net"}
    audited = Settings.from_environ({**hosts, "AUDIT_KEYS": f"first={SECRETS[0]}"})
    assert audited.audit_anchors_table_endpoint == "https://a.table.core.windows.net"
    assert Settings.from_environ(hosts).audit_anchors_table_endpoint == ""


@pytest.mark.parametrize(
    "anchors",
    [
        {"AUDIT_ANCHORS_TABLE_NAME": "gallerymigrations"},
        {"AUDIT_ANCHORS_SQLITE_PATH": "records.sqlite"},
    ],
)
def test_anchors_do_not_lie_where_records_do_by_default(anchors: dict[str, str]) -> None:
    """A name that nobody sets is held to the rule as well."""
    with pytest.raises(InvalidSettingsError, match="is where the audit's anchors lie"):
        Settings.from_environ(anchors)
    assert Settings.from_environ({"AUDIT_ANCHORS_TABLE_NAME": "elsewhere"})


def test_a_wrong_name_of_the_anchors_is_told_by_itself() -> None:
    """The records' own name is held against nothing then."""
    with pytest.raises(InvalidSettingsError) as refused:
        Settings.from_environ({"AUDIT_ANCHORS_TABLE_NAME": "my-table"})
    assert [problem.field for problem in refused.value.problems] == ["AUDIT_ANCHORS_TABLE_NAME"]


@pytest.mark.parametrize("most", [1, 1000])
def test_events_start_some_migrations_in_an_hour(most: int) -> None:
    """One at least, and a thousand at most; a hundred where nobody says."""
    settings = Settings.from_environ({"EVENT_STARTS_PER_HOUR": str(most)})
    assert settings.event_starts_per_hour == most
    assert Settings.from_environ({}).event_starts_per_hour == 100


@pytest.mark.parametrize("most", [0, 1001])
def test_a_number_of_starts_beyond_its_bounds_is_refused(most: int) -> None:
    """None, or more than a thousand."""
    with pytest.raises(InvalidSettingsError, match="EVENT_STARTS_PER_HOUR: must be at"):
        Settings.from_environ({"EVENT_STARTS_PER_HOUR": str(most)})


def test_notifications_are_signed_or_not_sent() -> None:
    """An address without a secret is refused, by the name of what is missing."""
    with pytest.raises(InvalidSettingsError) as refused:
        Settings.from_environ({"NOTIFICATION_URL": "https://example.org/hook"})
    assert [problem.field for problem in refused.value.problems] == ["NOTIFICATION_SECRET"]


ZEROS = f"whsec_{base64.b64encode(bytes(24)).decode()}"
ACCOUNT = "AccountName=real;AccountKey=a2V5;EndpointSuffix=core.windows.net"
DANGEROUS: dict[str, tuple[dict[str, str], str]] = {
    "one secret for approvals and notifications": (
        {
            "APPROVAL_WEBHOOK_OWNERS": json.dumps({"webhook": [TENANT]}),
            "APPROVAL_WEBHOOK_SECRETS": ",".join(SECRETS),
            "NOTIFICATION_SECRET": SECRETS[1],
        },
        "NOTIFICATION_SECRET",
    ),
    "24 zero bytes that approve": (
        {"APPROVAL_WEBHOOK_SECRETS": ZEROS},
        "APPROVAL_WEBHOOK_SECRETS[0]",
    ),
    "24 zero bytes that notify": ({"NOTIFICATION_SECRET": ZEROS}, "NOTIFICATION_SECRET"),
    "sqlite on Azure": (
        {"RECORDS_STORE": "sqlite", "WEBSITE_SITE_NAME": "gallery-migrator"},
        "RECORDS_STORE",
    ),
    "a retention that overflows": ({"HISTORY_RETENTION": "P999999D"}, "HISTORY_RETENTION"),
    "a validity that overflows": ({"APPROVAL_VALIDITY": "P999999999D"}, "APPROVAL_VALIDITY"),
    "http to a real account": (
        {"AzureWebJobsStorage": f"DefaultEndpointsProtocol=http;{ACCOUNT}"},
        "RECORDS_TABLE_CONNECTION_STRING",
    ),
    "http to a real account's tables": (
        {"RECORDS_TABLE_CONNECTION_STRING": f"TableEndpoint=http://real.example;{ACCOUNT}"},
        "RECORDS_TABLE_CONNECTION_STRING",
    ),
}
HARMLESS = (
    f"DefaultEndpointsProtocol=https;{ACCOUNT}",
    "UseDevelopmentStorage=true",
    "AccountName=devstoreaccount1;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:10002/devstoreaccount1",
)


@pytest.mark.parametrize(("environ", "variable"), DANGEROUS.values(), ids=DANGEROUS)
def test_16_a_dangerous_setting_is_refused(environ: dict[str, str], variable: str) -> None:
    """At the start, by its name."""
    with pytest.raises(InvalidSettingsError) as refused:
        Settings.from_environ(environ)
    assert [problem.field for problem in refused.value.problems] == [variable]


def test_16_all_dangerous_settings_are_refused_at_once() -> None:
    """However many, beside those of a wrong form."""
    together = {k: v for environ, _ in list(DANGEROUS.values())[1:7] for k, v in environ.items()}
    with pytest.raises(InvalidSettingsError) as refused:
        Settings.from_environ(together | {"REPLICATION_TIMEOUT": "x"})
    named = {problem.field for problem in refused.value.problems}
    assert named == {variable for _, variable in list(DANGEROUS.values())[1:7]} | {
        "REPLICATION_TIMEOUT"
    }


@pytest.mark.parametrize("connection", HARMLESS)
def test_an_encrypted_connection_and_this_machine_are_fine(connection: str) -> None:
    """Azurite speaks http."""
    settings = Settings.from_environ({"AzureWebJobsStorage": connection})
    assert settings.records_table_connection_string == connection
