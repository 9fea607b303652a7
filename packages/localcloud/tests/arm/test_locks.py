"""Management locks: at every scope, inherited, listed, and what they stop."""

from __future__ import annotations

from typing import Any

import pytest

from packages.localcloud.tests.arm.driving import DEFINITION, VERSION, Driver, error
from packages.localcloud.tests.arm.sdk import scale_set

API = "2020-05-01"


def path(scope: str, name: str = "keep") -> str:
    """The path of a lock."""
    return f"{scope}/providers/Microsoft.Authorization/locks/{name}"


def lock(arm: Driver, scope: str, level: str = "CanNotDelete", name: str = "keep") -> Any:
    """Lock a scope."""
    body = {"properties": {"level": level, "notes": "n"}}
    answer = arm.call("PUT", path(scope, name), body, api=API)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def listed(arm: Driver, scope: str, **query: str) -> list[str]:
    """The names of the locks that are listed at a scope."""
    where = f"{scope}/providers/Microsoft.Authorization/locks"
    return [one["name"] for one in arm.call("GET", where, api=API, query=query).json()["value"]]


def scopes(arm: Driver) -> dict[str, str]:
    """A scope of each kind, the image's last."""
    image = arm.image()
    return {"subscription": arm.group.rsplit("/", 2)[0], "group": arm.group, "image": image}


@pytest.mark.parametrize("place", ["subscription", "group", "image"])
@pytest.mark.parametrize("level", ["CanNotDelete", "ReadOnly"])
def test_no_locked_image_is_deleted(arm: Driver, place: str, level: str) -> None:
    """409 ScopeLocked with the locks that stand in the way; afterwards it goes."""
    scope = scopes(arm)[place]
    made = lock(arm, scope, level)
    assert made["properties"] == {"level": level, "notes": "n"}
    assert (made["id"], made["type"]) == (path(scope), "Microsoft.Authorization/locks")
    refused = arm.call("DELETE", "images/web")
    assert error(refused) == (409, "ScopeLocked")
    image = arm.id("images/web")
    assert refused.json()["error"]["message"] == (
        f"The scope '{image}' cannot perform delete operation because following scope(s) are "
        f"locked: '{scope}'. Please remove the lock and try again."
    )
    assert arm.call("DELETE", path(scope), api=API).status_code == 200
    assert arm.call("DELETE", path(scope), api=API).status_code == 204
    assert arm.call("DELETE", "images/web").status_code == 202


@pytest.mark.parametrize("place", ["subscription", "group", "image"])
def test_read_only_stops_writes_too(arm: Driver, place: str) -> None:
    """PUT and PATCH are refused, reads are not; CanNotDelete stops neither."""
    scope = scopes(arm)[place]
    change = {"tags": {"x": "y"}}
    lock(arm, scope)
    assert arm.call("PATCH", "images/web", change).status_code == 200
    lock(arm, scope, "ReadOnly")
    assert error(arm.call("PATCH", "images/web", change)) == (409, "ScopeLocked")
    assert arm.call("GET", "images/web").status_code == 200


@pytest.mark.parametrize("place", ["galleries/g", DEFINITION, VERSION])
def test_a_version_is_kept_by_a_lock_on_it_or_above(arm: Driver, place: str) -> None:
    """On the version, its definition or its gallery."""
    arm.gallery()
    arm.image()
    arm.version()
    arm.pass_time(hours=1)
    lock(arm, arm.id(place))
    assert error(arm.call("DELETE", VERSION)) == (409, "ScopeLocked")
    names = listed(arm, arm.id(VERSION))
    assert names == ["keep"]
    arm.call("DELETE", path(arm.id(place)), api=API)
    assert arm.call("DELETE", VERSION).status_code == 202


def test_read_only_stops_actions_and_groups(arm: Driver) -> None:
    """A POST changes something; so does a new group in a locked subscription, or a tag of a locked one."""
    found = scopes(arm)
    arm.put("virtualMachineScaleSets/set", scale_set(found["image"], 1))
    arm.put("virtualMachines/vm", {"location": "eastus2", "properties": {}})
    arm.pass_time(minutes=5)
    lock(arm, found["subscription"], "ReadOnly")
    for action in ("virtualMachines/vm/deallocate", "virtualMachineScaleSets/set/manualupgrade"):
        assert error(arm.call("POST", action, {"instanceIds": ["*"]})) == (409, "ScopeLocked")
    new = f"{found['subscription']}/resourceGroups/new"
    assert error(arm.call("PUT", new, {"location": "eastus2"}))[1] == "ScopeLocked"
    assert error(arm.call("PATCH", found["group"], {"tags": {}}))[1] == "ScopeLocked"
    arm.call("DELETE", path(found["subscription"]), api=API)
    assert arm.call("POST", "virtualMachines/vm/deallocate").status_code == 202


def test_a_list_has_what_is_inherited_and_what_lies_below(arm: Driver) -> None:
    """At, above and below the scope; with `atScope()` nothing below; never a sibling's."""
    found = scopes(arm)
    sibling = arm.image("web2")
    for place, scope in found.items():
        lock(arm, scope, name=place)
    lock(arm, sibling, name="sibling")
    everything = ["subscription", "group", "image", "sibling"]
    assert listed(arm, found["subscription"]) == everything
    assert listed(arm, found["group"]) == everything
    assert listed(arm, found["image"]) == everything[:3]
    assert listed(arm, sibling) == ["subscription", "group", "sibling"]
    narrow = {"$filter": "atScope()"}
    assert listed(arm, found["subscription"], **narrow) == ["subscription"]
    assert listed(arm, found["group"], **narrow) == ["subscription", "group"]
    assert listed(arm, found["image"], **narrow) == everything[:3]
    assert (
        listed(arm, found["image"].upper().replace("/PROVIDERS/", "/providers/")) == everything[:3]
    )


def test_a_lock_needs_a_level_and_something_to_lock(arm: Driver) -> None:
    """400 for another level, 404 for a resource that does not exist."""
    image = arm.image()
    body = {"properties": {"level": "Forever"}}
    assert arm.call("PUT", path(image), body, api=API).status_code == 400
    good = {"properties": {"level": "ReadOnly"}}
    nowhere = arm.call("PUT", path(arm.id("images/none")), good, api=API)
    assert error(nowhere) == (404, "ResourceNotFound")
    assert "'Microsoft.Compute/images/none'" in nowhere.json()["error"]["message"]
    assert error(arm.call("GET", path(image), api=API)) == (404, "ResourceNotFound")
