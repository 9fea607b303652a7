"""Notifications: signed (the receiver checks), one for every outcome, and never in the way."""

import pytest

from tests.scenarios.bodies import Json
from tests.scenarios.client import Client


def unsent(status: Json) -> list[str]:
    """The warnings about notifications that were given up."""
    return [warning for warning in status["warnings"] if "could not be sent" in warning]


@pytest.fixture(scope="module")
def refused(cloud: Client) -> Json:
    """The status of a migration whose notifications the receiver refused, all of them."""
    cloud.receiver.refuse_with = 500
    try:
        migration = cloud.begin("unheard")
        cloud.advance_to_stage("approval", migration)
        cloud.advance("PT10M")
        assert cloud.decide(migration).status == 200
        (status,) = cloud.finish(migration)
        cloud.advance_until(lambda: len(unsent(cloud.status(status["id"]))) == 2, "PT2H")
        return cloud.status(status["id"])
    finally:
        cloud.receiver.refuse_with = None


def test_a_receiver_that_fails_changes_no_outcome(refused: Json) -> None:
    """Completed and deleted as approved; that nobody could be told is a warning."""
    assert (refused["outcome"], refused["result"]["image"]) == ("completed", "deleted")
    warnings = unsent(refused)
    assert ["approval.requested" in w for w in warnings] == [True, False]
    assert "migration.finished" in warnings[1]


def test_a_failed_notification_is_tried_again_under_its_own_id(
    cloud: Client, refused: Json
) -> None:
    """Every repeat carries the webhook-id of the first, so that a receiver can tell."""
    sent = cloud.notifications(refused["id"])
    ids = [(n["body"]["type"], n["headers"]["webhook-id"]) for n in sent]
    assert len(ids) > len(set(ids))
    assert {kind for kind, _ in ids} == {"approval.requested", "migration.finished"}
    assert len(set(ids)) == 2


def test_an_outcome_is_told_with_its_result(cloud: Client) -> None:
    """Outcome, reason, version and what became of the image; the content type says JSON."""
    migration = cloud.begin("told", delete=False)
    (status,) = cloud.finish(migration)
    (notification,) = cloud.notifications(migration)
    data = notification["body"]["data"]
    assert notification["headers"]["content-type"] == "application/json"
    assert (data["outcome"], data["reason"]) == (status["outcome"], status["reason"])
    assert data["versionId"] == status["result"]["versionId"]
    assert data["result"]["image"] == "kept"
