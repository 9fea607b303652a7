"""`GET /api/references`: who uses an image, asked over HTTP of a running app."""

from typing import Any
from urllib.parse import quote

import pytest

from packages.localcloud.tests.arm.sdk import scale_set
from tests.scenarios.client import LOCKS_API, Client

TEMPLATE_API = "2024-02-01"


def references(cloud: Client, image: str) -> Any:
    """The answer, which must come."""
    answer = cloud.call("GET", f"/api/references?imageId={quote(image)}")
    assert answer.status == 200, answer
    return answer.body


def test_users_are_told_sorted_with_what_moves_them(cloud: Client) -> None:
    """A template that blocks, then a machine that only warns; the commands name the version of the migration."""
    image = cloud.add_image("used")
    migration = cloud.start(cloud.request("used", delete=False))
    (status,) = cloud.finish(migration)
    group = image.partition("/providers/")[0]
    template = f"{group}/providers/Microsoft.VirtualMachineImages/imageTemplates/one"
    properties: Any = {"source": {"type": "ManagedImage", "imageId": image}, "distribute": []}
    sent: Any = {"location": "eastus2", "properties": properties}
    cloud.arm("PUT", template, sent, TEMPLATE_API)
    machine = f"{group}/providers/Microsoft.Compute/virtualMachines/vm"
    storage = {"imageReference": {"id": image}, "osDisk": {"createOption": "FromImage"}}
    body: Any = {"location": "eastus2", "properties": {"storageProfile": storage}}
    cloud.arm("PUT", machine, body)
    told = references(cloud, image.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))
    assert [(user["id"], user["effect"]) for user in told["users"]] == [
        (template, "blocks"),
        (machine, "warns"),
    ]
    assert (told["complete"], told["reasons"], told["blocked"]) == (True, [], True)
    assert told["imageFound"]
    assert told["versionId"] == status["versionId"]
    assert f"--image-source {status['versionId']}" in told["users"][0]["command"]
    assert told["machines"] >= 1


def test_locks_are_told_and_an_image_that_is_not_there(cloud: Client) -> None:
    """A lock of the group is inherited; a missing image may still have users."""
    image = cloud.add_image("locked")
    group = image.partition("/providers/")[0]
    lock = f"{group}/providers/Microsoft.Authorization/locks/keep"
    cloud.arm("PUT", lock, {"properties": {"level": "CanNotDelete"}}, LOCKS_API)
    told = references(cloud, image)
    cloud.arm("DELETE", lock, api=LOCKS_API)
    assert [(one["id"], one["inherited"]) for one in told["locks"]] == [(lock, True)]
    missing = references(cloud, f"{image}-missing")
    assert (missing["imageFound"], missing["users"], missing["versionId"]) == (False, [], None)


def test_what_is_not_known_is_said(cloud: Client) -> None:
    """The answer comes all the same."""
    image = cloud.add_image("unknown")
    cloud.faults({"what": "status", "status": 403, "path": "/labs"})
    told = references(cloud, image)
    cloud.no_faults()
    assert (told["complete"], told["blocked"]) == (False, True)
    assert "AuthorizationFailed" in told["reasons"][0]


@pytest.mark.parametrize("query", ["", "?imageId=", "?imageId=web", "?image=x"])
def test_the_image_must_be_named(cloud: Client, query: str) -> None:
    """400 names the parameter."""
    answer = cloud.call("GET", f"/api/references{query}")
    assert answer.status == 400
    assert "imageId" in {error["field"] for error in answer.body["errors"]}


def test_azure_that_does_not_answer_is_no_answer(cloud: Client) -> None:
    """502 when it is not known whether the image is there."""
    image = cloud.add_image("hidden")
    cloud.faults({"what": "status", "status": 503, "path": "images/hidden"})
    answer = cloud.call("GET", f"/api/references?imageId={quote(image)}")
    cloud.no_faults()
    assert (answer.status, answer.headers["Retry-After"]) == (502, "30")


def test_a_user_that_is_there_keeps_the_image(cloud: Client) -> None:
    """Whoever approved knew of it, and did not move it: the gate says how to; a plan warns of it as well."""
    image = cloud.add_image("wanted")
    migration = cloud.start(cloud.request("wanted"))
    made = (
        f"{image.partition('/providers/')[0]}/providers/Microsoft.Compute/virtualMachineScaleSets/s"
    )
    cloud.arm("PUT", made, scale_set(image, 0))
    cloud.advance_to_stage("approval", migration)
    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("kept", "kept")
    assert f"nobody needs the image: no (scale set {made}" in status["reason"]
    assert f"az vmss update --ids {made}" in status["reason"]
    assert cloud.image_there("wanted")
    plan = cloud.call("POST", "/api/plans", cloud.request("wanted", imageVersion="2.0.0"))
    assert plan.status == 200, plan
    assert any(made in line for line in plan.body["warnings"])
