"""The bodies that are sent to Azure, built from a request and facts; every default that has ever changed is explicit.

Since API version 2025-03-03 a definition without hyperVGeneration and SecurityType becomes generation 2 with
TrustedLaunchSupported (docs/platform-notes.md#defaults-that-changed), so both come from the image and the request.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from domain.facts import DefinitionFacts, ImageFacts
from domain.migration.fingerprint import FINGERPRINT_TAG, MIGRATION_TAG, SOURCE_TAG
from domain.migration.requests import MigrationRequest, SecurityType, TargetRegion
from domain.values import Json

# Of a resource: docs/platform-notes.md#limits-of-tags
MAX_TAGS = 50
MAX_TAG_VALUE = 256
OUR_TAGS = (SOURCE_TAG, FINGERPRINT_TAG, MIGRATION_TAG)


class Generation1Security(StrEnum):
    """The two ways to send SecurityType for a generation 1 definition.

    Neither was seen on Azure; leaving it out relies on the service's default for V1
    (docs/platform-notes.md#securitytype-of-a-generation-1-definition).
    """

    OMIT = "omit"
    STANDARD = "standard"


def security_type_of(
    request: MigrationRequest,
    image: ImageFacts,
    there: DefinitionFacts | None,
    generation1: Generation1Security,
) -> str | None:
    """The SecurityType to send, or None to send none. An existing definition keeps what it has."""
    if there is not None:
        return there.security_type
    if request.image_definition.security_type:
        return request.image_definition.security_type.value
    if image.hyper_v_generation.upper() == "V1" and generation1 is Generation1Security.OMIT:
        return None
    return SecurityType.STANDARD.value


def definition_body(
    request: MigrationRequest, image: ImageFacts, location: str, security: str | None
) -> Json:
    """The body of the image definition's PUT."""
    wanted = request.image_definition
    properties: Json = {
        "osType": image.os_type,
        "osState": "Generalized",
        "hyperVGeneration": image.hyper_v_generation,
        # Managed images are x64 only.
        "architecture": "x64",
        "identifier": {"publisher": wanted.publisher, "offer": wanted.offer, "sku": wanted.sku},
    }
    if security:
        properties["features"] = [{"name": "SecurityType", "value": security}]
    # An empty one is kept and breaks every VM later: docs/platform-notes.md#empty-purchase-plans
    if wanted.purchase_plan:
        properties["purchasePlan"] = wanted.purchase_plan.model_dump(mode="json")
    return {"location": location, "properties": properties}


def version_body(
    request: MigrationRequest,
    image: ImageFacts,
    regions: tuple[TargetRegion, ...],
    fingerprint: str,
    migration_id: str,
) -> Json:
    """The body of the image version's PUT: hidden from `latest` until it is promoted."""
    profile: Json = {
        "targetRegions": [
            {
                "name": region.name,
                "regionalReplicaCount": region.replica_count,
                "storageAccountType": region.storage_account_type.value,
            }
            for region in regions
        ],
        "excludeFromLatest": True,
        "replicationMode": request.replication_mode.value,
    }
    if request.end_of_life_date:
        profile["endOfLifeDate"] = _arm_date(request.end_of_life_date)
    properties: Json = {
        "publishingProfile": profile,
        "storageProfile": {"source": {"id": image.id}},
        "safetyProfile": {"allowDeletionOfReplicatedLocations": False},
    }
    if request.block_deletion_before_end_of_life:
        properties["safetyProfile"]["blockDeletionBeforeEndOfLife"] = True
    return {
        "location": image.location,
        "tags": version_tags(image, fingerprint, migration_id),
        "properties": properties,
    }


def version_tags(image: ImageFacts, fingerprint: str, migration_id: str) -> dict[str, str]:
    """The image's own tags, as many as fit, and ours."""
    kept = sorted(image.tags)[: MAX_TAGS - len(OUR_TAGS)]
    ours = {
        SOURCE_TAG: image.id
        if len(image.id) <= MAX_TAG_VALUE
        else "…" + image.id[1 - MAX_TAG_VALUE :],
        FINGERPRINT_TAG: fingerprint,
        MIGRATION_TAG: migration_id,
    }
    return {**{name: image.tags[name] for name in kept if name.lower() not in ours}, **ours}


def dropped_tags_warning(tags: dict[str, str]) -> Iterator[str]:
    """Says which of the image's tags do not fit beside ours."""
    dropped = sorted(tags)[MAX_TAGS - len(OUR_TAGS) :]
    if dropped:
        yield f"Azure allows {MAX_TAGS} tags, so these of the image are not carried over: {', '.join(dropped)}."


# Of a version, what Azure alone writes. The disks are answered there too, and made from the source.
_READ_ONLY = {
    "properties": {"provisioningState", "replicationStatus", "validationsProfile", "restore"},
    "publishingProfile": {"publishedDate"},
    "storageProfile": {"osDiskImage", "dataDiskImages"},
    "safetyProfile": {"reportedForPolicyViolation", "policyViolations"},
}


def promotion_body(version: Json, exclude_from_latest: bool) -> Json:
    """The version as it was read, whatever else it has, with only `excludeFromLatest` changed and what is read-only
    left out."""
    inner = _writable("properties", version["properties"])
    for part in _READ_ONLY.keys() & inner.keys():
        inner[part] = _writable(part, inner[part] or {})
    if not inner.get("safetyProfile"):
        inner.pop("safetyProfile", None)
    inner["publishingProfile"] |= {"excludeFromLatest": exclude_from_latest}
    return {"location": version["location"], "tags": version.get("tags") or {}, "properties": inner}


def _writable(part: str, values: Json) -> Json:
    return {key: value for key, value in values.items() if key not in _READ_ONLY[part]}


def _arm_date(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
