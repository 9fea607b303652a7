"""Changes of the world and of the deployment, each of which breaks one condition, and what mends those that are not one
image's alone."""

from __future__ import annotations

from collections.abc import Callable

from demo.identities import DELETER, PUBLISHER
from packages.localcloud.tests.arm.sdk import scale_set, storage
from tests.proof.conditions import Condition
from tests.proof.driving import Driver
from tests.proof.people import ADMIN, APPROVERS, READ
from tests.proof.people import settings as people_settings
from tests.proof.world import Asked
from tests.scenarios import bodies
from tests.scenarios.bodies import Json
from tests.scenarios.client import GALLERY_API, LOCKS_API

TEMPLATE_API = "2024-02-01"
# Earlier than any version, and not that of the image before.
ANOTHER_TIME = "2024-05-05T05:05:05.1234567Z"


def image_id(driver: Driver, asked: Asked) -> str:
    """The id of a migration's image."""
    return bodies.image_id(driver.client.subscription, asked.name)


def made_anew(driver: Driver, asked: Asked) -> None:
    """Another image under its name, of the same content, and older than the version."""
    driver.client.delete_image(asked.name)
    driver.client.add_image(asked.name, created=ANOTHER_TIME)


def made_anew_now(driver: Driver, asked: Asked) -> None:
    """Another image under its name, larger, made after the version."""
    driver.client.delete_image(asked.name)
    driver.client.add_image(asked.name, created=None, size=64)


def locked(driver: Driver, asked: Asked) -> None:
    """A lock on the image."""
    _lock(driver, image_id(driver, asked))


def locked_group(driver: Driver, _asked: Asked) -> None:
    """A lock on the image's group, and so on every image."""
    _lock(driver, bodies.group_id(driver.client.subscription, bodies.IMAGE_GROUP))


def _lock(driver: Driver, scope: str) -> None:
    lock = f"{scope}/providers/Microsoft.Authorization/locks/keep"
    driver.client.arm("PUT", lock, {"properties": {"level": "CanNotDelete"}}, LOCKS_API)


def vetoed(driver: Driver, asked: Asked) -> None:
    """Its owners tag it."""
    driver.client.arm("PATCH", image_id(driver, asked), {"tags": {"DONOTDELETE": ""}})


def scale_set_made(driver: Driver, asked: Asked) -> None:
    """A scale set whose model is made from the image."""
    image = image_id(driver, asked)
    _made(driver, asked, "Compute/virtualMachineScaleSets", scale_set(image, 0))


def template_made(driver: Driver, asked: Asked) -> None:
    """An Image Builder template that reads the image."""
    source = {"type": "ManagedImage", "imageId": image_id(driver, asked)}
    body: Json = {"location": bodies.HERE, "properties": {"source": source, "distribute": []}}
    _made(driver, asked, "VirtualMachineImages/imageTemplates", body, TEMPLATE_API)


def ephemeral_machine_made(driver: Driver, asked: Asked) -> None:
    """A machine whose disk is made from the image again whenever it moves."""
    disk = storage(image_id(driver, asked), diffDiskSettings={"option": "Local"})
    body = {"location": bodies.HERE, "properties": {"storageProfile": disk}}
    _made(driver, asked, "Compute/virtualMachines", body)


def _made(driver: Driver, asked: Asked, kind: str, body: Json, api: str = "2024-07-01") -> None:
    group = image_id(driver, asked).partition("/providers/")[0]
    resource = f"{group}/providers/Microsoft.{kind}/of-{asked.name}"
    driver.client.arm("PUT", resource, body, api)
    driver.client.advance("PT1M")


def shallow_made(driver: Driver, asked: Asked) -> None:
    """A version of the definition that hangs on the image."""
    version = _version(driver, asked)
    profile = {"targetRegions": [{"name": bodies.HERE}], "replicationMode": "Shallow"}
    source = {"source": {"id": image_id(driver, asked)}}
    body: Json = {"location": bodies.HERE}
    body["properties"] = {
        "publishingProfile": profile | {"excludeFromLatest": True},
        "storageProfile": source,
    }
    driver.client.arm("PUT", version["id"].replace("1.0.0", "0.9.0"), body, GALLERY_API)
    driver.client.advance("PT20M")


def version_deleted(driver: Driver, asked: Asked) -> None:
    """The copy goes."""
    driver.client.arm("DELETE", _version(driver, asked)["id"], api=GALLERY_API)
    driver.client.advance("PT20M")


def region_failed(driver: Driver, asked: Asked) -> None:
    """The version gets one more region, and does not come up there."""
    version = _version(driver, asked)
    path = f"/images/{asked.name}/versions/"
    region = {"what": "replication", "outcome": "fail", "region": "northeurope", "path": path}
    driver.client.faults(region)
    profile = version["properties"]["publishingProfile"]
    regions = [*profile["targetRegions"], {"name": "North Europe", "regionalReplicaCount": 1}]
    inner = {"publishingProfile": {**profile, "targetRegions": regions}, "storageProfile": {}}
    body = {"location": version["location"], "tags": version["tags"], "properties": inner}
    driver.client.arm("PUT", version["id"], body, GALLERY_API)
    driver.client.advance("PT30M")


def _version(driver: Driver, asked: Asked) -> Json:
    version = driver.client.version(asked.name)
    assert version is not None, f"{asked.name} has no version"
    return version


def users_hidden(driver: Driver, _asked: Asked) -> None:
    """Nobody may read a kind of users any more."""
    driver.client.faults({"what": "status", "status": 403, "path": "/labs", "client": PUBLISHER})
    driver.known.spoilt.add(Condition.USERS_KNOWN)


def clock_wrong(driver: Driver, _asked: Asked) -> None:
    """Azure tells another time."""
    driver.client.faults({"what": "date", "seconds": 600, "client": f"{PUBLISHER}|{DELETER}"})
    driver.known.spoilt.add(Condition.CLOCK)


def stopped(driver: Driver, _asked: Asked) -> None:
    """An administrator stops all."""
    _stop(driver, on=True)
    driver.known.spoilt.add(Condition.NOT_STOPPED)


def _stop(driver: Driver, *, on: bool) -> None:
    headers = driver.client.token("alan", READ, ADMIN)
    body = {"stopped": on, "reason": "the proof"}
    answer = driver.client.call("POST", "/api/emergency-stop", body, headers=headers)
    assert answer.status == 200, answer


def disabled(driver: Driver, _asked: Asked) -> None:
    """The deployment is told to delete nothing."""
    driver.known.spoilt.add(Condition.ENABLED)
    driver.restart(DELETION_ENABLED="false")


def not_permitted(driver: Driver, _asked: Asked) -> None:
    """The identity that deletes is taken from the settings."""
    driver.known.spoilt.add(Condition.PERMITTED)
    driver.restart(DELETER_CLIENT_ID="")


def protection_wanted(driver: Driver, _asked: Asked) -> None:
    """The deployment wants a lock on each version from now on; none has one."""
    driver.known.spoilt.add(Condition.PROTECTED)
    driver.restart(VERSION_PROTECTION="lock")


def unlisted(driver: Driver, asked: Asked) -> None:
    """Those who have approved may not any more."""
    gone = {vote.who for vote in asked.votes}
    driver.known.listed = tuple(who for who in APPROVERS if who not in gone)
    driver.restart(APPROVERS=people_settings(driver.known.listed)["APPROVERS"])


def mended(driver: Driver) -> None:
    """Put back what holds for all images."""
    stopped_now = Condition.NOT_STOPPED in driver.known.spoilt
    # Before it is put back: the app may go on at once.
    driver.known.spoilt.clear()
    driver.known.listed = APPROVERS
    group = bodies.group_id(driver.client.subscription, bodies.IMAGE_GROUP)
    lock = f"{group}/providers/Microsoft.Authorization/locks/keep"
    driver.client.arm("DELETE", lock, api=LOCKS_API)
    driver.client.no_faults()
    if driver.different:
        driver.restart()
    if stopped_now:
        _stop(driver, on=False)


Change = Callable[[Driver, Asked], None]
# Of one image.
OWN: dict[Condition, Change] = {
    Condition.SAME_IMAGE: made_anew,
    Condition.NOT_LOCKED: locked,
    Condition.NO_VETO: vetoed,
    Condition.NO_SCALE_SET: scale_set_made,
    Condition.NO_TEMPLATE: template_made,
    Condition.NO_EPHEMERAL: ephemeral_machine_made,
    Condition.NO_SHALLOW: shallow_made,
    Condition.VERSION_THERE: version_deleted,
    Condition.VERSION_COMPLETE: region_failed,
}
# Of all: they last until `mended`.
COMMON: dict[Condition, Change] = {
    Condition.NOT_STOPPED: stopped,
    Condition.CLOCK: clock_wrong,
    Condition.USERS_KNOWN: users_hidden,
    Condition.ENABLED: disabled,
    Condition.PERMITTED: not_permitted,
    Condition.PROTECTED: protection_wanted,
    Condition.STILL_LISTED: unlisted,
}
