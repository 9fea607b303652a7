"""The people of the local tenant, and the app roles that each was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in, or an application; `name` is what they type, `oid` what never changes."""

    name: str
    display_name: str
    oid: str
    roles: tuple[str, ...] = ()
    application: bool = False

    @property
    def address(self) -> str:
        """The user principal name."""
        return f"{self.name}@contoso.example"


def _oid(number: int) -> str:
    return f"0a0a0a0a-0000-4000-8000-{number:012d}"


ACCOUNTS = (
    Account("ada", "Ada Lovelace", _oid(1)),
    Account("grace", "Grace Hopper", _oid(2)),
    Account("alan", "Alan Turing", _oid(3)),
    Account("mary", "Mary Jackson", _oid(4)),
    Account("pipeline", "A pipeline", _oid(9), application=True),
)


def with_roles(
    roles: Mapping[str, Sequence[str]], accounts: Iterable[Account] = ACCOUNTS
) -> tuple[Account, ...]:
    """The accounts with the roles that an app gives them, by name."""
    return tuple(replace(account, roles=tuple(roles.get(account.name, ()))) for account in accounts)
