"""The bodies that are sent: managed images as ARM would return them, requests, decisions and events."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook

from tests.crash.evidence import Json
from tests.crash.intents import Intent

REGION, OTHER_REGION = "eastus2", "westeurope"


def scope(subscription: str, group: str) -> str:
    """Return the beginning of the ids of compute resources."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"


def image_id(subscription: str, name: str) -> str:
    """The id of an image of these runs."""
    return f"{scope(subscription, 'kill')}/images/{name}"


def image(subscription: str, name: str) -> Json:
    """A managed image with one data disk."""
    disks = f"{scope(subscription, 'kill')}/disks/{name}"
    common = {"caching": "None", "storageAccountType": "Premium_LRS", "diskSizeGB": 30}
    system = {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": f"{disks}-os"}}
    data = {"lun": 0, "managedDisk": {"id": f"{disks}-data"}}
    profile = {"osDisk": common | system, "dataDisks": [common | data]}
    return {
        "id": image_id(subscription, name),
        "location": REGION,
        "tags": {"team": "kill"},
        "properties": {"storageProfile": profile, "hyperVGeneration": "V2"},
        "createdTime": "2024-03-11T09:14:52.127Z",
    }


def request(subscription: str, intent: Intent) -> Json:
    """The request to migrate it, as its caller sends it."""
    definition = intent.definition
    approval = {"approval": {"timeout": intent.timeout}} if intent.timeout else {}
    return approval | {
        "sourceImageId": image_id(subscription, intent.name),
        "galleryId": f"{scope(subscription, 'gallery-eastus2')}/galleries/myGallery",
        "imageDefinition": {"name": definition, "publisher": "contoso", "offer": "kill"}
        | {"sku": definition},
        "imageVersion": "auto" if intent.auto else "1.0.0",
        "targetRegions": [{"name": REGION}, {"name": OTHER_REGION}],
        "deletion": {"enabled": intent.deletes},
    }


def decision(migration: str, fingerprint: str, statement: str, what: str) -> bytes:
    """The body of a decision; `statement`: its hash."""
    body = {"migrationId": migration, "fingerprint": fingerprint, "decision": what}
    body |= {"statementHash": statement}
    return json.dumps(body | {"approver": "kill"}).encode()


def signed(secret: str, webhook_id: str, body: bytes) -> dict[str, str]:
    """The headers that sign a body."""
    now = datetime.now(UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, now, body.decode()),
    }


def image_written(resource: str) -> Json:
    """The event that an image was written."""
    return {
        "id": "kill",
        "topic": resource,
        "subject": resource,
        "eventType": "Microsoft.Resources.ResourceWriteSuccess",
        "eventTime": datetime.now(UTC).isoformat(),
        "data": {"resourceUri": resource, "operationName": "Microsoft.Compute/images/write"},
        "dataVersion": "2",
        "metadataVersion": "1",
    }
