"""The refusals of galleries and of what is in them, as data; the others are in `refusals.py`."""

from __future__ import annotations

from localcloud.arm.protocol.refusals import Row

TABLE: dict[str, Row] = {
    "gallery name": Row(
        400,
        "InvalidParameter",
        "Gallery name is invalid. Allowed characters are English alphanumeric characters, with "
        "underscores, and periods allowed in the middle, up to 80 characters total. All other "
        "special characters, including dashes, are disallowed.",
        "galleryName",
    ),
    "gallery taken": Row(
        409,
        "Conflict",
        "The gallery name {name} is not unique within the subscription {subscription}. Please pick "
        "another gallery name",
    ),
    "definition name": Row(
        400,
        "InvalidParameter",
        "The entity name 'galleryImageName' is invalid according to its validation rule: "
        "^[^_\\W][\\w-._]{{0,79}}(?<![-.])$.",
        "galleryImageName",
    ),
    "identifier taken": Row(
        409,
        "Conflict",
        "Gallery image: {name} identified by (publisher:{publisher}, offer:{offer}, sku:{sku}) "
        "already exists. Choose a different publisher, offer, sku combination.",
    ),
    "version name": Row(
        400,
        "InvalidParameter",
        "The image version name is invalid. The image version name should follow "
        "Major(int).Minor(int).Patch(int) format, for e.g: 1.0.0, 2018.12.1 etc",
        "galleryImageVersionName",
    ),
    "home region": Row(
        400,
        "InvalidParameter",
        "Gallery image version publishing profile regions '{regions}' must contain the location of "
        "image version '{location}'.",
        "{path}.targetRegions",
    ),
    "duplicate regions": Row(
        400,
        "InvalidParameter",
        "Duplicate regions are not allowed in target publishing regions.",
        "{path}.targetRegions",
    ),
    "replicas": Row(
        400,
        "InvalidParameter",
        "The value {value} of parameter '{parameter}' is out of range. The value must be between 1 "
        "and 100, inclusive.",
        "{parameter}",
    ),
    "end of life": Row(
        400,
        "InvalidParameter",
        "EndOfLifeDate must be set to a future date.",
        "{path}.endOfLifeDate",
    ),
    "two sources": Row(
        400,
        "InvalidParameter",
        "The gallery artifact version source can only be specified either directly under "
        "storageProfile or within individual OS or data disks. One and only one source type (user "
        "image, snapshot, disk, virtual machine) can be provided",
        "galleryImageVersion.properties.storageProfile",
    ),
    "virtual machine source": Row(
        400,
        "InvalidParameter",
        "The gallery image version source id: '{id}' must be specified in "
        "'galleryImageVersion.properties.storageProfile.source.virtualMachineId'.",
        "galleryImageVersion.properties.storageProfile.source.id",
    ),
    "source missing": Row(
        404,
        "NotFound",
        "Source {id} is not found. Please check source exists, and is in the same region as "
        "gallery image version being created",
        "galleryImageVersion.properties.storageProfile.source.id",
    ),
    "source busy": Row(
        409,
        "Conflict",
        "Too many requests on source '{id}'. Please reduce the number of requests on the source or "
        "wait some time before retrying",
    ),
    "dropped region": Row(
        400,
        "BadRequest",
        "Complete set of target locations not specified while updating gallery artifact '{name}' "
        "and type '{type}'. Deletion of previously replicated locations is not "
        "allowed, please specify the complete set of target locations or set allow deletion of "
        "replicated locations under safety profile property. Missing locations: '{regions}'.",
    ),
    "storage type": Row(
        400,
        "InvalidParameter",
        "Global storage account type does not match the storage account type in the existing "
        "TargetRegion: '{region}'. Please specify '{type}'.",
        "{path}.targetRegions",
    ),
    "blocked until end of life": Row(
        409,
        "DeleteGalleryImageVersionBlockedBeforeEndOfLife",
        "Deletion of Gallery image version is not allowed because the image is enabled for "
        "blockDeletionBeforeEndOfLife and its endOfLifeDate has not reached yet",
    ),
    "application name": Row(
        400,
        "InvalidParameter",
        "The entity name 'galleryApplicationName' is invalid according to its validation rule: "
        "^[^_\\W][\\w-._]{{0,79}}(?<![-.])$.",
        "galleryApplicationName",
    ),
    # Made up.
    "application version name": Row(
        400,
        "InvalidParameter",
        "The gallery application version name is invalid. The gallery application version name "
        "should follow Major(int).Minor(int).Patch(int) format, for e.g: 1.0.0, 2018.12.1 etc",
        "galleryApplicationVersionName",
    ),
}
