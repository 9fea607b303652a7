"""Callers: people, applications, named keys, webhook secrets, events.

An `Actor` is who did something, as it is recorded; a `Caller` is an actor at the moment of asking, with what proves it
and the roles it has. People and applications are their object ids in Entra (`oid`), which nobody can choose or rename;
keys and secrets have names and owners in the settings.
"""

from enum import StrEnum

from domain.values import Message


class Role(StrEnum):
    """An app role of the deployment's Entra application."""

    READ = "Migration.Read"
    SUBMIT = "Migration.Submit"
    APPROVE = "Migration.Approve"
    ADMIN = "Migration.Admin"


class ActorKind(StrEnum):
    """The kinds of those who can ask."""

    PERSON = "person"
    APPLICATION = "application"
    KEY = "key"
    WEBHOOK = "webhook"
    EVENT = "event"


class Proof(StrEnum):
    """The thing that a caller was recognised by. A header is App Service's word alone, which an app setting can
    override; a token's signature was verified here."""

    HEADER = "header"
    TOKEN = "token"  # noqa: S105 - a kind, no secret
    KEY = "key"
    SIGNATURE = "signature"
    SYSTEM_KEY = "systemKey"


class Actor(Message):
    """Somebody who did something. `id`: an oid, or the name of a key or secret; `label`: what people call it, which
    proves nothing. `owners`: the oids of those who answer for a key or secret, or who caused an event."""

    kind: ActorKind
    id: str
    label: str = ""
    owners: tuple[str, ...] = ()

    @property
    def identities(self) -> frozenset[str]:
        """Everybody who is behind it: two actors with one in common may be the same person."""
        own = _ENTRA if self.kind in _IN_ENTRA else f"{self.kind}:"
        owners = {_ENTRA + owner.lower() for owner in self.owners}
        return frozenset({own + self.id.lower(), *owners})

    @property
    def words(self) -> str:
        """The actor in words, for people: its label, and what it is."""
        named = f"{self.label} ({self.kind} {self.id})"
        return named if self.label and self.label != self.id else f"{self.kind} {self.id}"


class Caller(Actor):
    """An actor that asks now. `flaw`: why it has no better proof, in words."""

    proof: Proof
    roles: tuple[Role, ...] = ()
    flaw: str = ""

    @property
    def actor(self) -> Actor:
        """The part that is recorded: roles and proof hold for the moment only."""
        return Actor(kind=self.kind, id=self.id, label=self.label, owners=self.owners)


_ENTRA = "entra:"
_IN_ENTRA = frozenset({ActorKind.PERSON, ActorKind.APPLICATION})


def known_roles(names: object) -> tuple[Role, ...]:
    """The roles among some names, each once, in the order of `Role`. Names are compared to the letter."""
    texts = {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()
    return tuple(role for role in Role if role.value in texts)
