"""Commands that move users: each names its own user, the version, and variables for what only an owner knows."""

from __future__ import annotations

from typing import Any

import pytest

from domain.references import kinds
from domain.references.commands import move_command

GROUP = "/subscriptions/one/resourceGroups/rg"
COMPUTE = f"{GROUP}/providers/Microsoft.Compute"
IMAGE = f"{COMPUTE}/images/web"
VERSION = f"{COMPUTE}/galleries/g/images/web/versions/1.0.0"
SET, MACHINE = f"{COMPUTE}/virtualMachineScaleSets/set", f"{COMPUTE}/virtualMachines/vm"
OTHER = f"{COMPUTE}/galleries/other/images/db/versions/2.0.0"
POOL = f"{GROUP}/providers/Microsoft.DesktopVirtualization/hostPools/pool"
TEMPLATE = f"{GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates/t"
LAB_IMAGE = f"{GROUP}/providers/Microsoft.DevTestLab/labs/L/customImages/c"
LAB = f"{GROUP.lower()}/providers/microsoft.devtestlab/labs/l"
NODE_TYPE = f"{GROUP}/providers/Microsoft.ServiceFabric/managedClusters/c/nodeTypes/n"
MODEL = "virtualMachineProfile.storageProfile.imageReference.id"
PLACE = "--subscription one --resource-group rg"
LOCAL = {"osDisk": {"diffDiskSettings": {"option": "Local"}}}
UPDATE_SET = f"az vmss update --ids {SET} --set {MODEL}={VERSION}"
UPDATE_MACHINES = f"az vmss update-instances --ids {SET} --instance-ids '*'"
NEW_MACHINE = f"az vm create {PLACE} --name vm-2 --image {VERSION}"
NAMED = "--gallery-name other --gallery-image-definition db"
OWNERS = """--identity ''"$IDENTITY_ID"'' --scripts ''"$SCRIPTS"''"""
NEW_TEMPLATE = f"az image builder create {PLACE} --name t-2 {OWNERS}"
UPDATE_POOL = f"az desktopvirtualization hostpool update --ids {POOL} --vm-template"


def command(
    kind: str, user: str, path: str = "x", version: str | None = VERSION, **properties: Any
) -> str | None:
    return move_command(kind, {"id": user, "properties": properties}, path, IMAGE, version)


def test_a_uniform_set_gets_its_model_and_its_machines_changed() -> None:
    """It is uniform unless it says otherwise."""
    both = f"{UPDATE_SET} && {UPDATE_MACHINES}"
    assert command(kinds.SCALE_SET, SET, MODEL) == both
    assert command(kinds.SCALE_SET, SET, MODEL, orchestrationMode="Uniform") == both


def test_a_flexible_set_gets_its_model_changed_only() -> None:
    """Its machines are machines of their own."""
    assert command(kinds.SCALE_SET, SET, MODEL, orchestrationMode="Flexible") == UPDATE_SET


def test_a_machine_of_a_set_is_updated_by_its_number() -> None:
    """Its set has the model already."""
    machine = f"{SET}/virtualMachines/3"
    updated = f"az vmss update-instances --ids {SET} --instance-ids 3"
    assert command(kinds.SCALE_SET_MACHINE, machine) == updated


def test_a_machine_with_a_disk_of_its_own_stays() -> None:
    """As a disk does: neither reads the image any more."""
    assert command(kinds.MACHINE, MACHINE) is None
    assert command(kinds.MACHINE, MACHINE, storageProfile={"osDisk": {}}) is None
    assert command(kinds.DISK, f"{COMPUTE}/disks/d") is None


def test_a_machine_without_one_gets_a_second_one_beside_it() -> None:
    """Of the same size, if that is known."""
    ephemeral = "--ephemeral-os-disk true"
    assert command(kinds.MACHINE, MACHINE, storageProfile=LOCAL) == f"{NEW_MACHINE} {ephemeral}"
    sized = command(
        kinds.MACHINE, MACHINE, storageProfile=LOCAL, hardwareProfile={"vmSize": "Standard_D2s_v5"}
    )
    assert sized == f"{NEW_MACHINE} --size Standard_D2s_v5 {ephemeral}"


def test_a_shallow_version_gets_a_full_one_beside_it() -> None:
    """Its owner chooses the number."""
    create = f"az sig image-version create {PLACE} {NAMED} --gallery-image-version"
    shallow: dict[str, Any] = {"publishingProfile": {"replicationMode": "shallow"}}
    assert command(kinds.VERSION, OTHER, **shallow) == (
        f"""{create} ''"$NEW_VERSION"'' --managed-image {VERSION}"""
    )


@pytest.mark.parametrize("profile", [{}, {"publishingProfile": {"replicationMode": "Full"}}])
def test_a_version_that_is_being_made_is_waited_for(profile: dict[str, Any]) -> None:
    """Nothing has to be moved."""
    wait = f"az sig image-version wait --updated {PLACE} {NAMED} --gallery-image-version 2.0.0"
    assert command(kinds.VERSION, OTHER, **profile) == wait


def test_a_template_that_builds_from_the_image_gets_a_second_one_beside_it() -> None:
    """With the steps that only its owner has."""
    made = command(kinds.TEMPLATE, TEMPLATE, "source.imageId")
    assert made == f"{NEW_TEMPLATE} --image-source {VERSION}"


def test_a_template_that_makes_the_image_makes_versions_from_then_on() -> None:
    """Of the definition that the version is of; without a version its owner names it."""
    source = """--image-source ''"$IMAGE_SOURCE"''"""
    assert command(kinds.TEMPLATE, TEMPLATE, "distribute[0].imageId") == (
        f"""{NEW_TEMPLATE} {source} --gallery-name g --shared-image-destinations 'web='"$REGION"''"""
    )
    unknown = """''"$GALLERY"'' --shared-image-destinations ''"$DEFINITION"'='"$REGION"''"""
    assert command(kinds.TEMPLATE, TEMPLATE, "distribute[0].imageId", None) == (
        f"{NEW_TEMPLATE} {source} --gallery-name {unknown}"
    )


def test_a_node_type_names_a_version_in_another_property() -> None:
    """The one that names the image goes."""
    change = f"--set properties.vmSharedGalleryImageId={VERSION}"
    assert command(kinds.NODE_TYPE, NODE_TYPE, "vmImageResourceId") == (
        f"az resource update --ids {NODE_TYPE} {change} --remove properties.vmImageResourceId"
    )


@pytest.mark.parametrize(("before", "after"), [('{"id":"', '","n":1}'), ("", ""), ("", "?")])
def test_of_a_host_pools_template_the_image_alone_is_replaced(before: str, after: str) -> None:
    """However it is spelt; the rest stays as it is."""
    changed = command(
        kinds.HOST_POOL, POOL, "vmTemplate", None, vmTemplate=f"{before}{IMAGE.upper()}{after}"
    )
    assert changed is not None
    words = changed.removeprefix(f"{UPDATE_POOL} ")
    assert words.replace("''", "") == f"""'{before}'"$VERSION_ID"'{after}'""".replace("''", "")


def test_a_template_in_which_the_image_is_escaped_is_left_to_its_owner() -> None:
    """To put the version in the place of the whole template would break the pool."""
    escaped = f'{{"id":"{IMAGE}"}}'.replace("/", "\\/")
    assert command(kinds.HOST_POOL, POOL, "vmTemplate", vmTemplate=escaped) == (
        f"""{UPDATE_POOL} ''"$VM_TEMPLATE"''"""
    )


def test_a_host_pools_other_property_is_no_template() -> None:
    """It is set as that of any other resource."""
    assert command(kinds.HOST_POOL, POOL, "friendlyName", friendlyName=IMAGE) == (
        f"az resource update --ids {POOL} --set properties.friendlyName={VERSION}"
    )


def test_a_lab_gets_the_gallery() -> None:
    """That of the version; without one its owner names it."""
    attach = f"az resource create --id {LAB}/sharedgalleries/migrated --properties"
    gallery = f'"galleryId": "{COMPUTE}/galleries/g"'
    assert command(kinds.LAB_IMAGE, LAB_IMAGE) == (
        f'{attach} \'{{{gallery}, "allowAllImages": "Enabled"}}\''
    )
    unknown = """'{"galleryId": "'"$GALLERY_ID"'", "allowAllImages": "Enabled"}'"""
    assert command(kinds.LAB_IMAGE, LAB_IMAGE, version=None) == f"{attach} {unknown}"


@pytest.mark.parametrize("kind", [kinds.FLEET, "new.service/things"])
def test_whatever_else_gets_the_version_where_it_names_the_image(kind: str) -> None:
    """Also a kind that nobody here knows."""
    user = f"{GROUP}/providers/New.Service/things/t"
    made = command(kind, user, "a.images[1].id")
    assert made == f"az resource update --ids {user} --set 'properties.a.images[1].id={VERSION}'"
