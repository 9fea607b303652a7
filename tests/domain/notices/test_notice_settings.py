"""Settings of notices: addresses of workflows are secrets, and on their hosts only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.notices.notice_settings import TEAMS_HOSTS
from domain.settings import InvalidSettingsError, Settings

WORKFLOW = "https://a1.4a.environment.api.powerplatform.com:443/workflows/x?sp=%2Frun&sig=s3cret"


def read(**environ: str) -> Settings:
    """The settings of an environment."""
    return Settings.from_environ(environ)


def refused(**environ: str) -> str:
    """The message about the one setting that is wrong."""
    with pytest.raises(InvalidSettingsError) as wrong:
        read(**environ)
    [problem] = wrong.value.problems
    assert problem.field.startswith(next(iter(environ)))
    assert "s3cret" not in str(wrong.value)
    return problem.message


def test_nobody_is_told_and_reminders_are_for_the_last_day_unless_it_is_said() -> None:
    """The defaults."""
    settings = read()
    assert (settings.teams_webhook_urls, settings.public_url) == ((), "")
    assert settings.approval_reminders == (timedelta(days=1), timedelta(hours=2))
    assert settings.notice_timeout == timedelta(days=1)


@pytest.mark.parametrize("host", TEAMS_HOSTS)
def test_workflows_are_told_on_their_hosts(host: str) -> None:
    """In each cloud; to the letter, since the address is signed; several with commas."""
    url = f"https://Prod-1{host}:443/workflows/x?sig=s3cret/"
    settings = read(TEAMS_WEBHOOK_URLS=f"{url}, {WORKFLOW}")
    assert settings.teams_webhook_urls == (url, WORKFLOW)


def test_a_workflow_of_this_machine_is_for_tests() -> None:
    """It is asked without encryption, as other addresses of this machine are."""
    for host in ("127.0.0.1", "localhost"):
        assert read(TEAMS_WEBHOOK_URLS=f"http://{host}:9/x").teams_webhook_urls


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (WORKFLOW.replace("https", "http"), "https"),
        ("https://evil.example/x?sig=s3cret", "on a host of workflows: *.logic.azure.com, *."),
        ("https://logic.azure.com.evil.example/?sig=s3cret", "on a host of workflows"),
        ("https://notlogic.azure.com/?sig=s3cret", "on a host of workflows"),
        ("https://evil.example/.logic.azure.com?sig=s3cret", "on a host of workflows"),
        ("https://s3cret@x.logic.azure.com/", "must not have a user"),
        ("https://:s3cret@x.logic.azure.com/", "must not have a user"),
        ("https:///x.logic.azure.com?sig=s3cret", "https"),
        ("s3cret", "https"),
    ],
)
def test_another_address_is_refused_and_not_told(url: str, words: str) -> None:
    """A card says who deletes which image: it goes to workflows only; no answer has the address."""
    assert words in refused(TEAMS_WEBHOOK_URLS=f"{WORKFLOW},{url}")


def test_as_many_workflows_as_can_be_told_at_once() -> None:
    """Five."""
    assert len(read(TEAMS_WEBHOOK_URLS=",".join([WORKFLOW] * 5)).teams_webhook_urls) == 5
    assert "at most 5" in refused(TEAMS_WEBHOOK_URLS=",".join([WORKFLOW] * 6))


def test_the_apps_own_address_is_the_platforms_unless_it_is_said() -> None:
    """Without the slash at its end."""
    host = {"WEBSITE_HOSTNAME": "migrator.azurewebsites.net"}
    assert read(**host).public_url == "https://migrator.azurewebsites.net"
    assert read(**host, PUBLIC_URL="https://images.example/").public_url == "https://images.example"
    assert "https" in refused(PUBLIC_URL="http://images.example")
    assert "at most 500" in refused(PUBLIC_URL="https://images.example/" + "x" * 500)
    assert len(read(PUBLIC_URL="https://images.example/" + "x" * 477).public_url) == 500


def test_reminders_are_durations() -> None:
    """Ten at most; with commas."""
    assert read(APPROVAL_REMINDERS="PT8H , PT5M").approval_reminders == (
        timedelta(hours=8),
        timedelta(minutes=5),
    )
    assert "PT1S" in refused(APPROVAL_REMINDERS="PT8H,PT0S")
    assert len(read(APPROVAL_REMINDERS=",".join(["PT1H"] * 10)).approval_reminders) == 10
    assert "at most 10" in refused(APPROVAL_REMINDERS=",".join(["PT1H"] * 11))
    assert "PT1S" in refused(NOTICE_TIMEOUT="PT0S")
