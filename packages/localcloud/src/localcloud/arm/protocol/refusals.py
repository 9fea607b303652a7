"""ARM's refusals as data: status, code, text and target of every one the emulator gives.

Texts are Azure's own, from recorded traffic, Microsoft's troubleshooting pages and issues that
quote real output. One below the comment `Made up.` is in its style, as no real text is known.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """HTTP status, code, text and target; `{names}` are filled in."""

    status: int
    code: str
    message: str
    target: str | None = None


TABLE: dict[str, Row] = {
    "resource missing": Row(
        404,
        "ResourceNotFound",
        "The Resource '{resource}' under resource group '{group}' was not found. For more details "
        "please go to https://aka.ms/ARMResourceNotFoundFix",
    ),
    "group missing": Row(
        404,
        "ResourceGroupNotFound",
        "Resource group '{group}' could not be found.",
    ),
    "group name": Row(
        400,
        "InvalidResourceGroup",
        "The provided resource group name '{name}' has these invalid characters: '{wrong}'. The name "
        "can only be a letter, digit, '-', '.', '(', ')' or '_'.",
    ),
    # Made up.
    "group name length": Row(
        400,
        "InvalidResourceGroup",
        "The provided resource group name '{name}' has a length of '{length}' which exceeds the "
        "maximum length of '{most}'.",
    ),
    "entity name": Row(
        400,
        "InvalidParameter",
        "The entity name 'name' is invalid according to its validation rule: "
        "^[^_\\W][\\w-._]{{0,79}}(?<![-.])$.",
        "name",
    ),
    "disk name": Row(
        400, "InvalidParameter", "The value of parameter disk.name is invalid.", "disk.name"
    ),
    "subscription missing": Row(
        404,
        "SubscriptionNotFound",
        "The subscription '{subscription}' could not be found.",
    ),
    "parent missing": Row(
        404,
        "ParentResourceNotFound",
        "Can not perform requested operation on nested resource. "
        "Parent resource '{parent}' not found.",
    ),
    "path unknown": Row(
        404,
        "InvalidResourceType",
        "The resource type could not be found in the namespace '{namespace}' for api version "
        "'{api}'.",
    ),
    "operation missing": Row(404, "NotFound", "The entity was not found."),
    "api version missing": Row(
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    ),
    "api version unknown": Row(
        400,
        "NoRegisteredProviderFound",
        "No registered resource provider found for location '{location}' and API version '{api}' "
        "for type '{type}'. The supported api-versions are '{supported}'. The supported locations "
        "are '{locations}'.",
    ),
    "method": Row(
        405,
        "MethodNotAllowed",
        "The requested resource does not support http method '{method}'.",
    ),
    "body": Row(
        400,
        "InvalidRequestContent",
        "The request content was invalid and could not be deserialized: '{reason}'.",
    ),
    "location missing": Row(
        400,
        "LocationRequired",
        "The location property is required for this definition.",
    ),
    "location changed": Row(
        409,
        "InvalidResourceLocation",
        "The resource '{name}' already exists in location '{location}' in resource group "
        "'{group}'. A resource with the same name cannot be created in location '{other}'. Please "
        "select a new resource name.",
    ),
    "required": Row(
        400,
        "InvalidParameter",
        "Required parameter '{parameter}' is missing (null).",
        "{parameter}",
    ),
    "value": Row(
        400,
        "InvalidParameter",
        "The value '{value}' of parameter '{parameter}' is invalid.",
        "{parameter}",
    ),
    "children": Row(
        409,
        "CannotDeleteResource",
        "Cannot delete resource while nested resources exist. Some existing nested resource IDs "
        "include: '{children}'. Please delete all nested resources before deleting this resource.",
    ),
    "locked": Row(
        409,
        "ScopeLocked",
        "The scope '{scope}' cannot perform {action} operation because following scope(s) are "
        "locked: '{locks}'. Please remove the lock and try again.",
    ),
    "property changed": Row(
        409,
        "PropertyChangeNotAllowed",
        "Changing property '{path}' is not allowed.",
        "{path}",
    ),
    "marked for deletion": Row(
        409,
        "OperationNotAllowed",
        "Operation '{operation}' is not on allowed on {name}; since it is marked for deletion. You "
        "can only retry the Delete operation (or wait for an ongoing one to complete)",
    ),
    # Made up.
    "failed version": Row(
        409,
        "OperationNotAllowed",
        "Operation 'Update Gallery Image Version' is not allowed on {name}; since its creation "
        "has failed. Please delete it and create it again.",
    ),
    "source resource missing": Row(404, "NotFound", "Resource {name} is not found."),
    # Made up.
    "disk sources": Row(
        400,
        "InvalidParameter",
        "Exactly one of 'snapshot', 'managedDisk' and 'blobUri' can be the source of disk '{disk}'.",
        "{disk}",
    ),
    "region": Row(
        400,
        "LocationNotAvailableForResourceType",
        "The provided location '{location}' is not available for resource type '{type}'. List of "
        "available regions for the resource type is '{locations}'.",
    ),
    "image in use": Row(
        409,
        "OperationNotAllowed",
        "Operation 'Image Delete' is not allowed since the Virtual Machines '{machines}' are being "
        "provisioned using the Image '{image}'.",
    ),
    "image region": Row(
        400,
        "InvalidParameter",
        "The source {kind} {uri} does not belong to the same region as the disk.",
        "disks",
    ),
    "trusted launch": Row(
        400,
        "BadRequest",
        "Managed Images are not supported for virtual machines with security type TrustedLaunch.",
    ),
    "image missing": Row(
        404,
        "NotFound",
        "The Image '{id}' cannot be found in '{region}' region.",
        "imageReference",
    ),
    "image not replicated": Row(
        404,
        "GalleryImageNotFound",
        "The gallery image {id} is not available in {region} region. Please contact image owner to "
        "replicate to this region, or change your requested region.",
        "imageReference",
    ),
    # Made up.
    "lun missing": Row(
        400,
        "InvalidParameter",
        "The image {id} has no data disk with the LUN {lun}.",
        "creationData.{parameter}.lun",
    ),
    "denied": Row(
        403,
        "AuthorizationFailed",
        "The client '{client}' with object id '{principal}' does not have authorization to perform "
        "action '{action}' over scope '{scope}' or the scope is invalid. If access was recently "
        "granted, please refresh your credentials.",
    ),
    "no token": Row(
        401,
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
    ),
    "bad token": Row(401, "InvalidAuthenticationToken", "The access token is invalid."),
    "expired token": Row(
        401,
        "ExpiredAuthenticationToken",
        "The access token expiry UTC time '{expiry}' is earlier than current UTC time '{now}'.",
    ),
    "audience": Row(
        401,
        "InvalidAuthenticationTokenAudience",
        "The access token has been obtained for wrong audience or resource '{audience}'. It should "
        "exactly match with one of the allowed audiences '{allowed}'.",
    ),
}
