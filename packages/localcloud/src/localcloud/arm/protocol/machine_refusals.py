"""ARM's refusals of virtual machines as data, and the ends of a provisioning that goes wrong.

Texts are Azure's own, from Microsoft's pages and from issues and logs that quote real output; no recording has one.
"""

from __future__ import annotations

from localcloud.arm.protocol.refusals import Row

TABLE: dict[str, Row] = {
    "machine quota": Row(
        409,
        "OperationNotAllowed",
        "Operation could not be completed as it results in exceeding approved {family} Cores quota. "
        "Additional details - Deployment Model: Resource Manager, Location: {region}, Current Limit: 4, "
        "Current Usage: 4, Additional Required: 2, (Minimum) New Limit Required: 6.",
    ),
    "machine size": Row(
        409,
        "SkuNotAvailable",
        "The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: "
        "{size}' is currently not available in location '{region}'. Please try another size or deploy "
        "to a different location or different zone. See https://aka.ms/azureskunotavailable for "
        "details.",
    ),
    "machine policy": Row(
        403,
        "RequestDisallowedByPolicy",
        "Resource '{name}' was disallowed by policy. Policy identifiers: "
        '\'[{{"policyAssignment":{{"name":"No test machines"}}}}]\'.',
        "{name}",
    ),
    "machine plan": Row(
        400,
        "VMMarketplaceInvalidInput",
        "Creating a virtual machine from Marketplace image or a custom image sourced from a Marketplace "
        "image requires Plan information in the request. VM: '{id}'.",
    ),
    "machine terms": Row(
        400,
        "ResourcePurchaseValidationFailed",
        "User failed validation to purchase resources. Error message: 'Legal terms have not been "
        "accepted for this item on this subscription: '{subscription}'. To accept legal terms using "
        "PowerShell, please use Get-AzureRmMarketplaceTerms and Set-AzureRmMarketplaceTerms "
        "API(https://go.microsoft.com/fwlink/?linkid=862451) or deploy via the Azure portal to accept "
        "the terms'",
    ),
    "reference missing": Row(
        400,
        "InvalidResourceReference",
        "Resource {reference} referenced by resource {id} was not found. Please make sure that the "
        "referenced resource exists, and that both resources are in the same region.",
    ),
    # Made up.
    "no boot diagnostics": Row(
        409,
        "OperationNotAllowed",
        "Boot diagnostics are not enabled for the virtual machine '{name}'.",
    ),
}

# The ends of a provisioning, by the name that a profile gives them: code and text.
FAILURES: dict[str, tuple[str, str]] = {
    "timeout": (
        "OSProvisioningTimedOut",
        (
            "OS Provisioning for VM '{name}' did not finish in the allotted time. The VM may still finish "
            "provisioning successfully. Please check provisioning state later. Also, make sure the image "
            "has been properly prepared (generalized)."
        ),
    ),
    "internal": (
        "OSProvisioningInternalError",
        "OS Provisioning failed for VM '{name}' due to an internal error.",
    ),
    "allocation": (
        "AllocationFailed",
        (
            "Allocation failed. We do not have sufficient capacity for the requested VM size in this "
            "region. Read more about improving likelihood of allocation success at "
            "https://aka.ms/allocation-guidance"
        ),
    ),
}
