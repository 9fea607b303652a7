"""The roles that each route needs, and those that each kind of proof can carry. What stands in no table is refused."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from domain.callers.actors import ActorKind, Caller, Proof, Role


class Rule(StrEnum):
    """The rule that a refusal rests on, as an answer names it."""

    ROUTE = "route"
    CALLER = "caller"
    PROOF = "proof"
    ROLE = "role"
    APPROVER = "approver"
    OWN_REQUEST = "ownRequest"
    SEAL = "seal"


class Refusal(NamedTuple):
    """The reason why somebody may not do something: the rule, and in words what to do."""

    rule: Rule
    text: str


_ANY = frozenset(Role)

NEEDS: Mapping[str, frozenset[Role]] = {
    "start_migration": frozenset({Role.SUBMIT}),
    "list_migrations": _ANY,
    "read_migration": _ANY,
    "read_statement": _ANY,
    "decide": frozenset({Role.APPROVE}),
    # It keeps the image, so whoever may begin or judge a deletion may stop it.
    "cancel_migration": frozenset({Role.SUBMIT, Role.APPROVE, Role.ADMIN}),
    "restore": frozenset({Role.ADMIN}),
    "plan_only": _ANY,
    "start_test": frozenset({Role.SUBMIT}),
    "read_test": _ANY,
    "list_galleries": _ANY,
    "list_images": _ANY,
    "read_references": _ANY,
    "read_audit": _ANY,
    "check_audit": frozenset({Role.ADMIN}),
    "begin_epoch": frozenset({Role.ADMIN}),
    "read_gate": _ANY,
    "emergency_stop": frozenset({Role.ADMIN}),
    "health": _ANY,
}
"""By handler: the roles of which a caller needs one. Every role may look."""

CARRIES: Mapping[Proof, frozenset[Role]] = {
    Proof.HEADER: frozenset({Role.READ, Role.SUBMIT}),
    Proof.TOKEN: frozenset(Role),
    Proof.KEY: frozenset({Role.READ, Role.SUBMIT}),
    Proof.SIGNATURE: frozenset(),
    Proof.SYSTEM_KEY: frozenset(),
}
"""By proof: the roles that it can carry, whatever its bearer was given."""

SIGNED_ROUTES = frozenset({"decide"})
"""The handlers that take a webhook's signature in the place of a role."""


def refusal_of(handler: str, caller: Caller) -> Refusal | None:
    """Return why this caller may not use a route, or None if it may."""
    needed = NEEDS.get(handler)
    if needed is None:
        return Refusal(Rule.ROUTE, f"Nobody may use {handler}: no rule says who.")
    if caller.kind is ActorKind.WEBHOOK:
        return None if handler in SIGNED_ROUTES else _only_decides(caller)
    if caller.kind is ActorKind.EVENT:
        return Refusal(Rule.CALLER, "Events use no routes.")
    usable = CARRIES[caller.proof] & set(caller.roles)
    if usable & needed:
        return None
    names = _listed(needed)
    if set(caller.roles) & needed:
        return _weak_proof(caller, names)
    return Refusal(
        Rule.ROLE, f"{caller.words} needs {names}, and has {_listed(caller.roles, ' and ')}."
    )


def _only_decides(caller: Caller) -> Refusal:
    return Refusal(Rule.CALLER, f"{caller.words} only decides; it may do nothing else.")


def _weak_proof(caller: Caller, names: str) -> Refusal:
    """The caller was given the role, but what it showed does not carry it."""
    why = f": {caller.flaw}" if caller.flaw else ""
    return Refusal(
        Rule.PROOF,
        f"{names} is not carried by the {caller.proof} that {caller.words} was recognised by{why}. "
        "Sign in, or send an access token of the deployment's Entra application.",
    )


def _listed(roles: frozenset[Role] | tuple[Role, ...], between: str = " or ") -> str:
    return between.join(role for role in Role if role in roles) or "no role"
