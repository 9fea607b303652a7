"""The az CLI drives the ARM emulator with its own commands and prints what it would of Azure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from packages.localcloud.tests.clients.az import AzCli
from packages.localcloud.tests.clients.keeping import keeps_to_the_specification
from packages.localcloud.tests.clients.served import GROUP, REGION, served
from packages.localcloud.tests.clients.session import Session

pytestmark = [pytest.mark.clients, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Registers the cloud from the emulator's metadata and logs in with its managed identity."""
    with served(tmp_path_factory.mktemp("cloud")) as local:
        az = AzCli(local, tmp_path_factory.mktemp("azure"))
        az("cloud register -n Local --endpoint-resource-manager", local.cloud.url)
        az("cloud set -n Local")
        az("login --identity")
        az("group create", "-n", GROUP, "-l", REGION)
        yield Session(local.cloud, local.passing, local.seen, az)


@pytest.fixture(autouse=True)
def time_passes(session: Session) -> None:
    """Every test begins with time passing freely."""
    session.passing.freely = True


def test_cloud_and_account_are_the_emulators(session: Session) -> None:
    """The registered cloud names the emulator, the account its subscriptions and tenant."""
    cloud = session.az("cloud show")
    assert (cloud["name"], cloud["isActive"]) == ("Local", True)
    assert cloud["endpoints"]["resourceManager"].rstrip("/") == session.cloud.url.rstrip("/")
    accounts = session.az("account list")
    assert [account["id"] for account in accounts] == session.cloud.subscription_ids
    assert {account["tenantId"] for account in accounts} == {session.cloud.tenant_id}
    assert {account["state"] for account in accounts} == {"Enabled"}
    assert accounts[0]["user"]["name"] == "systemAssignedIdentity"


def test_gallery(session: Session) -> None:
    """`az sig create`, `show`, `list`, `delete`: the gallery is there, then gone."""
    options = ["-g", GROUP, "-r", "first"]
    made = session.az("sig create", *options, "--description", "a gallery", "--tags", "a=b")
    assert made["provisioningState"] == "Succeeded"
    assert (made["location"], made["tags"]) == (REGION, {"a": "b"})
    assert made["identifier"]["uniqueName"] == f"{session.cloud.subscription_ids[0]}-FIRST"
    assert session.az("sig show", *options)["description"] == "a gallery"
    for scope in (["-g", GROUP], []):
        assert "first" in [gallery["name"] for gallery in session.az("sig list", *scope)]
    session.az("sig delete", *options)
    assert "ResourceNotFound" in session.az.failing("sig show", *options)


def test_definition(session: Session) -> None:
    """`az sig image-definition create`, `show`, `list` print the defaults that Azure fills in."""
    options = session.definition("defined")
    shown = session.az("sig image-definition show", *options)
    assert shown["type"] == "Microsoft.Compute/galleries/images"
    assert shown["identifier"] == {"publisher": "contoso", "offer": "defined", "sku": "2019"}
    assert (shown["osType"], shown["osState"]) == ("Linux", "Generalized")
    assert (shown["hyperVGeneration"], shown["architecture"]) == ("V2", "x64")
    assert shown["features"] == [{"name": "SecurityType", "value": "TrustedLaunchSupported"}]
    listed = session.az("sig image-definition list", *options[:4])
    assert [definition["name"] for definition in listed] == ["defined"]
    refused = session.az.failing("sig delete", *options[:4])
    assert "CannotDeleteResource" in refused


def test_version_waited_for(session: Session) -> None:
    """`az sig image-version create` ends when the version is replicated; `show`, `list` agree."""
    image = session.image("waited")
    options = session.definition("waited")
    regions = ["--target-regions", "eastus2", "westcentralus=2=standard_zrs"]
    made = session.version(options, "--managed-image", image, *regions)
    assert made["provisioningState"] == "Succeeded"
    assert made["storageProfile"]["source"]["id"] == image
    assert made["storageProfile"]["osDiskImage"]["sizeInGB"] == 30
    assert [disk["lun"] for disk in made["storageProfile"]["dataDiskImages"]] == [0]
    targets = [
        (region["name"], region["regionalReplicaCount"], region["storageAccountType"])
        for region in made["publishingProfile"]["targetRegions"]
    ]
    assert targets == [("East US 2", 1, "Standard_LRS"), ("West Central US", 2, "Standard_ZRS")]
    status = session.az("sig image-version show -e 1.0.0 --expand ReplicationStatus", *options)[
        "replicationStatus"
    ]
    assert status["aggregatedState"] == "Completed"
    assert [(region["region"], region["progress"]) for region in status["summary"]] == [
        ("eastus2", 100),
        ("westcentralus", 100),
    ]
    listed = session.az("sig image-version list", *options)
    assert [version["name"] for version in listed] == ["1.0.0"]


def test_version_not_waited_for(session: Session) -> None:
    """With `--no-wait` the version is being made and replicates; `wait --created` sees the end."""
    image = session.image("unwaited")
    options = session.definition("unwaited")
    session.passing.freely = False
    assert session.version(options, "--managed-image", image, "--no-wait") is None
    session.passing.time.advance(minutes=2)
    show = ["sig image-version show -e 1.0.0 --expand ReplicationStatus", *options]
    running = session.az(*show)
    assert running["provisioningState"] == "Creating"
    assert running["replicationStatus"]["aggregatedState"] == "InProgress"
    session.passing.freely = True
    wait = "sig image-version wait -e 1.0.0 --created --interval 1 --timeout 60"
    session.az(wait, *options)
    ended = session.az(*show)
    assert ended["provisioningState"] == "Succeeded"
    assert ended["replicationStatus"]["aggregatedState"] == "Completed"


def test_version_updated(session: Session) -> None:
    """`az sig image-version update` adds a region and hides the version from `latest`."""
    options = session.definition("updated")
    session.version(options, "--managed-image", session.image("updated"))
    update = ["sig image-version update -e 1.0.0", *options]
    grown = session.az(*update, "--target-regions", "eastus2", "westus=2")
    regions = [region["name"] for region in grown["publishingProfile"]["targetRegions"]]
    assert (grown["provisioningState"], regions) == ("Succeeded", ["East US 2", "West US"])
    hidden = session.az(*update, "--set", "publishingProfile.excludeFromLatest=true")
    assert hidden["publishingProfile"]["excludeFromLatest"] is True
    assert (
        hidden["publishingProfile"]["publishedDate"]
        == (grown["publishingProfile"]["publishedDate"])
    )


def test_version_deleted(session: Session) -> None:
    """`az sig image-version delete` ends when the version is gone, and a second one is no error."""
    options = [*session.definition("deleted"), "-e", "1.0.0"]
    session.version(options[:-2], "--managed-image", session.image("deleted"))
    for _ in range(2):
        session.az("sig image-version delete", *options)
    session.az("sig image-version wait --deleted --timeout 60", *options)
    shown = session.az.failing("sig image-version show", *options)
    assert "(ResourceNotFound) The Resource 'Microsoft.Compute/galleries/deleted/images" in shown


def test_failed_version(session: Session) -> None:
    """A generation that differs is accepted first; the operation ends with ARM's text."""
    options = session.definition("mismatch")
    image = session.image("first-generation", generation="V1")
    create = ["sig image-version create -e 1.0.0 --managed-image", image, *options]
    message = session.az.failing(*create)
    assert "(Conflict)" in message
    assert "has a different Hypervisor generation ['V1'] than the parent gallery" in message
    shown = session.az("sig image-version show -e 1.0.0", *options)
    assert shown["provisioningState"] == "Failed"


def test_images(session: Session) -> None:
    """`az image list`, `show`, `delete`: the image is listed and shown, then gone."""
    image = session.image("plain")
    listed = session.az("image list -g", GROUP)
    assert image.lower() in [entry["id"].lower() for entry in listed]
    everywhere = session.az("image list --query", "[?name=='plain'].name")
    assert everywhere == ["plain"]
    shown = session.az("image show --ids", image)
    assert shown["storageProfile"]["osDisk"]["osState"] == "Generalized"
    assert shown["provisioningState"] == "Succeeded"
    session.az("image delete -n plain -g", GROUP)
    assert "ResourceNotFound" in session.az.failing("image show --ids", image)


def test_the_same_again_changes_nothing(session: Session) -> None:
    """Every `create` with the same options leaves what is there as it is."""
    name = ["-g", GROUP, "-n", "again"]
    source = ["--source", "https://contoso.blob.core.windows.net/vhds/os.vhd"]
    seen = []
    for _ in range(2):
        session.az("image create --os-type Linux --hyper-v-generation V2", *name, *source)
        options = session.definition("again")
        session.version(options, "--managed-image", "again")
        commands = ("sig show", "sig image-definition show", "sig image-version show -e 1.0.0")
        paths = (options[:4], options, options)
        shown = [session.az(show, *path) for show, path in zip(commands, paths, strict=True)]
        seen.append([session.az("image show", *name), *shown])
    assert seen[0] == seen[1]


def test_a_token_of_the_cli_opens_the_api(session: Session) -> None:
    """`az rest` reads a resource with the token that `az account get-access-token` prints."""
    token = session.az("account get-access-token")
    assert token["tenant"] == session.cloud.tenant_id
    assert token["tokenType"] == "Bearer"
    url = f"{session.cloud.url.rstrip('/')}/subscriptions?api-version=2022-12-01"
    printed = session.az.run("rest --url", url)
    subscriptions = json.loads(printed.stdout)["value"]
    ids = [subscription["subscriptionId"] for subscription in subscriptions]
    assert ids == session.cloud.subscription_ids


def test_soft_deleted_version(session: Session) -> None:
    """`list-soft-deleted` names a version deleted in such a gallery, `undelete` brings it back."""
    options = session.definition("soft", "--soft-delete", "true")
    version = [*options, "-e", "1.0.0"]
    session.version(options, "--managed-image", session.image("soft"))
    session.az("sig image-version delete", *version)
    kept = session.az("sig image-version list-soft-deleted", *options)
    assert [entry["name"] for entry in kept] == ["1.0.0"]
    assert kept[0]["resourceArmId"].endswith("/galleries/soft/images/soft/versions/1.0.0")
    session.az("sig image-version undelete", *version)
    assert session.az("sig image-version show", *version)["provisioningState"] == "Succeeded"


def test_lock(session: Session) -> None:
    """`az lock create` keeps an image from being deleted until `az lock delete`."""
    session.image("locked")
    image = ["-g", GROUP, "-n", "locked"]
    on = ["-g", GROUP, "--resource", "locked", "--resource-type", "Microsoft.Compute/images"]
    session.az("lock create -n keep -t CanNotDelete", *on)
    assert [lock["name"] for lock in session.az("lock list", "-g", GROUP)] == ["keep"]
    assert "(ScopeLocked)" in session.az.failing("image delete", *image)
    session.az("lock delete -n keep", *on)
    session.az("image delete", *image)


def test_machine_from_a_version(session: Session) -> None:
    """`az vm create --image <version id>` works where the version is replicated, only there."""
    options = session.definition("booted")
    version = session.version(options, "--managed-image", session.image("booted"))["id"]
    machine = ["--image", version, "-g", GROUP, "--generate-ssh-keys", "--nsg-rule", "NONE"]
    made = session.az("vm create -n here", *machine, "-l", REGION)
    assert (made["location"], made["powerState"]) == (REGION, "VM running")
    refused = session.az.failing("vm create -n there", *machine, "-l", "westus2")
    assert "GalleryImageNotFound" in refused


def test_traffic_keeps_to_the_specification(session: Session, tmp_path: Path) -> None:
    """Of all the answers above none breaks the swagger or a recorded rule."""
    version = session.az("version")["azure-cli"]
    keeps_to_the_specification(f"az CLI {version}", session.seen, tmp_path)
