"""Names are reused, content is not: an image that is not the one that was copied is never deleted."""

import pytest

from localcloud.testing.waiting import until
from tests.scenarios import bodies
from tests.scenarios.bodies import Json
from tests.scenarios.client import LOCKS_API, Client


@pytest.fixture(scope="module")
def asked(cloud: Client) -> dict[str, str]:
    """Migrations that wait for an approval, by the names of their images."""
    names = [
        f"{fate}-{when}" for fate in ("anew", "gone") for when in ("in-approval", "at-the-end")
    ]
    names += ["locked", "busy", "tampered", "retagged"]
    migrations = {name: cloud.begin(name, excludeFromLatest=True) for name in names}
    cloud.advance_to_stage("approval", *migrations.values())
    return migrations


def test_an_image_made_anew_before_the_versions_put_is_not_copied(cloud: Client) -> None:
    """The planned image is gone: no PUT, Failed, and the reason says to start again."""
    down = {"what": "status", "status": 503, "method": "PUT"}
    cloud.faults(down | {"path": "/galleries/scenarios/images/anew-first\\?"})
    migration = cloud.begin("anew-first")
    cloud.wait_for_stage("definition", migration)
    cloud.make_image_anew("anew-first")
    cloud.no_faults()
    (status,) = cloud.finish(migration)
    assert status["outcome"] == "failed"
    assert "start again" in status["reason"]
    assert cloud.version("anew-first") is None
    assert cloud.image_there("anew-first")


def test_an_image_made_anew_while_its_version_replicates_is_kept(cloud: Client) -> None:
    """Read again when replication has ended: nobody is even asked."""
    migration = cloud.begin("anew-replicating")
    cloud.advance_to_stage("replication", migration)
    cloud.make_image_anew("anew-replicating")
    (status,) = cloud.finish(migration)
    assert status["outcome"] == "kept"
    assert "made anew" in status["reason"]
    assert cloud.image_there("anew-replicating")
    kinds = [n["body"]["type"] for n in cloud.notifications(migration)]
    assert kinds == ["migration.finished"]


def test_an_image_gone_while_its_version_replicates_is_completed_not_by_us(cloud: Client) -> None:
    """Completed with `image: gone, not by us`; nobody is asked about what is gone."""
    migration = cloud.begin("gone-replicating")
    cloud.advance_to_stage("replication", migration)
    cloud.delete_image("gone-replicating")
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "gone, not by us")


def test_an_image_made_anew_before_the_approval_is_kept(
    cloud: Client, asked: dict[str, str]
) -> None:
    """The approval was for the old one: Kept, the new image stays."""
    cloud.make_image_anew("anew-in-approval")
    assert cloud.decide(asked["anew-in-approval"]).status == 200
    (status,) = cloud.finish(asked["anew-in-approval"])
    assert status["outcome"] == "kept"
    assert "made anew" in status["reason"]
    assert cloud.image_there("anew-in-approval")


def test_an_image_gone_before_the_approval_is_completed_not_by_us(
    cloud: Client, asked: dict[str, str]
) -> None:
    """No deletion of ours is claimed for what somebody else deleted."""
    cloud.delete_image("gone-in-approval")
    assert cloud.decide(asked["gone-in-approval"]).status == 200
    (status,) = cloud.finish(asked["gone-in-approval"])
    assert (status["outcome"], status["result"]["image"]) == ("completed", "gone, not by us")


@pytest.mark.parametrize("fate", ["anew", "gone"])
def test_an_image_that_changes_just_before_the_delete_is_not_deleted(
    cloud: Client, asked: dict[str, str], fate: str
) -> None:
    """Azure throttles the gate's first read; in the meantime the image is another one, or gone."""
    name = f"{fate}-at-the-end"
    cloud.faults(_gate_waits(name))
    assert cloud.decide(asked[name]).status == 200
    cloud.wait_for_stage("deletion", asked[name])
    until(lambda: _throttled(cloud, name))
    cloud.no_faults()
    if fate == "anew":
        cloud.make_image_anew(name)
    else:
        cloud.delete_image(name)
    (status,) = cloud.finish(asked[name])
    if fate == "anew":
        assert status["outcome"] == "kept"
        assert "image unchanged since the approval: no" in status["reason"]
        assert cloud.image_there(name)
    else:
        assert (status["outcome"], status["result"]["image"]) == ("completed", "gone, not by us")


def _throttled(cloud: Client, name: str) -> bool:
    log = cloud.arm_log("GET")
    return any("fault" in line and f"images/{name}" in line["path"] for line in log)


def _gate_waits(name: str) -> Json:
    """The image's reads after the approval's own check (the first) are throttled for an hour."""
    return {
        "what": "status",
        "status": 429,
        "retryAfter": 3600,
        "method": "GET",
        "path": f"Compute/images/{name}\\?",
        "nth": 2,
    }


def test_a_locked_image_is_kept_and_azures_text_is_the_reason(
    cloud: Client, asked: dict[str, str]
) -> None:
    """ScopeLocked is Azure's last word, should its lists not show the lock: Kept, with its code and text."""
    image = bodies.image_id(cloud.subscription, "locked")
    lock = f"{image}/providers/Microsoft.Authorization/locks/keep"
    cloud.arm("PUT", lock, {"properties": {"level": "CanNotDelete"}}, LOCKS_API)
    cloud.faults({"what": "unseen", "rows": "/Microsoft.Authorization/locks/"})
    assert cloud.decide(asked["locked"]).status == 200
    (status,) = cloud.finish(asked["locked"])
    assert (status["outcome"], status["result"]["image"]) == ("kept", "kept")
    assert "ScopeLocked" in status["reason"]
    assert "cannot perform delete operation" in status["reason"]
    cloud.arm("DELETE", lock, api=LOCKS_API)


def test_an_image_in_use_is_kept_and_azures_text_is_the_reason(
    cloud: Client, asked: dict[str, str]
) -> None:
    """Azure refuses while machines are made from it: Kept, with its text."""
    cloud.faults(
        {
            "what": "status",
            "status": 409,
            "code": "OperationNotAllowed",
            "message": "Image 'busy' is in use by virtual machines that are being provisioned.",
            "method": "DELETE",
            "path": "Compute/images/busy\\?",
        }
    )
    assert cloud.decide(asked["busy"]).status == 200
    (status,) = cloud.finish(asked["busy"])
    assert (status["outcome"], status["result"]["image"]) == ("kept", "kept")
    assert "in use by virtual machines" in status["reason"]


def test_a_version_without_our_fingerprint_allows_no_deletion(
    cloud: Client, asked: dict[str, str]
) -> None:
    """Somebody takes the tag off between approval and deletion: Kept, and it says which check failed."""
    version = cloud.version("tampered")
    assert version is not None
    body = {
        "location": version["location"],
        "tags": {"team": "web"},
        "properties": {
            "publishingProfile": version["properties"]["publishingProfile"],
            "storageProfile": {},
        },
    }
    cloud.arm("PUT", version["id"], body, "2024-03-03")
    cloud.advance("PT20M")
    assert cloud.decide(asked["tampered"]).status == 200
    (status,) = cloud.finish(asked["tampered"])
    assert status["outcome"] == "kept"
    assert "version carries the approved fingerprint: no" in status["reason"]
    assert cloud.image_there("tampered")


def test_a_change_of_tags_does_not_make_another_image(cloud: Client, asked: dict[str, str]) -> None:
    """Tags are not content: approved, and deleted."""
    image = bodies.image_id(cloud.subscription, "retagged")
    cloud.arm("PATCH", image, {"tags": {"seen": "yes"}})
    cloud.advance("PT1M")
    assert cloud.decide(asked["retagged"]).status == 200
    (status,) = cloud.finish(asked["retagged"])
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")


def test_a_kept_image_started_again_takes_up_its_version_and_asks_again(cloud: Client) -> None:
    """Rejected, then started again: the same version, no second copy, approved this time."""
    first = cloud.begin("second-thoughts", excludeFromLatest=True)
    cloud.advance_to_stage("approval", first)
    cloud.decide(first, "reject")
    (kept,) = cloud.finish(first)
    assert kept["outcome"] == "kept"
    again = cloud.start(cloud.request("second-thoughts", excludeFromLatest=True))
    assert again != first
    until(lambda: cloud.status(again)["stage"] == "approval")
    assert cloud.decide(again).status == 200
    (status,) = cloud.finish(again)
    assert (status["attempt"], status["result"]["image"]) == (2, "deleted")
    assert status["result"]["versionId"] == kept["result"]["versionId"]
    puts = [
        line for line in cloud.arm_log("PUT") if "/images/second-thoughts/versions/" in line["path"]
    ]
    assert len(puts) == 1
