"""Resource Graph: tables and rows, scope, pages, quota, lag, and what goes wrong in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localcloud.arm.faults.rules import read_rule
from localcloud.arm.state.profile import Graph, Profile
from packages.localcloud.tests.arm.driving import DEFINITION, GROUP, VERSION, Driver, driven, error
from packages.localcloud.tests.arm.sdk import scale_set, storage

PATH = "/providers/Microsoft.ResourceGraph/resources"
API = "2024-04-01"
IMAGES = "resources | where type =~ 'microsoft.compute/images'"
# One query for all users whose type is in `resources`, and their references, whatever the property.
USERS = """
resources
| where type in~ ('microsoft.compute/virtualmachines', 'microsoft.compute/virtualmachinescalesets',
    'microsoft.compute/galleries/images/versions', 'microsoft.virtualmachineimages/imagetemplates',
    'microsoft.devopsinfrastructure/pools', 'microsoft.azurefleet/fleets',
    'microsoft.desktopvirtualization/hostpools')
| extend ref = tolower(tostring(coalesce(properties.storageProfile.imageReference.id,
    properties.virtualMachineProfile.storageProfile.imageReference.id,
    properties.storageProfile.source.id, properties.source.imageId)))
| where ref == '{id}' or tolower(tostring(properties)) contains '{id}'
| project id, type, subscriptionId, resourceGroup, location, ref,
    ephemeral = tostring(properties.storageProfile.osDisk.diffDiskSettings.option),
    mode = tostring(properties.publishingProfile.replicationMode), capacity = toint(sku.capacity)
| order by id asc
"""


def ask(arm: Driver, query: str, **more: Any) -> Any:
    """The answer to a query that must be taken."""
    answer = post(arm, query, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(arm: Driver, query: str, **more: Any) -> Any:
    """The response to a query; `options` may be given."""
    return arm.call("POST", PATH, {"query": query} | more, api=API)


def names(arm: Driver, query: str, **more: Any) -> list[str]:
    """The last segments of the ids that a query finds."""
    return [row["id"].rsplit("/", 1)[-1] for row in ask(arm, query, **more)["data"]]


def test_one_query_finds_users_of_different_types(arm: Driver) -> None:
    """A machine, a set, a version, each by the path where its type names the image."""
    arm.gallery()
    image = arm.image()
    arm.put("virtualMachines/one", _machine(image, diffDiskSettings={"option": "Local"}))
    arm.put("virtualMachines/other", _machine(arm.image("db")))
    arm.put("virtualMachineScaleSets/set", scale_set(image, 2))
    arm.version(replicationMode="Shallow")
    arm.pass_time(hours=1)
    found = {row["type"]: row for row in ask(arm, USERS.format(id=image.lower()))["data"]}
    kinds = ("virtualmachines", "virtualmachinescalesets", "galleries/images/versions")
    assert set(found) == {f"microsoft.compute/{kind}" for kind in kinds}
    assert {row["ref"] for row in found.values()} == {image.lower()}
    machine, group, version = (found[f"microsoft.compute/{kind}"] for kind in kinds)
    assert (machine["ephemeral"], group["capacity"], version["mode"]) == ("Local", 2, "Shallow")
    assert (machine["resourceGroup"], machine["location"]) == (GROUP, "eastus2")
    assert machine["subscriptionId"] == arm.cloud.subscription_ids[0]
    assert version["id"] == arm.id(VERSION)


def _machine(image: str, **os_disk: Any) -> Any:
    return {"location": "eastus2", "properties": {"storageProfile": storage(image, **os_disk)}}


def test_a_row_has_every_column(arm: Driver) -> None:
    """Types and groups in lower case, nothing left out, the state among the properties."""
    arm.image()
    row = ask(arm, f"{IMAGES} | where name == 'web'")["data"][0]
    assert row["properties"]["provisioningState"] == "Succeeded"
    assert row["properties"]["storageProfile"]["osDisk"]["diskSizeGB"] == 30
    rest = {key: value for key, value in row.items() if key != "properties"}
    assert rest == {
        "id": arm.id("images/web"),
        "name": "web",
        "type": "microsoft.compute/images",
        "tenantId": arm.cloud.tenant_id,
        "kind": "",
        "location": "eastus2",
        "resourceGroup": GROUP,
        "subscriptionId": arm.cloud.subscription_ids[0],
        "managedBy": "",
        "sku": None,
        "plan": None,
        "tags": None,
        "identity": None,
        "zones": None,
        "extendedLocation": None,
    }


def test_machines_of_uniform_sets_are_in_a_table_of_their_own(arm: Driver) -> None:
    """With the image that each was made from, which the set's model may no longer name."""
    old, new = arm.image("old"), arm.image("new")
    arm.put("virtualMachineScaleSets/set", scale_set(old, 1))
    arm.put("virtualMachineScaleSets/set", scale_set(new, 2))
    query = (
        "computeresources | where type =~ 'microsoft.compute/virtualmachinescalesets/virtualmachines'"
        " | project id, name, image = tostring(properties.storageProfile.imageReference.id)"
    )
    found = ask(arm, query)["data"]
    assert [(row["name"], row["image"]) for row in found] == [("set_0", old), ("set_1", new)]


def test_groups_and_subscriptions_are_in_another(arm: Driver) -> None:
    """`resourcecontainers` tells what was looked at."""
    arm.image()
    other = arm.cloud.add_subscription()
    found = ask(arm, "resourcecontainers | project id, type, name")["data"]
    kinds = {row["id"]: row["type"] for row in found}
    assert kinds[arm.group] == "microsoft.resources/subscriptions/resourcegroups"
    assert kinds[f"/subscriptions/{other}"] == "microsoft.resources/subscriptions"
    count = "resourcecontainers | where type == 'microsoft.resources/subscriptions' | count"
    assert ask(arm, count)["data"] == [{"Count": len(arm.cloud.subscription_ids)}]


def test_the_scope_is_the_tenant_or_what_is_named(arm: Driver) -> None:
    """Unknown subscriptions are passed over beside known ones; alone they are refused."""
    arm.image("here")
    first, other = arm.cloud.subscription_ids[0], arm.cloud.add_subscription()
    there = arm.id("images/there").replace(first, other)
    disk = {"osType": "Linux", "osState": "Generalized"}
    body = {"id": there, "location": "eastus2", "properties": {"storageProfile": {"osDisk": disk}}}
    arm.cloud.add_image(body)
    assert names(arm, IMAGES) == ["here", "there"]
    assert names(arm, IMAGES, subscriptions=[other]) == ["there"]
    unknown = "00000000-0000-0000-0000-000000000000"
    assert names(arm, IMAGES, subscriptions=[first.upper(), unknown]) == ["here"]
    refused = post(arm, IMAGES, subscriptions=[unknown])
    assert error(refused) == (403, "AccessDenied")
    assert arm.call("GET", there, api="2024-07-01").status_code == 200


def test_pages_follow_each_other_when_the_id_is_there(arm: Driver) -> None:
    """`$skipToken` leads on; the totals are those of the whole; `resultTruncated` is a text."""
    for number in range(5):
        arm.image(f"image-{number}")
    query = f"{IMAGES} | project id, name | order by id asc"
    first = ask(arm, query, options={"$top": 2})
    assert (first["totalRecords"], first["count"], first["resultTruncated"]) == (5, 2, "false")
    seen = [row["name"] for row in first["data"]]
    token = first["$skipToken"]
    while token:
        page = ask(arm, query, options={"$top": 2, "$skipToken": token})
        seen += [row["name"] for row in page["data"]]
        token = page.get("$skipToken")
    assert seen == [f"image-{number}" for number in range(5)]
    assert names(arm, query, options={"$top": 2, "$skip": 3}) == ["image-3", "image-4"]


def test_without_the_id_there_are_no_pages(arm: Driver) -> None:
    """The answer is cut, and says so in a text."""
    for number in range(3):
        arm.image(f"image-{number}")
    cut = ask(arm, f"{IMAGES} | project name", options={"$top": 2})
    assert (cut["totalRecords"], cut["count"], cut["resultTruncated"]) == (3, 2, "true")
    assert "$skipToken" not in cut


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": " "},
        {"query": IMAGES, "options": {"$top": 1001}},
        {"query": IMAGES, "options": {"$top": 0}},
        {"query": IMAGES, "options": {"top": 5}},
        {"query": IMAGES, "options": {"resultFormat": "table"}},
        {"query": IMAGES, "options": {"$skipToken": "no token"}},
        {"query": IMAGES, "options": {"$skipToken": "eyJzdGFydCI6MSwicXVlcnkiOjF9"}},
        {"query": IMAGES, "subscriptions": "all"},
        {"query": IMAGES, "managementGroups": ["mine"]},
        {"query": IMAGES, "facets": [{"expression": "type"}]},
        {"query": IMAGES, "unknown": 1},
    ],
)
def test_what_is_not_emulated_is_refused(arm: Driver, body: Any) -> None:
    """400 in Resource Graph's form: nothing is passed over."""
    refused = arm.call("POST", PATH, body, api=API)
    assert error(refused) == (400, "BadRequest")
    assert refused.json()["error"]["message"].startswith("Please provide below info when asking")
    assert refused.json()["error"]["details"][0]["code"] == "InvalidParameter"


def test_a_query_that_is_not_understood_is_refused(arm: Driver) -> None:
    """The details name the place, as they were seen to."""
    refused = post(arm, "resources | where id = 'x'")
    assert error(refused) == (400, "BadRequest")
    first, second = refused.json()["error"]["details"]
    assert first["code"] == "InvalidQuery"
    assert (second["code"], second["line"], second["token"]) == ("ParserFailure", 1, "=")


def test_the_route_takes_nothing_but_posts_with_a_version(arm: Driver) -> None:
    """Other methods are not known, and neither is a missing api-version."""
    assert arm.call("GET", PATH, api=API).status_code == 404
    url = f"{arm.cloud.url}{PATH}"
    assert error(arm.session.post(url, json={"query": IMAGES}, timeout=20))[0] == 400


def test_the_quota_counts_down_and_comes_back(state_folder: Path) -> None:
    """In windows of five seconds; each page costs one; beyond it 429 in Resource Graph's form."""
    with driven(state_folder, Profile(throttling=True, graph=Graph(quota=3))) as arm:
        left = [post(arm, IMAGES).headers["x-ms-user-quota-remaining"] for _ in range(3)]
        assert left == ["2", "1", "0"]
        refused = post(arm, IMAGES)
        assert error(refused) == (429, "RateLimiting")
        assert refused.headers["x-ms-user-quota-resets-after"] == "00:00:05"
        assert refused.headers["x-ms-user-quota-remaining"] == "0"
        assert refused.headers["Retry-After"] == "2"
        arm.pass_time(seconds=5)
        assert post(arm, IMAGES).headers["x-ms-user-quota-remaining"] == "2"


def test_changes_are_heard_of_late(state_folder: Path) -> None:
    """Changes show after the lag; ARM itself tells them at once."""
    with driven(state_folder, Profile(graph=Graph(lag=120))) as arm:
        old, new = arm.image("old"), arm.image("new")
        models = (
            "resources | where type =~ 'microsoft.compute/virtualmachinescalesets'"
            " | project id, image = properties.virtualMachineProfile.storageProfile.imageReference.id"
        )
        assert names(arm, IMAGES) == []
        arm.put("virtualMachineScaleSets/set", scale_set(old, 1))
        arm.pass_time(seconds=119)
        assert ask(arm, models)["data"] == []
        arm.pass_time(seconds=1)
        assert [row["image"] for row in ask(arm, models)["data"]] == [old]
        arm.put("virtualMachineScaleSets/set", scale_set(new, 1))
        assert [row["image"] for row in ask(arm, models)["data"]] == [old]
        arm.pass_time(seconds=120)
        assert [row["image"] for row in ask(arm, models)["data"]] == [new]
        arm.call("DELETE", "images/old")
        arm.pass_time(seconds=60)
        assert arm.call("GET", "images/old").status_code == 404
        assert names(arm, IMAGES) == ["old", "new"]
        arm.pass_time(seconds=120)
        assert names(arm, IMAGES) == ["new"]


def test_a_soft_deleted_version_is_seen_until_the_lag_is_over(state_folder: Path) -> None:
    """It is gone for Resource Graph as well, only later."""
    with driven(state_folder, Profile(graph=Graph(lag=600))) as arm:
        arm.gallery(softDeletePolicy={"isSoftDeleteEnabled": True})
        arm.image()
        arm.version()
        arm.pass_time(hours=1)
        versions = "resources | where type =~ 'microsoft.compute/galleries/images/versions'"
        assert names(arm, versions) == ["1.0.0"]
        arm.call("DELETE", f"{DEFINITION}/versions/1.0.0")
        arm.pass_time(minutes=5)
        assert arm.call("GET", VERSION).status_code == 404
        assert names(arm, versions) == ["1.0.0"]
        arm.pass_time(minutes=15)
        assert names(arm, versions) == []


def fault(arm: Driver, **rule: Any) -> None:
    """One rule, as it would be posted."""
    arm.cloud.faults.set([read_rule(rule)])


def test_a_fault_hides_rows_without_a_word(arm: Driver) -> None:
    """Resource Graph and lists alike, or one of them by its path; the totals show nothing of it."""
    for name in ("web", "db"):
        arm.image(name)
    fault(arm, what="unseen", rows="/images/web$", path="ResourceGraph")
    answer = ask(arm, IMAGES)
    assert [row["name"] for row in answer["data"]] == ["db"]
    assert (answer["totalRecords"], answer["resultTruncated"]) == (1, "false")
    assert len(arm.get("images")["value"]) == 2
    fault(arm, what="unseen", rows="/IMAGES/db$")
    assert [line["name"] for line in arm.get("images")["value"]] == ["web"]
    index = arm.call("GET", f"{arm.group}/resources").json()["value"]
    assert [line["name"] for line in index] == ["web"]
    assert names(arm, IMAGES) == []
    arm.cloud.faults.clear()
    assert names(arm, IMAGES) == ["web", "db"]


def test_a_fault_hides_a_whole_subscription(arm: Driver) -> None:
    """As one that the identity has no role in: neither listed nor looked into."""
    first, other = arm.cloud.subscription_ids[0], arm.cloud.add_subscription()
    arm.image()
    fault(arm, what="unseen", rows=f"^/subscriptions/{first}")
    listed = arm.call("GET", "/subscriptions", api="2022-12-01").json()["value"]
    told = [line["subscriptionId"] for line in listed]
    assert (first in told, other in told) == (False, True)
    assert names(arm, IMAGES) == []
    containers = ask(arm, "resourcecontainers | project id, subscriptionId")["data"]
    assert first not in {row["subscriptionId"] for row in containers}


def test_faults_truncate_lag_and_limit(arm: Driver) -> None:
    """Each for the calls that its rule takes, the cloud's own settings come back."""
    arm.cloud.add_subscription()
    for name in ("web", "db"):
        arm.image(name)
    fault(arm, what="graph", outcome="truncated", size=1, count=1)
    cut = ask(arm, IMAGES)
    assert (cut["count"], cut["totalRecords"], cut["resultTruncated"]) == (1, 2, "true")
    assert "$skipToken" not in cut
    assert ask(arm, IMAGES)["count"] == 2
    arm.cloud.faults.clear()
    fault(arm, what="graph", outcome="lag", seconds=300)
    assert names(arm, IMAGES) == []
    arm.pass_time(minutes=5)
    assert names(arm, IMAGES) == ["web", "db"]
    arm.cloud.faults.clear()
    fault(arm, what="graph", outcome="limit", size=1)
    limited = post(arm, "resourcecontainers | where type == 'microsoft.resources/subscriptions'")
    assert limited.headers["x-ms-tenant-subscription-limit-hit"] == "true"
    assert limited.json()["totalRecords"] == 1
    assert error(post(arm, IMAGES, subscriptions=arm.cloud.subscription_ids)) == (400, "BadRequest")


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (429, "RateLimiting")])
def test_a_fault_refuses_in_its_form(arm: Driver, status: int, code: str) -> None:
    """A status for this path has Resource Graph's own body, and its headers when throttled."""
    fault(arm, what="status", status=status, path="ResourceGraph")
    refused = post(arm, IMAGES)
    assert error(refused) == (status, code)
    assert refused.json()["error"]["details"][0]["code"] == code
    told = refused.headers.get("x-ms-user-quota-remaining")
    assert told == ("0" if status == 429 else None)
