"""The 403 of a call that the identity has no right to make."""

from __future__ import annotations

from localcloud.arm.protocol import paths
from localcloud.arm.protocol.errors import ArmError, refusal
from localcloud.arm.protocol.tokens import Identity

_VERBS = {"GET": "read", "HEAD": "read", "DELETE": "delete", "POST": "action"}


def denied(identity: Identity, method: str, raw_path: str) -> ArmError:
    """AuthorizationFailed for the action and the scope that the call names."""
    path = raw_path.partition("?")[0]
    target = paths.parse(path)
    scope = target.path if target else path
    # The right to list is needed on what the list belongs to.
    if target is not None and target.is_collection:
        scope = scope.rpartition("/providers/" if len(target.types) == 1 else "/")[0]
    kind = target.type if target else path.removeprefix("/providers/")
    return refusal(
        "denied",
        client=identity.client,
        principal=identity.principal,
        action=f"{kind}/{_VERBS.get(method, 'write')}",
        scope=scope,
    )
