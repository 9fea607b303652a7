"""Scans for the users of an image: each kind of user, each way in which a scan may not be complete."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from domain.ids import parse_image_id
from domain.references.kinds import Effect
from domain.references.users import ImageUser, Source
from packages.localcloud.tests.arm.sdk import scale_set
from services.reference_warnings import with_reference_warnings
from tests.activities.azure import Azure
from tests.app import app, forget
from tests.builders import a_plan
from tests.services.reference_world import VERSION, ReferenceWorld

BOTH, GRAPH, LISTS = {Source.GRAPH, Source.LISTS}, {Source.GRAPH}, {Source.LISTS}
LOCAL: Any = {"diffDiskSettings": {"option": "Local"}}


@pytest.fixture
def world(azure: Azure) -> ReferenceWorld:
    """An image that nobody uses."""
    return ReferenceWorld(azure)


def only(world: ReferenceWorld) -> ImageUser:
    """The one user of a scan that must be complete."""
    scan = world.scan()
    assert scan.complete, scan.gaps
    (user,) = scan.users
    return user


def test_an_image_that_nobody_uses_may_go(world: ReferenceWorld) -> None:
    """Machines of other images are none, nor is the image whose name only begins like its."""
    other = world.arm.image("web2")
    world.machine("other", other)
    world.scale_set("others", other)
    scan = world.scan()
    assert (scan.users, scan.gaps, scan.blocked) == ((), (), False)
    assert (scan.machines, scan.scale_sets) == (1, 1)


def test_a_machine_with_a_disk_of_its_own_only_warns(world: ReferenceWorld) -> None:
    """Both ways show it; it has nothing to be moved."""
    machine = world.machine("vm")
    user = only(world)
    assert (user.id, user.kind, user.effect) == (machine, "virtual machine", Effect.WARNS)
    assert (set(user.seen_in), user.command) == (BOTH, None)
    assert user.scope == world.arm.group
    assert user.last_made_at is not None
    assert user.last_made_at.startswith("2026-03-02T09:30")


def test_a_machine_with_an_ephemeral_disk_blocks(world: ReferenceWorld) -> None:
    """Reimaging it would read the image again."""
    world.machine("vm", **LOCAL)
    user = only(world)
    assert user.blocks
    assert f"--image {VERSION}" in str(user.command)


def test_a_scale_set_blocks_and_was_made_with_its_newest_machine(world: ReferenceWorld) -> None:
    """Its model is what counts; its machines are named beside it."""
    made = world.scale_set("set", capacity=1)
    world.arm.pass_time(days=1)
    world.scale_set("set", capacity=2)
    scan = world.scan()
    users = {user.kind: user for user in scan.users}
    user = users["scale set"]
    assert (user.id, user.effect, set(user.seen_in)) == (made, Effect.BLOCKS, BOTH)
    assert str(user.last_made_at).startswith("2026-03-03")
    assert user.command == (
        f"az vmss update --ids {made} --set "
        f"virtualMachineProfile.storageProfile.imageReference.id={VERSION}"
        f" && az vmss update-instances --ids {made} --instance-ids '*'"
    )


@pytest.mark.parametrize("heard", [True, False], ids=["both", "ARM only"])
def test_machines_of_a_set_with_another_model_are_found(world: ReferenceWorld, heard: bool) -> None:
    """They were made before the model changed; Resource Graph may not have heard of it."""
    if not heard:
        world.azure.fault(what="unseen", rows="/virtualMachineScaleSets/", path="ResourceGraph")
    world.scale_set("set", capacity=1)
    world.scale_set("set", world.arm.image("new"), capacity=1)
    user = only(world)
    assert (user.kind, user.effect) == ("machine of a scale set", Effect.WARNS)
    assert user.id.endswith("/virtualMachineScaleSets/set/virtualMachines/0")
    assert set(user.seen_in) == (BOTH if heard else LISTS)
    assert str(user.command).endswith("virtualMachineScaleSets/set --instance-ids 0")


def test_machines_of_a_flexible_set_are_machines(world: ReferenceWorld) -> None:
    """And the set blocks."""
    world.scale_set("set", capacity=1, orchestrationMode="Flexible")
    effects = {user.kind: user.effect for user in world.scan().users}
    assert effects == {"scale set": Effect.BLOCKS, "virtual machine": Effect.WARNS}


@pytest.mark.parametrize(
    ("kind", "name", "seen", "command"),
    [
        (
            "Microsoft.VirtualMachineImages/imageTemplates",
            "Image Builder template",
            BOTH,
            f"--image-source {VERSION}",
        ),
        (
            "Microsoft.Batch/batchAccounts/pools",
            "Batch pool",
            GRAPH,
            "--set properties.deploymentConfiguration.virtualMachineConfiguration.imageReference.id="
            + VERSION,
        ),
        (
            "Microsoft.AzureFleet/fleets",
            "Compute Fleet",
            GRAPH,
            "--set properties.computeProfile.baseVirtualMachineProfile.storageProfile.imageReference.id="
            + VERSION,
        ),
        (
            "Microsoft.DevOpsInfrastructure/pools",
            "Managed DevOps pool",
            GRAPH,
            f"--set 'properties.fabricProfile.images[0].resourceId={VERSION}'",
        ),
        (
            "Microsoft.ServiceFabric/managedClusters/nodeTypes",
            "Service Fabric node type",
            LISTS,
            f"--set properties.vmSharedGalleryImageId={VERSION} --remove properties.vmImageResourceId",
        ),
        (
            "Microsoft.DesktopVirtualization/hostPools",
            "Virtual Desktop host pool",
            GRAPH,
            VERSION,
        ),
        (
            "Microsoft.DevTestLab/labs/customImages",
            "DevTest Labs custom image",
            LISTS,
            f'"galleryId": "{VERSION.partition("/images/")[0]}"',
        ),
    ],
)
def test_other_services_block(
    world: ReferenceWorld, kind: str, name: str, seen: set[Source], command: str
) -> None:
    """Each where it can be seen, with the command that moves it."""
    user_id = world.add(kind)
    user = only(world)
    assert (user.id, user.kind, user.effect) == (user_id, name, Effect.BLOCKS)
    assert set(user.seen_in) == seen
    assert command in str(user.command)


def test_a_template_that_makes_the_image_blocks(world: ReferenceWorld) -> None:
    """Its next build would undo the deletion."""
    source = {"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s", "version": "1"}
    world.add("Microsoft.VirtualMachineImages/imageTemplates", source=source)
    user = only(world)
    assert user.blocks
    assert user.use == "makes the image anew at each build"


def test_a_shallow_version_blocks_and_a_full_one_does_not(world: ReferenceWorld) -> None:
    """While it is being made each blocks."""
    world.arm.gallery()
    world.image = world.arm.image("web")
    full, shallow = "galleries/g/images/d/versions/1.0.0", "galleries/g/images/d/versions/2.0.0"
    assert world.arm.version(full).status_code == 201
    assert only(world).use == "is still being made from the image"
    world.arm.pass_time(hours=1)
    assert world.scan().users == ()
    assert world.arm.version(shallow, replicationMode="Shallow").status_code == 201
    world.arm.pass_time(hours=1)
    user = only(world)
    assert (user.id, user.blocks) == (world.arm.id(shallow), True)
    assert user.use == "is a shallow version, which reads the image"


def test_a_type_that_nobody_knows_blocks(world: ReferenceWorld) -> None:
    """The place where it names the image is told."""
    world.add("Microsoft.ServiceFabric/managedClusters", clientConnectionNote=f"see {world.image}")
    user = only(world)
    assert user.blocks
    assert user.kind == "microsoft.servicefabric/managedclusters"
    assert user.use == "names the image in clientConnectionNote"


@pytest.mark.parametrize("level", ["CanNotDelete", "ReadOnly"])
@pytest.mark.parametrize("place", ["subscription", "group", "image"])
def test_a_lock_blocks_wherever_it_sits(world: ReferenceWorld, place: str, level: str) -> None:
    """It is told once, though three lists may show it, with what takes it away."""
    scopes = {
        "subscription": f"/subscriptions/{world.subscription}",
        "group": world.arm.group,
        "image": world.image,
    }
    name = world.lock(scopes[place], level)
    scan = world.scan()
    (lock,) = scan.locks
    assert (lock.id, lock.level, lock.scope) == (name, level, scopes[place])
    assert (lock.inherited, scan.blocked) == (place != "image", True)
    assert lock.command == f"az lock delete --ids {name}"


def test_a_lock_on_something_else_is_none_of_its(world: ReferenceWorld) -> None:
    """A list at the group shows the locks below it as well."""
    world.lock(world.arm.image("web2"))
    assert world.scan().locks == ()


def test_a_veto_tag_blocks_whatever_its_case_and_value(world: ReferenceWorld) -> None:
    """Its name is a setting."""
    answer = world.arm.call("PATCH", "images/web", {"tags": {"donotDELETE": ""}})
    assert answer.status_code == 200
    scan = world.scan()
    assert (scan.veto, scan.blocked) == ("donotDELETE", True)


FAULTS: list[Any] = [
    pytest.param({"what": "status", "status": 403, "path": path}, reason, id=path)
    for path, reason in (
        ("ResourceGraph", "Resource Graph, resources: AccessDenied"),
        ("/virtualMachines", "virtual machines of"),
        ("/virtualMachineScaleSets", "scale sets of"),
        ("/imageTemplates", "Image Builder templates of"),
        ("/galleries", "image versions of"),
        ("/managedClusters", "Service Fabric node types of"),
        ("/labs", "DevTest Labs custom images of"),
        ("Authorization/locks", "locks at /subscriptions/"),
    )
] + [
    pytest.param(
        {"what": "graph", "outcome": "truncated", "size": 1, "path": "ResourceGraph"},
        "cut its answer off",
        id="truncated",
    ),
    pytest.param(
        {"what": "graph", "outcome": "limit", "size": 1, "path": "ResourceGraph"},
        "some of the subscriptions only",
        id="limit",
    ),
    pytest.param(
        {"what": "status", "status": 429, "path": "ResourceGraph"}, "RateLimiting", id="throttled"
    ),
    pytest.param(
        {"what": "truncated", "path": "/virtualMachines"}, "virtual machines of", id="cut off"
    ),
    pytest.param(
        {"what": "error-body", "path": "/virtualMachineScaleSets"}, "scale sets of", id="error body"
    ),
    pytest.param(
        {"what": "unseen", "rows": "/images/web", "path": "ResourceGraph"},
        "does not show the image itself",
        id="no rights on the image",
    ),
    pytest.param(
        {"what": "unseen", "rows": "^/subscriptions/[^/]*$", "path": "ResourceGraph"},
        "does not show the subscription",
        id="no rights on a subscription",
    ),
    pytest.param(
        {"what": "graph", "outcome": "lag", "seconds": 600, "path": "ResourceGraph"},
        "does not show the image itself",
        id="lag",
    ),
    pytest.param(
        {"what": "status", "status": 403, "path": "/subscriptions\\?"}, "subscriptions", id="scope"
    ),
]


@pytest.mark.parametrize(("rule", "reason"), FAULTS)
def test_what_cannot_be_read_leaves_the_users_unknown(
    world: ReferenceWorld, monkeypatch: pytest.MonkeyPatch, rule: Any, reason: str
) -> None:
    """The image is kept, and the gap says where."""
    monkeypatch.setenv("SUBSCRIPTION_IDS", "")
    forget()
    world.azure.cloud.add_subscription()
    world.machine("vm")
    world.azure.fault(**rule)
    scan = world.scan()
    assert scan.blocked
    assert reason in "; ".join(str(gap) for gap in scan.gaps)


def test_users_that_only_one_way_shows_count(world: ReferenceWorld) -> None:
    """Resource Graph lags, and still has the old model of a set that ARM has the new one of."""
    world.scale_set("old", capacity=0)
    new = world.arm.image("new")
    world.azure.fault(what="graph", outcome="lag", seconds=60, path="ResourceGraph")
    world.arm.put("virtualMachineScaleSets/old", scale_set(new, 0))
    world.arm.put("virtualMachineScaleSets/young", scale_set(world.image, 0))
    scan = world.scan()
    seen = {user.id.rpartition("/")[2]: set(user.seen_in) for user in scan.users}
    assert seen == {"old": GRAPH, "young": LISTS}
    assert scan.complete


def test_another_subscription_is_looked_through(
    world: ReferenceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that the identity sees, unless settings name some; the image's own always."""
    other = world.azure.cloud.add_subscription()
    here = world.arm.group
    there = here.replace(world.subscription, other)
    group = world.arm.call("PUT", there, {"location": "eastus2"}, api="2021-04-01")
    assert group.status_code in (200, 201), group.text
    world.arm.group = there
    machine = world.machine("vm")
    world.arm.group = here
    assert world.scan().users == ()
    for value, seen in (("", {machine}), (other.upper(), {machine}), (world.subscription, set())):
        monkeypatch.setenv("SUBSCRIPTION_IDS", "")
        monkeypatch.setenv("REFERENCE_SUBSCRIPTION_IDS", value)
        forget()
        scan = world.scan()
        assert scan.complete, scan.gaps
        assert {user.id for user in scan.users} == seen
        assert world.subscription in scan.subscriptions


def test_a_subscription_that_is_not_seen_any_more_leaves_the_users_unknown(
    world: ReferenceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rights that were taken away make lists shorter, and no error."""
    monkeypatch.setenv("SUBSCRIPTION_IDS", "")
    forget()
    other = world.azure.cloud.add_subscription()
    assert world.scan().complete
    world.azure.fault(what="unseen", rows=other)
    scan = world.scan()
    assert f"subscription {other}: was scanned before" in str(scan.gaps[0])


def test_lists_that_have_become_short_leave_the_users_unknown(
    world: ReferenceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than half of the last complete scan, though nothing fails; a setting turns it off."""
    for number in range(4):
        world.machine(f"vm-{number}", world.arm.image("other"))
    assert world.scan().complete
    world.azure.fault(what="unseen", rows="/virtualMachines/vm-[0-1]")
    assert world.scan().complete
    world.azure.fault(what="unseen", rows="/virtualMachines/")
    scan = world.scan()
    assert "0 machines and scale sets in scope, 2 at" in str(scan.gaps[0])
    assert not world.scan().complete
    monkeypatch.setenv("REFERENCE_FLOOR_PERCENT", "0")
    forget()
    assert world.scan().complete


def test_lists_are_read_to_their_last_page(world: ReferenceWorld) -> None:
    """The user on it counts."""
    world.azure.cloud.set_profile(page_size=2)
    other = world.arm.image("other")
    for number in range(5):
        world.machine(f"a-{number}", other)
    world.machine("z", **LOCAL)
    world.azure.fault(what="unseen", rows="/virtualMachines/", path="ResourceGraph")
    scan = world.scan()
    assert [user.id for user in scan.users] == [world.arm.id("virtualMachines/z")]
    assert scan.machines == 6


def test_machines_and_scale_sets_are_read_last(world: ReferenceWorld) -> None:
    """Then the machines of sets that have another model."""
    world.scale_set("set", world.arm.image("new"), capacity=1)
    world.azure.forget_requests()
    world.scan()
    paths = [str(line["path"]).partition("?")[0].rpartition("/")[2] for line in world.azure.sent()]
    assert sorted(paths[-3:-1]) == ["virtualMachineScaleSets", "virtualMachines"]
    assert paths[-1] == "virtualMachines"


def test_a_scan_ends_in_time(world: ReferenceWorld) -> None:
    """A list that does not answer by then is unknown, and may be known at another time."""
    world.azure.fault(what="hold", path="/imageTemplates")
    scan = world.scan(seconds=2)
    world.azure.well()
    assert any(gap.transient for gap in scan.gaps)
    assert "Image Builder templates" in "; ".join(str(gap) for gap in scan.gaps)


def test_a_provider_that_is_not_registered_has_nothing(world: ReferenceWorld) -> None:
    """Its refusal is Resource Manager's own."""
    refused = {"what": "status", "status": 409, "code": "MissingSubscriptionRegistration"}
    world.azure.fault(**refused, path="/labs")
    assert world.scan().complete


def test_no_setting_is_needed_to_scan(world: ReferenceWorld) -> None:
    """The defaults are those of the documents."""
    settings = app().settings
    assert settings.reference_subscription_ids == ()
    assert (settings.veto_tag, settings.reference_floor_percent) == ("DoNotDelete", 50)


def warnings(world: ReferenceWorld, **changes: Any) -> list[str]:
    """The warnings of a plan for a deletion that the scan adds."""
    image = parse_image_id(world.image)
    values = {"image": image, "image_id": image.text, "deletion": True, **changes}
    plan = a_plan().model_copy(update=values)
    lines = asyncio.run(with_reference_warnings(app(), plan)).warnings
    assert lines[: len(plan.warnings)] == plan.warnings
    return list(lines[len(plan.warnings) :])


def test_a_plan_warns_of_what_would_keep_the_image(world: ReferenceWorld) -> None:
    """A user that blocks, a lock, a tag; a machine with a disk of its own is no warning."""
    assert warnings(world) == []
    world.machine("vm")
    made = world.scale_set("set", capacity=0)
    world.arm.call("PATCH", "images/web", {"tags": {"DoNotDelete": "x"}})
    world.lock(world.arm.group)
    lines = warnings(world)
    assert lines[0] == "The tag DoNotDelete blocks the deletion."
    assert lines[1] == f"A lock (CanNotDelete) at {world.arm.group} blocks the deletion."
    assert lines[2].startswith(f"scale set {made} blocks the deletion: its model names the image")
    assert len(lines) == 3


def test_a_plan_without_a_deletion_asks_nothing(world: ReferenceWorld) -> None:
    """The scan is for those who want the image gone."""
    world.azure.forget_requests()
    assert warnings(world, deletion=False) == []
    assert world.azure.sent() == []


def test_a_plan_is_made_without_an_answer(world: ReferenceWorld) -> None:
    """It says that the users are not known."""
    world.azure.fault(what="status", status=503)
    (line,) = warnings(world)
    assert line.startswith("Who uses the image could not be looked for now")
