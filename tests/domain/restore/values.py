"""Values of restores for the tests of this folder: each is right, and a test changes what it is about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.callers.actors import Actor, ActorKind
from domain.deletion.copies import BegunVersion
from domain.facts import VersionFacts, version_facts
from domain.migration.fingerprint import FINGERPRINT_TAG
from domain.migration.planning import Plan
from domain.migration.polling import RegionStatus, VersionReading
from domain.migration.requests import ReplicationMode
from domain.restore.planning import Recipe, RestoreReadings, plan_restore
from domain.restore.recorded import Restore, RestorePlan, Write
from domain.values import Json
from tests import builders as b
from tests.builders import IMAGE_ID, MIGRATION_ID, NOW

ADMIN = Actor(kind=ActorKind.PERSON, id="0a0a0a0a-0000-4000-8000-000000000003")
PUBLISHED = NOW - timedelta(days=3)
PROFILE = b.storage_profile(
    {"caching": "ReadWrite", "storageAccountType": "Premium_LRS"},
    [b.data_disk(3, 50, caching="None"), b.data_disk(0, 100)],
)


def a_recipe(**properties: Any) -> Recipe:
    """The image of `builders.a_plan`, kept now; `properties` to it."""
    return Recipe(at=NOW, image=b.image_body(**{"storageProfile": PROFILE, **properties}))


def a_version(**changes: Any) -> VersionFacts:
    """The version that was made of the recipe's image; `changes` by field of VersionFacts."""
    approved = a_plan().fingerprint.value
    body: Json = {
        "id": a_plan().version_id,
        "name": "1.0.0",
        "location": "eastus2",
        "tags": {FINGERPRINT_TAG: approved},
        "properties": {
            "provisioningState": "Succeeded",
            "publishingProfile": {
                "publishedDate": PUBLISHED.isoformat(),
                "targetRegions": [{"name": "East US 2"}, {"name": "West Europe"}],
            },
            "storageProfile": {
                "source": {"id": IMAGE_ID},
                "osDiskImage": {"sizeInGB": 127},
                "dataDiskImages": [{"lun": 0, "sizeInGB": 100}, {"lun": 3, "sizeInGB": 50}],
            },
        },
    }
    return version_facts(body).model_copy(update=changes)


def a_plan(**changes: Any) -> Plan:
    """The migration's plan; `changes` by field."""
    plan = b.planned(b.a_request(), b.some_facts(image=b.an_image(storageProfile=PROFILE)))
    assert isinstance(plan, Plan), plan
    return plan.model_copy(update=changes)


def readings(**changes: Any) -> RestoreReadings:
    """All that a restore reads; `changes` by field."""
    plan = changes.pop("plan", None) or a_plan()
    regions = tuple(RegionStatus(name=n, state="Completed") for n in ("eastus2", "westeurope"))
    values: Json = {
        "plan": plan,
        "recipe": a_recipe(),
        "version": a_version(),
        "replication": VersionReading(provisioning_state="Succeeded", regions=regions),
        "begun": BegunVersion(
            version_id=plan.version_id,
            migration=MIGRATION_ID,
            fingerprint=plan.fingerprint.value,
            mode=ReplicationMode.FULL,
            at=PUBLISHED,
        ),
    }
    return RestoreReadings(**{**values, **changes})


def a_restore_plan() -> RestorePlan:
    """The plan that these readings make."""
    planned = plan_restore(readings(), MIGRATION_ID, 1)
    assert isinstance(planned, RestorePlan), planned
    return planned


def a_restore(**changes: Any) -> Restore:
    """A restore that was accepted now; `changes` by field."""
    values: Json = {
        "migration": MIGRATION_ID,
        "attempt": 1,
        "requester": ADMIN,
        "accepted_at": NOW,
        "plan": a_restore_plan(),
    }
    return Restore(**{**values, **changes})


def a_write(run: int = 1, **changes: Any) -> Write:
    """A write that Azure took; `changes` by field."""
    return Write(**{"run": run, "at": NOW, "began": NOW, "answered": True, **changes})
