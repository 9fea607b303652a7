"""The way back is open for security types that images can have, from a replica beside the image."""

from __future__ import annotations

import pytest

from domain.migration.requests import SecurityType
from domain.restore.undo import undo_check, undo_problems, undo_warnings

CLOSED = {SecurityType.TRUSTED_LAUNCH, SecurityType.CONFIDENTIAL_VM}


@pytest.mark.parametrize("security", SecurityType)
def test_disks_of_some_security_types_make_no_image(security: SecurityType) -> None:
    """Those that every machine of the version must have."""
    found = list(undo_problems(security.value, "eastus2", {"eastus2", "westus"}))
    assert len(found) == (security in CLOSED)
    assert all(security.value in text for text in found)


def test_a_replica_must_be_in_the_images_region() -> None:
    """Anywhere else disks could not become its image."""
    (found,) = undo_problems("Standard", "eastus2", {"westus"})
    assert found == (
        "it has no complete replica in eastus2, the image's region; add that region to it"
    )


@pytest.mark.parametrize(("required", "kept"), [(True, True), (False, False)])
def test_settings_say_if_such_an_image_may_go(*, required: bool, kept: bool) -> None:
    """The check tells the reason either way, and the plan warns of it."""
    check = undo_check("TrustedLaunch", "eastus2", {"eastus2"}, required=required)
    assert (check.name, check.passed) == ("undo possible", not kept)
    assert ("UNDO_REQUIRED is false" in check.found) is not kept
    (warning,) = undo_warnings("TrustedLaunch", "eastus2", {"eastus2"}, required=required)
    assert warning.startswith("The deletion could not be taken back from the version: its security")
    assert ("so the image will be kept" in warning) is kept


@pytest.mark.parametrize("required", [True, False])
def test_a_way_back_is_told(*, required: bool) -> None:
    """Nothing is warned of then."""
    check = undo_check("Standard", "eastus2", {"eastus2"}, required=required)
    assert (check.passed, check.found) == (True, "from the version in eastus2")
    assert list(undo_warnings("Standard", "eastus2", {"eastus2"}, required=required)) == []
