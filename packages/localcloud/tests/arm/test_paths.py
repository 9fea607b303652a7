"""ARM paths: what they mean, in whatever casing they come."""

from __future__ import annotations

import pytest

from localcloud.arm.protocol.paths import parse
from packages.localcloud.tests.arm.driving import DEFINITION, Driver, definition

SUB = "/subscriptions/s"
COMPUTE = f"{SUB}/resourceGroups/RG/providers/Microsoft.Compute"


@pytest.mark.parametrize(
    ("path", "kind", "names"),
    [
        (SUB, "", ("s",)),
        (f"{SUB}/resourcegroups", "resourcegroups", ()),
        (f"{SUB}/resourcegroups/RG", "resourcegroups", ("RG",)),
        (f"{SUB}/resources", "resources", ()),
        (f"/{SUB}//locations/", "locations", ()),
        (f"{COMPUTE}/images", "microsoft.compute/images", ()),
        (f"{COMPUTE}/IMAGES/Web", "microsoft.compute/images", ("Web",)),
        (f"{COMPUTE}/galleries/g/images/d", "microsoft.compute/galleries/images", ("g", "d")),
        (f"{COMPUTE}/galleries/g/share", "microsoft.compute/galleries/share", ("g",)),
        (f"{COMPUTE}/images/images", "microsoft.compute/images", ("images",)),
        (f"{SUB}/providers/Microsoft.Compute/images", "microsoft.compute/images", ()),
        (
            f"{COMPUTE}/images/w/providers/Microsoft.Authorization/locks/l",
            "microsoft.authorization/locks",
            ("l",),
        ),
    ],
)
def test_kinds_and_names(path: str, kind: str, names: tuple[str, ...]) -> None:
    """Keywords without case, names as they are, doubled slashes forgiven."""
    target = parse(path)
    assert target is not None
    assert (target.kind, target.names) == (kind, names)


@pytest.mark.parametrize("name", ["web", "providers", "images", "a b", "Microsoft.Compute"])
@pytest.mark.parametrize(
    "collection", ["", "/images", "/galleries/g/images", "/images/w/providers/x/y"]
)
def test_a_slash_at_the_end_changes_nothing(collection: str, name: str) -> None:
    """A path means the same with a slash at its end as without one."""
    path = f"{COMPUTE}{collection}/{name}"
    assert parse(path) == parse(f"{path}/")


@pytest.mark.parametrize("path", ["/", "/tenants", "/subscriptions", "/providers/x/y"])
def test_what_is_no_path_below_a_subscription(path: str) -> None:
    """Such paths have no target."""
    assert parse(path) is None


def test_ids_are_found_without_case(arm: Driver) -> None:
    """Keywords come back as Azure spells them, names as the request spelled them."""
    arm.gallery()
    shouted = arm.call("GET", arm.id(DEFINITION).upper()).json()["id"]
    assert shouted.endswith("/resourceGroups/RG/providers/Microsoft.Compute/galleries/G/images/D")
    assert arm.call("PUT", DEFINITION.upper(), definition()).status_code == 200


def test_an_extension_knows_what_it_extends() -> None:
    """The scope of a lock is the id before its own provider."""
    target = parse(f"{COMPUTE}/images/w/providers/Microsoft.Authorization/locks/l")
    assert target is not None
    assert target.scope == f"{COMPUTE}/images/w"
