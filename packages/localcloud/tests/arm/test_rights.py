"""Reads that an identity has no right to: refusals in ARM's words, for the action and the scope of the call."""

from __future__ import annotations

from typing import Any

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
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    who = arm.cloud.tokens.identity
    assert refused.json()["error"]["message"] == (
        f"The client '{who.client}' with object id '{who.principal}' does not have authorization to "
        f"perform action '{action}' over scope '{scope.replace('{s}', here)}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials."
    )


def test_a_fault_may_meet_one_identity_only(arm: Driver) -> None:
    """By its client id, which the log has of every call: the others go on, with rights of their own."""
    arm.image()
    reader, deleter = "11111111-0000-0000-0000-000000000000", "22222222-0000-0000-0000-000000000000"
    rules = [
        {"what": "status", "status": 403, "method": "DELETE", "client": reader},
        {"what": "unseen", "rows": "/images/", "client": deleter},
    ]
    arm.cloud.faults.set([read_rule(rule) for rule in rules])
    tokens = {
        client: arm.cloud.tokens.issue(arm.cloud.url, client=client)[0]
        for client in (reader, deleter)
    }

    def call(method: str, path: str, client: str) -> Any:
        return arm.call(method, path, headers={"Authorization": f"Bearer {tokens[client]}"})

    refused = call("DELETE", "images/web", reader)
    assert error(refused) == (403, "AuthorizationFailed")
    assert f"The client '{reader}' with object id" in refused.json()["error"]["message"]
    assert len(call("GET", "images", reader).json()["value"]) == 1
    assert call("GET", "images", deleter).json()["value"] == []
    assert call("DELETE", "images/web", deleter).status_code == 202
    lines = [line for line in arm.cloud.requests if line["client"] in tokens]
    assert [(line["method"], line["client"], line["status"]) for line in lines] == [
        ("DELETE", reader, 403),
        ("GET", reader, 200),
        ("GET", deleter, 200),
        ("DELETE", deleter, 202),
    ]


def test_a_fault_may_say_it_otherwise(arm: Driver) -> None:
    """A code and a message of the rule's own win."""
    arm.image()
    rule = {"what": "status", "status": 403, "code": "RequestDisallowedByPolicy", "message": "no"}
    arm.cloud.faults.set([read_rule(rule)])
    refused = arm.call("GET", "images/web")
    assert refused.json()["error"] == {"code": "RequestDisallowedByPolicy", "message": "no"}
