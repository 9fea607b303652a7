"""The quiet time is for those who are told: it begins when the receiver of the signed notice has taken it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery

SETTINGS = {"QUIET_TIME": "PT4H", "NOTICE_TIMEOUT": "PT6H"}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A local cloud whose images stay for four hours after somebody was told of it."""
    folder: Path = tmp_path_factory.mktemp("quiet")
    with a_cloud(folder, more=SETTINGS) as client:
        add_gallery(client)
        yield client


@pytest.fixture
def unheard(quiet: Client) -> Iterator[Client]:
    """The receiver refuses what it gets."""
    quiet.receiver.refuse_with = 503
    yield quiet
    quiet.receiver.refuse_with = None


def asked(cloud: Client, name: str) -> str:
    """A migration that waits for its approval."""
    migration = cloud.begin(name)
    cloud.advance_to_stage("approval", migration)
    return migration


def test_what_nobody_could_be_told_is_kept(unheard: Client) -> None:
    """At its time, long before the deadline of the approval; the reason says so."""
    migration = asked(unheard, "told-to-nobody")
    unheard.advance("PT5H")
    assert unheard.status(migration)["stage"] == "approval"
    unheard.advance_until(lambda: unheard.status(migration)["outcome"], "PT20M", 9)
    status = unheard.status(migration)
    assert (status["outcome"], status["result"]["image"]) == ("kept", "kept")
    assert "nobody could be told of the deletion" in status["reason"]
    assert unheard.image_there("told-to-nobody")


def test_an_approval_that_nobody_else_was_told_of_deletes_nothing(unheard: Client) -> None:
    """The version is promoted; the quiet time never begins, however long it would be over."""
    migration = asked(unheard, "approved-unheard")
    assert unheard.decide(migration).status == 200
    unheard.advance("PT5H")
    assert unheard.status(migration)["stage"] == "promotion"
    (status,) = unheard.finish(migration)
    assert (status["outcome"], unheard.image_there("approved-unheard")) == ("kept", True)
    assert "nobody could be told of the deletion" in status["reason"]


def test_who_may_approve_and_opens_the_statement_knows(unheard: Client) -> None:
    """From then on the quiet time counts, and its whole length is kept; no receiver has to answer for it."""
    migration = asked(unheard, "opened-unheard")
    assert unheard.decide(migration).status == 200
    unheard.advance("PT3H")
    path = f"/api/migrations/{migration}/statement"
    assert unheard.call("GET", path, headers=unheard.token("grace")).status == 200
    unheard.advance("PT3H30M")
    status = unheard.status(migration)
    assert (status["outcome"], unheard.image_there("opened-unheard")) == (None, True)
    (status,) = unheard.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")


def test_a_late_delivery_makes_the_quiet_time_late(quiet: Client) -> None:
    """It is as long as it should be for whoever was told late."""
    quiet.receiver.refuse_with = 503
    migration = asked(quiet, "told-late")
    assert quiet.decide(migration).status == 200
    quiet.advance("PT3H")
    quiet.receiver.refuse_with = None
    quiet.advance("PT3H30M")
    status = quiet.status(migration)
    assert (status["outcome"], quiet.image_there("told-late")) == (None, True)
    (status,) = quiet.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")
