"""A boot test, its states and its results, for tests of what becomes of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.boot_test.recorded import (
    BootedModel,
    BootOutcome,
    BootResult,
    BootTest,
    BootVerdict,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
MIGRATION = "0123456789abcdef0123456789abcdef-1-89abcdef"
SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/boot-tests"
VERSION = f"{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/d/versions/1.0.0"
PUBLISHED = "2026-11-30T10:00:00+00:00"


def a_model(**changes: Any) -> BootedModel:
    """A Linux definition, whose version has no data disks."""
    return BootedModel.model_validate({"os_type": "Linux"} | changes)


def a_test(**changes: Any) -> BootTest:
    """A migration's first test, in East US 2."""
    fields: dict[str, Any] = {
        "id": f"{MIGRATION}-boot-1",
        "version_id": VERSION,
        "published_date": PUBLISHED,
        "region": "eastus2",
        "resource_group": GROUP,
        "subnet_id": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/n/subnets/s",
        "vm_size": "Standard_D2s_v5",
        "timeout": timedelta(minutes=30),
        "model": a_model(),
        "accepted_at": NOW,
    }
    return BootTest.model_validate(fields | changes)


def a_verdict(
    outcome: BootOutcome = BootOutcome.PASSED, at: datetime = NOW, **changes: Any
) -> BootVerdict:
    """A verdict of now."""
    return BootVerdict.model_validate({"outcome": outcome, "reason": "seen", "at": at} | changes)


def a_result(
    outcome: BootOutcome = BootOutcome.PASSED, at: datetime = NOW, **changes: Any
) -> BootResult:
    """The result of the test with such a verdict."""
    test = a_test()
    fields: dict[str, Any] = {
        "test_id": test.id,
        "version_id": test.version_id,
        "published_date": test.published_date,
        "region": test.region,
        "verdict": a_verdict(outcome, at),
    }
    return BootResult.model_validate(fields | changes)
