"""The rights of identities: roles assigned at scopes. An identity without any assignment may do everything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from localcloud.arm.protocol.actions import need_of
from localcloud.arm.protocol.denials import denied
from localcloud.arm.protocol.tokens import Tokens
from localcloud.arm.state.model import Json


class RightsError(ValueError):
    """Assignments that cannot be read; the text names the field."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role at a scope. `*` in an action stands for any text, as in Azure's roles."""

    scope: str
    actions: tuple[str, ...]

    def allows(self, action: str, scope: str) -> bool:
        """Return True if the role has the action, and the scope lies at or below its own."""
        mine = self.scope.rstrip("/").lower()
        below = f"{scope.lower()}/".startswith(f"{mine}/")
        return below and any(_pattern(own).fullmatch(action) for own in self.actions)


@lru_cache(maxsize=1024)
def _pattern(action: str) -> re.Pattern[str]:
    return re.compile(re.escape(action).replace(r"\*", ".*"), re.IGNORECASE)


class Rights:
    """The assignments by client id."""

    def __init__(self, tokens: Tokens, kept: Json | None = None) -> None:
        self._tokens = tokens
        self._assigned = read_assignments(kept or {})

    def assign(self, assigned: Mapping[str, tuple[Assignment, ...]]) -> None:
        """Replace the assignments of these clients; an empty list leaves one without any limit again."""
        self._assigned = {
            client: roles for client, roles in {**self._assigned, **assigned}.items() if roles
        }

    def check(self, client: str, method: str, raw_path: str) -> None:
        """Raises ARM's 403 unless the client has the right that the call needs."""
        need = need_of(method, raw_path)
        if need is not None and not self.allows(client, need.action, need.scope):
            raise denied(self._tokens.identity_of(client), method, raw_path)

    def allows(self, client: str, action: str, scope: str) -> bool:
        """Return True if the client may do this there."""
        roles = self._assigned.get(client)
        return roles is None or any(role.allows(action, scope) for role in roles)

    def as_json(self) -> Json:
        """The assignments as they were sent."""
        return {
            client: [{"scope": role.scope, "actions": list(role.actions)} for role in roles]
            for client, roles in self._assigned.items()
        }


def read_assignments(raw: Any) -> dict[str, tuple[Assignment, ...]]:
    """The assignments of a JSON object: by client id a list of scopes with actions. Raises RightsError."""
    if not isinstance(raw, dict):
        raise RightsError("assignments are an object: by client id a list of roles")
    return {client: tuple(_roles(client, roles)) for client, roles in raw.items()}


def _roles(client: str, roles: Any) -> Iterable[Assignment]:
    if not isinstance(roles, list):
        raise RightsError(f"{client} must have a list of roles")
    for role in roles:
        if not isinstance(role, dict) or set(role) != {"scope", "actions"}:
            raise RightsError(f"a role of {client} must have scope and actions, and nothing else")
        scope, actions = role["scope"], role["actions"]
        if not isinstance(scope, str) or not scope.startswith("/"):
            raise RightsError(f"the scope of a role of {client} must be a path")
        if not isinstance(actions, list) or not all(isinstance(name, str) for name in actions):
            raise RightsError(f"the actions of a role of {client} must be a list of texts")
        yield Assignment(scope, tuple(actions))
