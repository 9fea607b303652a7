"""Valid values for tests: each builder gives one that is right, and a test changes what it is about.

Resources are built as the JSON that Azure answers and go through the app's own readers, so that a builder cannot
say something that no answer says.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks import Webhook

from domain.approval.decisions import Decision, StoredDecision
from domain.approval.judging import ApprovalQuestion
from domain.approval.policy import ApprovalPolicy
from domain.approval.quorum import Ballot
from domain.approval.statement import (
    KeptStatement,
    StatedReferences,
    Statement,
    stated_image,
    stated_version,
)
from domain.approval.webhook_secrets import UNNAMED
from domain.deletion.deployment import Deployment
from domain.deletion.quota import Quota
from domain.errors import Problem
from domain.facts import (
    DefinitionFacts,
    GalleryFacts,
    ImageFacts,
    VersionFacts,
    definition_facts,
    gallery_facts,
    image_facts,
    version_facts,
)
from domain.ids import image_key, migration_id
from domain.migration.bodies import Generation1Security
from domain.migration.fingerprint import FINGERPRINT_TAG, fingerprint_of
from domain.migration.latch import MigrationResult
from domain.migration.limits import Limits
from domain.migration.planning import Plan, make_plan
from domain.migration.recorded import AcceptedRequest, ReceivedDecision
from domain.migration.requests import MigrationRequest, parse_request_json
from domain.migration.rules import Facts
from domain.migration.stages import Outcome
from domain.values import Json
from services.seals import with_seal
from services.signatures import verified
from tests.credentials import REQUESTER, SEALING_KEY, WEBHOOK, webhook_secret

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
SCOPE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/web/providers/Microsoft.Compute"
IMAGE_ID = f"{SCOPE}/images/web-2019"
GALLERY_ID = f"{SCOPE}/galleries/myGallery"
CREATED = "2024-03-11T09:14:52.1270319Z"
MIGRATION_ID = migration_id(image_key(IMAGE_ID), 1)
LIMITS = Limits()
SECRET = "whsec_" + "QmV0dGVyIHRoYW4gYSB3b3JkIG92ZXIgYW5kIG92ZXI="


def request_body(**changes: Any) -> Json:
    """The JSON of a migration request; `changes` by field name."""
    body: Json = {
        "sourceImageId": IMAGE_ID,
        "galleryId": GALLERY_ID,
        "imageDefinition": {"name": "web", "publisher": "contoso", "offer": "web", "sku": "2019"},
        "imageVersion": "1.0.0",
        "targetRegions": [{"name": "East US 2"}, {"name": "West Europe", "replicaCount": 2}],
    }
    return {**body, **changes}


def definition_part(**changes: Any) -> Json:
    """The `imageDefinition` of a request."""
    part: Json = request_body()["imageDefinition"]
    return {**part, **changes}


def a_request(**changes: Any) -> MigrationRequest:
    """A request as it comes out of parsing."""
    return parse_request_json(request_body(**changes))


def image_body(**properties: Any) -> Json:
    """A managed image as Azure answers it; `properties` replace those of the same name."""
    return {
        "id": IMAGE_ID,
        "name": "web-2019",
        "location": "eastus2",
        "tags": {"team": "web"},
        "properties": {
            "storageProfile": storage_profile(),
            "provisioningState": "Succeeded",
            "hyperVGeneration": "V2",
            **properties,
        },
    }


def storage_profile(os_disk: Json | None = None, data_disks: list[Json] | None = None) -> Json:
    """The storage profile of a managed image."""
    disk = {"osType": "Windows", "osState": "Generalized", "diskSizeGB": 127}
    disk["managedDisk"] = {"id": f"{SCOPE}/disks/web-os"}
    return {"osDisk": {**disk, **(os_disk or {})}, "dataDisks": data_disks or []}


def data_disk(lun: int, gigabytes: int | None = 100, **more: Any) -> Json:
    """A data disk of a managed image."""
    return {
        "lun": lun,
        "diskSizeGB": gigabytes,
        "managedDisk": {"id": f"{SCOPE}/disks/data-{lun}"},
        **more,
    }


def an_image(created: str | None = CREATED, **properties: Any) -> ImageFacts:
    """The facts about a managed image."""
    return image_facts(image_body(**properties), created)


def a_gallery(state: str = "Succeeded", **properties: Any) -> GalleryFacts:
    """The facts about a gallery."""
    inner = {"provisioningState": state, **properties}
    return gallery_facts({"id": GALLERY_ID, "location": "westeurope", "properties": inner})


def a_definition(name: str = "web", **properties: Any) -> DefinitionFacts:
    """The facts about an image definition that suits `a_request` and `an_image`."""
    inner = {
        "provisioningState": "Succeeded",
        "osType": "Windows",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "architecture": "x64",
        "identifier": {"publisher": "contoso", "offer": "web", "sku": "2019"},
        "features": [{"name": "SecurityType", "value": "Standard"}],
        **properties,
    }
    return definition_facts({"name": name, "properties": inner})


def version_json(name: str = "1.0.0", **changes: Any) -> Json:
    """An image version as Azure answers it, made by us from `an_image`; `changes` as in `a_version`."""
    profile = {
        "targetRegions": [
            {"name": "East US 2", "regionalReplicaCount": 1, "storageAccountType": "Standard_LRS"},
            {
                "name": "West Europe",
                "regionalReplicaCount": 2,
                "storageAccountType": "Standard_LRS",
            },
        ],
        "replicationMode": changes.get("mode", "Full"),
        "excludeFromLatest": changes.get("hidden", True),
        "publishedDate": "2026-03-02T09:30:00+00:00",
    }
    tag = changes.get("tag", fingerprint_of(an_image()).value)
    return {
        "id": f"{GALLERY_ID}/images/web/versions/{name}",
        "name": name,
        "location": "eastus2",
        "tags": {FINGERPRINT_TAG: tag} if tag else {},
        "properties": {
            "provisioningState": changes.get("state", "Succeeded"),
            "publishingProfile": profile,
            "storageProfile": {
                "source": {"id": changes.get("source", IMAGE_ID)},
                "osDiskImage": {"sizeInGB": 127, "hostCaching": "None", "source": {}},
            },
        },
    }


def a_version(name: str = "1.0.0", **changes: Any) -> VersionFacts:
    """The facts about a version; `changes`: state, tag (None: not ours), source, mode, hidden."""
    return version_facts(version_json(name, **changes))


def some_facts(**changes: Any) -> Facts:
    """Return the facts of a subscription with image and gallery but no definition; `changes` by field."""
    return Facts(**{"image": an_image(), "gallery": a_gallery(), **changes})


def planned(
    request: MigrationRequest | None = None,
    facts: Facts | None = None,
    generation1: Generation1Security = Generation1Security.OMIT,
) -> Plan | list[Problem]:
    """Return the plan or refusals that `make_plan` gives for a request and facts."""
    return make_plan(
        request or a_request(),
        facts or some_facts(),
        now=NOW,
        migration_id=MIGRATION_ID,
        generation1_security=generation1,
        copied_gb_limit=100_000,
    )


def a_plan(**changes: Any) -> Plan:
    """A plan; `changes` to the request."""
    plan = planned(a_request(**changes))
    if not isinstance(plan, Plan):
        raise TypeError(f"no plan: {plan}")
    return plan


def a_statement(**changes: Any) -> Statement:
    """The statement that `a_decision` decides on; `changes` by field."""
    values: Json = {
        "deployment": "tests",
        "migration_id": MIGRATION_ID,
        "round": 1,
        "image": stated_image(an_image()),
        "version": stated_version(a_version()),
        "requester": REQUESTER,
        "deadline": NOW + timedelta(days=3),
        "references": StatedReferences(subscriptions=(SUBSCRIPTION,), complete=True),
    }
    return Statement(**{**values, **changes})


def a_kept_statement(**changes: Any) -> KeptStatement:
    """The same as the records have it."""
    return KeptStatement(text=a_statement(**changes).text, asked_at=NOW)


def a_decision(**changes: Any) -> StoredDecision:
    """A verified approval of `an_image`'s deletion."""
    values: Json = {
        "key": "k1",
        "migration_id": MIGRATION_ID,
        "fingerprint": fingerprint_of(an_image()).value,
        "decision": Decision.APPROVE,
        "approver": "ada",
        "received_at": NOW,
        "by": WEBHOOK,
        "statement_hash": a_kept_statement().hash,
    }
    return StoredDecision(**{**values, **changes})


def a_question(**changes: Any) -> ApprovalQuestion:
    """The question that `a_decision` decides, asked for by `an_acceptance`; `changes` to its policy,
    `fingerprint`, `statement_hash`, `asked_at`, `deadline`, `requester`."""
    fingerprint = changes.pop("fingerprint", fingerprint_of(an_image()).value)
    asked_at = changes.pop("asked_at", NOW)
    stated = changes.pop("statement_hash", a_kept_statement().hash)
    ballot: Json = {n: changes.pop(n) for n in ("deadline", "requester") if n in changes}
    policy = ApprovalPolicy(**{"approvers": (), "webhooks": (UNNAMED,), **changes})
    values: Json = {"deadline": NOW + timedelta(days=3), "requester": REQUESTER, **ballot}
    return ApprovalQuestion(
        migration_id=MIGRATION_ID,
        fingerprint=fingerprint,
        statement_hash=stated,
        asked_at=asked_at,
        ballot=Ballot(policy=policy, **values),
    )


def a_received(secret: str = SECRET, **changes: Any) -> ReceivedDecision:
    """A decision in the envelope that the webhook keeps; `changes` as in `a_decision`."""
    decision = a_decision(**changes)
    said = {"migrationId": decision.migration_id, "fingerprint": decision.fingerprint}
    said |= {"decision": decision.decision.value, "approver": decision.approver}
    said |= {"statementHash": decision.statement_hash, "changeNumber": decision.change_number}
    body = json.dumps(said | {"reason": decision.reason})
    name, now = decision.key, datetime.now(UTC)
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, now, body),
    }
    signed = verified(body.encode(), headers, (webhook_secret(secret),))
    if signed is None:
        raise ValueError("the signature does not hold")
    envelope = signed.sealed(body.encode(), decision.received_at)
    return ReceivedDecision(decision=decision, body_hash="h", envelope=envelope)


def an_acceptance(
    attempt: int = 1, image_id: str = IMAGE_ID, limits: Limits = LIMITS, **changes: Any
) -> AcceptedRequest:
    """An accepted request, by default with the limits of the settings' defaults; the later the attempt, the later it
    was accepted."""
    request = a_request(sourceImageId=image_id, **changes)
    key = image_key(request.source_image_id.text)
    accepted = AcceptedRequest(
        id=migration_id(key, attempt),
        image_key=key,
        attempt=attempt,
        source_image_id=request.source_image_id.text,
        request=request.model_dump(mode="json"),
        digest=request.digest(),
        accepted_at=NOW + timedelta(minutes=attempt),
        limits=limits,
        requester=REQUESTER,
    )
    return with_seal(accepted, (SEALING_KEY,))


def an_end(outcome: Outcome = Outcome.COMPLETED, **changes: Any) -> MigrationResult:
    """An outcome; `changes` by field."""
    values: Json = {"reason": "migrated", "at": NOW, "result": {"image": "kept"}, **changes}
    return MigrationResult(outcome=outcome, **values)


def as_bytes(body: Any) -> bytes:
    """A body as it is sent."""
    return json.dumps(body).encode()


def a_deployment(**changes: Any) -> Deployment:
    """A deployment that deletes; `changes` to it."""
    values: Json = {
        "enabled": True,
        "skew": timedelta(0),
        "quota": Quota(count=1, percent=100),
    }
    return Deployment(**{**values, **changes})
