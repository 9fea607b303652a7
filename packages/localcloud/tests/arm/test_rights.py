"""What an identity may not read: refusals in ARM's words, for the action and the scope of the call."""

from __future__ import annotations

import pytest

from localcloud.arm.faults.rules import read_rule
from packages.localcloud.tests.arm.driving import Driver, error


@pytest.mark.parametrize(
    ("path", "action", "scope"),
    [
        (
            "{s}/providers/Microsoft.Compute/virtualMachines",
            "Microsoft.Compute/virtualMachines/read",
            "{s}",
        ),
        (
            "{s}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/a/virtualMachines",
            "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
            "{s}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/a",
        ),
        (
            "{s}/resourceGroups/rg/providers/Microsoft.Compute/images/web",
            "Microsoft.Compute/images/read",
            "{s}/resourceGroups/rg/providers/Microsoft.Compute/images/web",
        ),
        (
            "{s}/resourceGroups/rg/providers/Microsoft.Authorization/locks",
            "Microsoft.Authorization/locks/read",
            "{s}/resourceGroups/rg",
        ),
    ],
)
def test_a_fault_refuses_as_missing_rights_do(
    arm: Driver, path: str, action: str, scope: str
) -> None:
    """403 AuthorizationFailed names the identity, what it wanted and where."""
    arm.image()
    here = f"/subscriptions/{arm.cloud.subscription_ids[0]}"
    arm.cloud.faults.set([read_rule({"what": "status", "status": 403})])
    refused = arm.call("GET", path.replace("{s}", here))
    assert error(refused) == (403, "AuthorizationFailed")
    who = arm.cloud.tokens.identity
    assert refused.json()["error"]["message"] == (
        f"The client '{who.client}' with object id '{who.principal}' does not have authorization to "
        f"perform action '{action}' over scope '{scope.replace('{s}', here)}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials."
    )


def test_a_fault_may_say_it_otherwise(arm: Driver) -> None:
    """A code and a message of the rule's own win."""
    arm.image()
    rule = {"what": "status", "status": 403, "code": "RequestDisallowedByPolicy", "message": "no"}
    arm.cloud.faults.set([read_rule(rule)])
    refused = arm.call("GET", "images/web")
    assert refused.json()["error"] == {"code": "RequestDisallowedByPolicy", "message": "no"}
