"""The hands of attackers: on the records, the durable API's system key, and Azure behind the app's back."""

from typing import Any

from localcloud.testing.waiting import until
from records.backends.sqlite import SqliteRecords
from records.migrations import MigrationRecords
from tests.scenarios import bodies
from tests.scenarios.bodies import Json
from tests.scenarios.client import GALLERY_API, Client


def store_of(cloud: Client) -> SqliteRecords:
    """The rows of the records, to read and to write."""
    return SqliteRecords(cloud.process.state / "records.sqlite")


def records_of(cloud: Client) -> MigrationRecords:
    """The records, as the app reads them."""
    return MigrationRecords(store_of(cloud))


def start(cloud: Client, orchestrator: str, instance: str, given: Any = None) -> None:
    """Start an orchestration by the durable API, and let it run."""
    answer = cloud.durable("POST", f"/orchestrators/{orchestrator}/{instance}", given)
    assert answer.status_code == 202, answer.text
    cloud.advance("PT1M")


def state_of(cloud: Client, instance: str) -> Json:
    """The durable API's answer about an orchestration."""
    told: Json = cloud.durable("GET", f"/instances/{instance}").json()
    return told


def waiting(cloud: Client, name: str, **fields: Any) -> str:
    """A migration of an image of this name that waits for its approval."""
    migration = cloud.begin(name, **fields)
    cloud.advance_to_stage("approval", migration)
    return migration


def retag_version(cloud: Client, name: str, tags: Json, version: str = "1.0.0") -> None:
    """Change the tags of an image version, as whoever may write them can."""
    found = cloud.version(name, version)
    assert found is not None
    profile = found["properties"]["publishingProfile"]
    body = {
        "location": found["location"],
        "tags": found["tags"] | tags,
        "properties": {"publishingProfile": profile, "storageProfile": {}},
    }
    cloud.arm("PUT", found["id"], body, GALLERY_API)
    cloud.advance("PT20M")


def hold_up_the_gate(cloud: Client, name: str, migration: str) -> None:
    """Approve, while Azure throttles the gate's first reading of the image for an hour, again and again."""
    throttled = {
        "what": "status",
        "status": 429,
        "retryAfter": 3600,
        "method": "GET",
        "path": f"Compute/images/{name}\\?",
    }
    cloud.faults(throttled | {"nth": 2})
    assert cloud.decide(migration).status == 200
    cloud.advance_to_stage("deletion", migration)
    until(lambda: _faulted(cloud, "GET", name))
    cloud.faults(throttled)


def throttle_the_delete(cloud: Client, name: str, migration: str) -> None:
    """Approve, while Azure throttles the DELETE itself."""
    path = f"Compute/images/{name}\\?"
    rule = {"what": "status", "status": 429, "retryAfter": 3600, "method": "DELETE", "path": path}
    cloud.faults(rule)
    assert cloud.decide(migration).status == 200
    cloud.advance_to_stage("deletion", migration)
    until(lambda: _faulted(cloud, "DELETE", name))


def _faulted(cloud: Client, method: str, name: str) -> bool:
    log = cloud.arm_log(method)
    return any("fault" in line and f"images/{name}?" in line["path"] for line in log)


def image_id(cloud: Client, name: str) -> str:
    """The id of an image of the scenarios."""
    return bodies.image_id(cloud.subscription, name)
