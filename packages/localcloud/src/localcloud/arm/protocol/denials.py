"""The 403 of a call that the identity has no right to make."""

from __future__ import annotations

from localcloud.arm.protocol.actions import need_of
from localcloud.arm.protocol.errors import ArmError, refusal
from localcloud.arm.protocol.tokens import Identity


def denied(identity: Identity, method: str, raw_path: str) -> ArmError:
    """AuthorizationFailed for the action and the scope that the call names."""
    need = need_of(method, raw_path)
    return refusal(
        "denied",
        client=identity.client,
        principal=identity.principal,
        action=need.action if need else "Microsoft.Resources/subscriptions/read",
        scope=need.scope if need else "/",
    )
