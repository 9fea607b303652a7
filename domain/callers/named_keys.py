"""Named keys: what a script shows. Settings hold their SHA-256 only, and what each may do."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from domain.callers.access import CARRIES
from domain.callers.actors import ActorKind, Caller, Proof, Role
from domain.values import StrictModel

SHORTEST_KEY = 32
"""Characters: what is shorter is no key of 24 random bytes in base64, and is compared with none."""

Oid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class NamedKey(StrictModel):
    """One entry of the setting: `owners` are the oids of the people who answer for it."""

    name: Name
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    roles: Annotated[list[Annotated[Role, Field(strict=False)]], Field(min_length=1)]
    owners: Annotated[list[Oid], Field(min_length=1)]


def entry_problems(keys: Sequence[NamedKey]) -> list[str]:
    """Everything that is wrong with the entries taken together, each with its place."""
    wrong, names, hashes = [], set[str](), set[str]()
    for number, key in enumerate(keys):
        if key.name.lower() in names:
            wrong.append(f"[{number}].name: '{key.name}' is used twice")
        if key.sha256 in hashes:
            wrong.append(f"[{number}].sha256: another entry has the same key")
        if excess := [role for role in key.roles if role not in CARRIES[Proof.KEY]]:
            wrong.append(f"[{number}].roles: a key never has {' or '.join(excess)}")
        names.add(key.name.lower())
        hashes.add(key.sha256)
    return wrong


def caller_of_key(shown: str, keys: Sequence[NamedKey]) -> Caller | None:
    """The caller whose key was shown, or None. Every entry is compared, each in constant time."""
    digest = hashlib.sha256(shown.encode()).hexdigest()
    long_enough = len(shown) >= SHORTEST_KEY
    matching = [key for key in keys if hmac.compare_digest(digest, key.sha256) and long_enough]
    if len(matching) != 1:
        return None
    [key] = matching
    return Caller(
        kind=ActorKind.KEY,
        id=key.name,
        label=key.name,
        owners=tuple(key.owners),
        proof=Proof.KEY,
        roles=tuple(key.roles),
    )
