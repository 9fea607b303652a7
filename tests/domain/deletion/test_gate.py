"""The gate: every check alone shuts it, and what is unknown shuts it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.approval.decisions import Decision
from domain.deletion.gate import GateQuestion, GateReadings, check_gate, refusals
from domain.migration.fingerprint import Fingerprint, fingerprint_of
from domain.migration.polling import RegionStatus, VersionReading
from tests.builders import (
    IMAGE_ID,
    MIGRATION_ID,
    NOW,
    a_decision,
    a_version,
    an_image,
)

FINGERPRINT = fingerprint_of(an_image())
REGIONS = ("eastus2", "westeurope")


def replication(state: str = "Succeeded", east: str = "Completed", **more: str) -> VersionReading:
    states = {"eastus2": east, "westeurope": "Completed", **more}
    regions = tuple(RegionStatus(name=name, state=of) for name, of in states.items() if of)
    return VersionReading(provisioning_state=state, regions=regions)


def readings(**changes: Any) -> GateReadings:
    values = {
        "image_id": IMAGE_ID,
        "fingerprint_now": FINGERPRINT,
        "version": a_version(),
        "replication": replication(),
        "decision": a_decision(),
    }
    return GateReadings(**{**values, **changes})


def question(**changes: Any) -> GateQuestion:
    values = {
        "migration_id": MIGRATION_ID,
        "approved_fingerprint": FINGERPRINT.value,
        "regions": REGIONS,
        "deadline": NOW + timedelta(days=3),
    }
    return GateQuestion(**{**values, **changes})


INCOMPLETE = fingerprint_of(an_image(created=None))
ANOTHER = fingerprint_of(an_image(created="2026-01-01T00:00:00Z"))
SHUT: dict[str, tuple[GateReadings, GateQuestion, str]] = {
    "the version is updating": (
        readings(replication=replication("Updating")),
        question(),
        "version succeeded",
    ),
    "the version's state is unknown": (
        readings(replication=replication("Unknown")),
        question(),
        "version succeeded",
    ),
    "a region replicates": (
        readings(replication=replication(east="Replicating")),
        question(),
        "replicated to every region",
    ),
    "a region is not reported": (
        readings(replication=replication(east="")),
        question(),
        "replicated to every region",
    ),
    "a region that was not asked for this time replicates": (
        readings(replication=replication(east="Replicating")),
        question(regions=("westeurope",)),
        "replicated to every region",
    ),
    "no region was asked for": (
        readings(),
        question(regions=()),
        "replicated to every region",
    ),
    "the version is shallow": (
        readings(version=a_version(mode="Shallow")),
        question(),
        "full replication",
    ),
    "the version has another source": (
        readings(version=a_version(source="/other")),
        question(),
        "version made from this image",
    ),
    "the version tells no source": (
        readings(version=a_version(source=None)),
        question(),
        "version made from this image",
    ),
    "the version has no tag of ours": (
        readings(version=a_version(tag=None)),
        question(),
        "version carries the approved fingerprint",
    ),
    "the version has another tag": (
        readings(version=a_version(tag="v1-a-b")),
        question(),
        "version carries the approved fingerprint",
    ),
    "the image was made anew": (
        readings(fingerprint_now=ANOTHER),
        question(),
        "image unchanged since the approval",
    ),
    "the image's creation time is unknown now": (
        readings(fingerprint_now=INCOMPLETE),
        question(),
        "image unchanged since the approval",
    ),
    "nobody decided": (readings(decision=None), question(), "deletion approved"),
    "it was rejected": (
        readings(decision=a_decision(decision=Decision.REJECT)),
        question(),
        "deletion approved",
    ),
    "the approval is another migration's": (
        readings(decision=a_decision(migration_id="x-1")),
        question(),
        "deletion approved",
    ),
    "the approval is for another fingerprint": (
        readings(decision=a_decision(fingerprint=ANOTHER.value)),
        question(),
        "deletion approved",
    ),
    "the approval came after the deadline": (
        readings(),
        question(deadline=NOW - timedelta(seconds=1)),
        "deletion approved",
    ),
}


def test_the_gate_is_open_when_everything_holds() -> None:
    """Seven checks, all passed, each with what was found."""
    checks = check_gate(readings(), question())
    assert refusals(checks) == []
    assert len(checks) == 7
    assert all(check.found for check in checks)


@pytest.mark.parametrize(("found", "asked", "check"), SHUT.values(), ids=SHUT)
def test_each_check_alone_shuts_the_gate(
    found: GateReadings, asked: GateQuestion, check: str
) -> None:
    """The refusal names this check and no other."""
    failed = [c.name for c in check_gate(found, asked) if not c.passed]
    assert failed == [check]
    assert len(refusals(check_gate(found, asked))) == 1


def test_an_incomplete_fingerprint_never_opens_the_gate() -> None:
    """Not even when everything agrees on it: an image re-created from the same disks could not be told apart."""
    value = INCOMPLETE.value
    found = readings(
        fingerprint_now=INCOMPLETE,
        version=a_version(tag=value),
        decision=a_decision(fingerprint=value),
    )
    failed = [
        c.name for c in check_gate(found, question(approved_fingerprint=value)) if not c.passed
    ]
    assert failed == ["image unchanged since the approval"]


@pytest.mark.parametrize("fingerprint", [FINGERPRINT, INCOMPLETE], ids=["known", "unknown"])
def test_an_unknown_creation_time_is_told(fingerprint: Fingerprint) -> None:
    """Else a refusal would show two fingerprints that look alike."""
    checks = {
        check.name: check for check in check_gate(readings(fingerprint_now=fingerprint), question())
    }
    found = checks["image unchanged since the approval"].found
    assert found.startswith(fingerprint.value)
    assert ("creation time unknown" in found) is not fingerprint.complete
