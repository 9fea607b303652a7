"""The request for a migration: a JSON body becomes a `MigrationRequest`, or a list of every problem with it.

The request that comes out is normalised (regions in their short form and sorted, duplicates merged, defaults filled
in), so that two bodies that mean the same are equal and have the same `digest`.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
)

from domain import ids as names
from domain.approval.change_numbers import ChangeNumber
from domain.boot_test.requests import BootTestWish
from domain.doubled_keys import doubled_keys
from domain.errors import InvalidRequestError, Problem, problems_of
from domain.regions import normalise_region
from domain.values import Json, StrictModel, iso_duration

MAX_BODY_BYTES = 64 * 1024
MAX_REPLICAS = 100
AUTO = "auto"
DEFAULT_APPROVAL_TIMEOUT = timedelta(days=3)


class StorageAccountType(StrEnum):
    """The storage account types of a region's replicas (docs/platform-notes.md#storage-account-types-of-versions)."""

    STANDARD_LRS = "Standard_LRS"
    STANDARD_ZRS = "Standard_ZRS"
    PREMIUM_LRS = "Premium_LRS"
    PREMIUM_V2_LRS = "PremiumV2_LRS"


class ReplicationMode(StrEnum):
    """Full copies the image into every region; Shallow leaves the version hanging on its source."""

    FULL = "Full"
    SHALLOW = "Shallow"


class SecurityType(StrEnum):
    """The SecurityType feature of an image definition."""

    STANDARD = "Standard"
    TRUSTED_LAUNCH_SUPPORTED = "TrustedLaunchSupported"
    TRUSTED_LAUNCH = "TrustedLaunch"
    CONFIDENTIAL_VM_SUPPORTED = "ConfidentialVMSupported"
    CONFIDENTIAL_VM = "ConfidentialVM"
    TRUSTED_LAUNCH_AND_CONFIDENTIAL_VM = "TrustedLaunchAndConfidentialVmSupported"


def _duration_text(value: object) -> object:
    if not isinstance(value, str) or not value.startswith("P"):
        raise ValueError("must be an ISO 8601 duration such as P3D or PT12H")
    return value


def _within(low: timedelta, high: timedelta) -> AfterValidator:
    def check(length: timedelta) -> timedelta:
        if not low <= length <= high:
            raise ValueError(
                f"must be between {iso_duration(low)} and {iso_duration(high)}, not {iso_duration(length)}"
            )
        return length

    return AfterValidator(check)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must be a moment between the years 1 and 9999 in UTC") from error


Duration = Annotated[timedelta, Field(strict=False), BeforeValidator(_duration_text)]


class PurchasePlan(StrictModel):
    """The plan of the marketplace image that the managed image came from; managed images do not keep it."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    publisher: Annotated[str, Field(min_length=1, max_length=256)]
    product: Annotated[str, Field(min_length=1, max_length=256)]


class DefinitionRequest(StrictModel):
    """The image definition to use, or to create if the gallery has none of that name."""

    name: names.DefinitionName
    publisher: names.PublisherName
    offer: names.OfferName
    sku: names.SkuName
    security_type: SecurityType | None = None
    purchase_plan: PurchasePlan | None = None


class TargetRegion(StrictModel):
    """A region that gets replicas of the version."""

    name: Annotated[str, AfterValidator(normalise_region)]
    replica_count: Annotated[int, Field(ge=1, le=MAX_REPLICAS)] = 1
    storage_account_type: StorageAccountType = StorageAccountType.STANDARD_LRS


class DeletionRequest(StrictModel):
    """The wish that the managed image be deleted in the end, after an approval. Off unless asked for."""

    enabled: bool = False


class ApprovalRequest(StrictModel):
    """The time to wait for the approval of the deletion."""

    timeout: Annotated[Duration, _within(timedelta(minutes=1), timedelta(days=90))] = (
        DEFAULT_APPROVAL_TIMEOUT
    )


class MigrationRequest(StrictModel):
    """One managed image, and where it goes. Field by field: docs/http.md."""

    source_image_id: names.ImageId
    gallery_id: names.GalleryId
    image_definition: DefinitionRequest
    image_version: str = AUTO
    target_regions: Annotated[tuple[TargetRegion, ...], Field(max_length=100)] = ()
    replication_mode: ReplicationMode = ReplicationMode.FULL
    end_of_life_date: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = None
    exclude_from_latest: bool = False
    block_deletion_before_end_of_life: bool = False
    deletion: DeletionRequest = Field(default_factory=DeletionRequest)
    approval: ApprovalRequest = Field(default_factory=ApprovalRequest)
    change_number: ChangeNumber = ""
    boot_test: BootTestWish | None = None

    @field_validator("image_version")
    @classmethod
    def _image_version(cls, value: str) -> str:
        if value != AUTO:
            names.parse_version_name(value)
        return value

    @field_validator("target_regions")
    @classmethod
    def _merge_regions(cls, value: tuple[TargetRegion, ...]) -> tuple[TargetRegion, ...]:
        merged: dict[str, TargetRegion] = {}
        for region in value:
            if merged.setdefault(region.name, region) != region:
                raise ValueError(
                    f"names {region.name} twice with different replica counts or storage; keep one of them"
                )
        return tuple(merged[name] for name in sorted(merged))

    def digest(self) -> str:
        """Equal for requests that mean the same: ids without case, defaults filled in, regions in order."""
        # A field that is newer than requests which still run is in it only when it says something.
        silent = {name for name in ("boot_test", "change_number") if not getattr(self, name)}
        wire = self.model_dump(mode="json", exclude=silent)
        wire["sourceImageId"], wire["galleryId"] = self.source_image_id.key, self.gallery_id.key
        return hashlib.sha256(json.dumps(wire, sort_keys=True).encode()).hexdigest()


def parse_request(body: bytes) -> MigrationRequest:
    """The request in an HTTP body. Raises InvalidRequestError with every problem of its form."""
    if len(body) > MAX_BODY_BYTES:
        raise InvalidRequestError(
            [
                Problem(
                    field="body",
                    message=f"has {len(body)} bytes; at most {MAX_BODY_BYTES} are read",
                )
            ]
        )
    doubled = doubled_keys(body)
    try:
        request = MigrationRequest.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequestError([*doubled, *problems_of(error)]) from error
    if doubled:
        raise InvalidRequestError(doubled)
    return request


def parse_request_json(body: Json) -> MigrationRequest:
    """As `parse_request`, for JSON that has been read already."""
    return parse_request(json.dumps(body).encode())


def request_from_record(wire: Json | str) -> MigrationRequest:
    """A request that was accepted earlier, from JSON of this or an older deployment: unknown keys are ignored."""
    text = wire if isinstance(wire, str) else json.dumps(wire)
    return MigrationRequest.model_validate_json(text, extra="ignore")
