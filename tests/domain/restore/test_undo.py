"""The way back is open for security types that images can have, from a replica beside the image."""

from __future__ import annotations

import pytest

from domain.migration.requests import SecurityType
from domain.restore.undo import undo_problems

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
