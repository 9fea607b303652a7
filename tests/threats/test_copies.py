"""Threats 3 and 11: what proves that a version is a copy of the image, and what else hangs on it."""

from typing import Any

from domain.ids import image_key
from domain.migration.fingerprint import FINGERPRINT_TAG, MIGRATION_TAG
from localcloud.testing.waiting import until
from records.attempts import _about
from tests.scenarios import bodies
from tests.scenarios.client import GALLERY_API, Client
from tests.threats.attackers import image_id, records_of, retag_version, store_of, waiting


def migrated(cloud: Client, name: str, **fields: Any) -> dict[str, Any]:
    """A migration that keeps the image, to its end."""
    (status,) = cloud.finish(cloud.begin(name, delete=False, **fields))
    assert status["outcome"] == "completed"
    return status


def kept_for(cloud: Client, name: str, migration: str) -> str:
    """The reason for which an approved deletion did not happen."""
    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("kept", "kept")
    assert cloud.image_there(name)
    return str(status["reason"])


# ---- 3: copied tags ----------------------------------------------------------------------------------


def test_03_a_copied_tag_makes_no_copy(cloud: Client) -> None:
    """The image is made anew, with 64 GB, under the old name, and its fingerprint put on the old version of 30 GB."""
    migrated(cloud, "copied-tag")
    cloud.advance("P1D")
    cloud.delete_image("copied-tag")
    cloud.add_image("copied-tag", size=64, created=None)
    plan = cloud.call("POST", "/api/plans", cloud.request("copied-tag", imageVersion="2.0.0"))
    fingerprint = plan.body["fingerprint"]["value"]
    retag_version(cloud, "copied-tag", {FINGERPRINT_TAG: fingerprint})
    migration = cloud.start(cloud.request("copied-tag"))
    cloud.advance_to_stage("approval", migration)
    reason = kept_for(cloud, "copied-tag", migration)
    assert "version begun by us: no" in reason
    assert "version published after the image was created: no" in reason
    assert "disks of the version equal the image's: no" in reason


def test_03_a_version_that_somebody_else_made_allows_no_deletion(cloud: Client) -> None:
    """Of this very image, with our tags on it: Azure's facts are right, and yet no record of ours began it."""
    cloud.add_image("strangers")
    plan = cloud.call("POST", "/api/plans", cloud.request("strangers")).body
    gallery = bodies.gallery_id(cloud.subscription)
    definition = f"{gallery}/images/strangers"
    cloud.arm("PUT", definition, plan["definitionBody"], GALLERY_API)
    cloud.arm("PUT", f"{definition}/versions/1.0.0", plan["versionBody"], GALLERY_API)
    cloud.advance("PT2H")
    migration = cloud.start(cloud.request("strangers"))
    cloud.advance_to_stage("approval", migration)
    assert kept_for(cloud, "strangers", migration).count(": no (") == 1
    status = cloud.status(migration)
    assert "version begun by us: no (no record of ours)" in status["reason"]
    assert any("made by somebody else" in warning for warning in status["warnings"])


def test_03_a_version_begun_by_an_earlier_migration_of_ours_counts(cloud: Client) -> None:
    """Whatever its tag says of who made it: started again after `kept`, the image can go."""
    first = waiting(cloud, "again", excludeFromLatest=True)
    cloud.decide(first, "reject")
    cloud.finish(first)
    retag_version(cloud, "again", {MIGRATION_TAG: "somebody-else"})
    again = cloud.start(cloud.request("again", excludeFromLatest=True))
    until(lambda: cloud.status(again)["stage"] == "approval")
    assert cloud.decide(again).status == 200
    (status,) = cloud.finish(again)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")


def test_03_our_record_of_another_image_of_the_name_proves_nothing(cloud: Client) -> None:
    """It is of the image before; whoever writes the records too cannot make the version younger."""
    migrated(cloud, "older-record")
    cloud.advance("P1D")
    cloud.make_image_anew("older-record")
    plan = cloud.call("POST", "/api/plans", cloud.request("older-record", imageVersion="2.0.0"))
    fingerprint = plan.body["fingerprint"]["value"]
    retag_version(cloud, "older-record", {FINGERPRINT_TAG: fingerprint})
    key = image_key(image_id(cloud, "older-record"))
    (row,) = store_of(cloud).list(_about(key), prefix="version.")
    store_of(cloud).put(_about(key), row.row, row.value | {"fingerprint": fingerprint})
    migration = cloud.start(cloud.request("older-record"))
    cloud.advance_to_stage("approval", migration)
    reason = kept_for(cloud, "older-record", migration)
    assert "version published after the image was created: no" in reason


# ---- 11: a shallow version ---------------------------------------------------------------------------

HERE = [{"name": "East US 2"}]


def test_11_a_shallow_version_of_the_definition_forbids_the_deletion(cloud: Client) -> None:
    """Known at planning: 422 that names it; nothing is begun."""
    migrated(cloud, "shallow", replicationMode="Shallow", targetRegions=HERE)
    answer = cloud.call("POST", "/api/migrations", cloud.request("shallow", imageVersion="2.0.0"))
    assert (answer.status, answer.fields) == (422, ["deletion.enabled"])
    assert "1.0.0" in answer.body["errors"][0]["message"]


def test_11_a_shallow_version_in_another_definition_forbids_it_too(cloud: Client) -> None:
    """Our own record knows of it."""
    elsewhere = {"name": "elsewhere", "publisher": "contoso", "offer": "web", "sku": "elsewhere"}
    migrated(
        cloud,
        "shallow-elsewhere",
        replicationMode="Shallow",
        targetRegions=HERE,
        imageDefinition=elsewhere,
    )
    answer = cloud.call("POST", "/api/migrations", cloud.request("shallow-elsewhere"))
    assert (answer.status, answer.fields) == (422, ["deletion.enabled"])
    assert (
        len(records_of(cloud).begun_versions(image_key(image_id(cloud, "shallow-elsewhere")))) == 1
    )


def test_11_a_shallow_version_made_while_the_approval_is_waited_for_is_found_by_the_gate(
    cloud: Client,
) -> None:
    """By somebody else, in the same definition."""
    migration = waiting(cloud, "shallow-later")
    version = cloud.version("shallow-later")
    assert version is not None
    body = {
        "location": bodies.HERE,
        "properties": {
            "publishingProfile": {
                "targetRegions": [{"name": bodies.HERE}],
                "replicationMode": "Shallow",
                "excludeFromLatest": True,
            },
            "storageProfile": {"source": {"id": image_id(cloud, "shallow-later")}},
        },
    }
    cloud.arm("PUT", version["id"].replace("1.0.0", "0.9.0"), body, GALLERY_API)
    cloud.advance("PT30M")
    assert "no other version needs the image: no" in kept_for(cloud, "shallow-later", migration)
