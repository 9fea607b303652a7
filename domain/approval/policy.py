"""The deployment's rules of approval: who may approve which images, how many it takes, for how long, how soon.

They are settings, never the requester's wish. The first entry whose globs match an image's id rules it; what an entry
leaves out, and images that none matches, have the deployment's own values.
"""

from collections.abc import Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from domain.callers.access import Refusal, Rule
from domain.callers.actors import Actor, ActorKind
from domain.callers.named_keys import Name, Oid
from domain.ids import parse_image_id
from domain.values import Message, StrictModel

MOST_VOICES = 20


class ApprovalPolicy(Message):
    """The rules for one image. `approvers`: oids of people and applications; `webhooks`: names of secrets. `validity`
    counts from the end of the quiet time, which lies between promotion and deletion."""

    approvers: tuple[str, ...] = ()
    webhooks: tuple[str, ...] = ()
    quorum: int = 1
    validity: timedelta = timedelta(days=1)
    quiet_time: timedelta = timedelta(0)

    def lists(self, actor: Actor) -> bool:
        """Return True if the rules name this actor as somebody who may approve."""
        if actor.kind is ActorKind.WEBHOOK:
            return actor.id in self.webhooks
        named = actor.kind in (ActorKind.PERSON, ActorKind.APPLICATION)
        return named and actor.id.lower() in {oid.lower() for oid in self.approvers}

    @property
    def voices(self) -> int:
        """The most voices that there can be."""
        return len(set(self.approvers)) + len(set(self.webhooks))


class Images(StrictModel):
    """Globs that an image's id must match, all of them. Tags are no part of it: whoever may write them would choose
    the approvers."""

    subscription: str = "*"
    resource_group: str = "*"
    name: str = "*"


class PolicyEntry(StrictModel):
    """One entry of the setting: the rules of the images that it matches, as far as they differ."""

    match: Images = Field(default_factory=Images)
    approvers: list[Oid] | None = None
    webhooks: list[Name] | None = None
    quorum: Annotated[int, Field(ge=1, le=MOST_VOICES)] | None = None
    validity: Annotated[timedelta, Field(ge=timedelta(minutes=1), strict=False)] | None = None
    quiet_time: Annotated[timedelta, Field(ge=timedelta(0), strict=False)] | None = None


def policy_for(
    image_id: str, entries: Sequence[PolicyEntry], default: ApprovalPolicy
) -> ApprovalPolicy:
    """The rules for an image."""
    entry = next((entry for entry in entries if _covers(entry.match, image_id)), None)
    return default if entry is None else ruled_by(entry, default)


def ruled_by(entry: PolicyEntry, default: ApprovalPolicy) -> ApprovalPolicy:
    """The rules of an entry, completed by the deployment's own."""
    said = {name: getattr(entry, name) for name in ApprovalPolicy.model_fields}
    lists = {name: tuple(value) for name, value in said.items() if isinstance(value, list)}
    given = {name: value for name, value in said.items() if value is not None}
    return default.model_copy(update={**given, **lists})


def approval_refusal(
    actor: Actor, requester: Actor | None, policy: ApprovalPolicy
) -> Refusal | None:
    """Return why this actor may not approve, or None if it may. Whoever asked may be unknown: then nobody may."""
    if refusal := listing_refusal(actor, policy):
        return refusal
    if requester is None:
        return Refusal(
            Rule.OWN_REQUEST,
            "It cannot be proven who asked for this migration, so nobody can be known not to approve their own. Cancel "
            "it, and ask for it again once SEALING_KEYS has a key.",
        )
    if actor.identities & requester.identities:
        return Refusal(
            Rule.OWN_REQUEST,
            f"{actor.words} may not approve what {requester.words} asked for: they are, or may be, one and the same "
            "person. Somebody else has to.",
        )
    return None


def listing_refusal(actor: Actor, policy: ApprovalPolicy) -> Refusal | None:
    """Return why this actor decides nothing about the image, or None if the rules list it. A rejection needs no more:
    it keeps the image."""
    if policy.lists(actor):
        return None
    return Refusal(
        Rule.APPROVER, f"{actor.words} is not among those who may approve for this image."
    )


def _covers(match: Images, image_id: str) -> bool:
    image = parse_image_id(image_id)
    pairs = (
        (image.subscription, match.subscription),
        (image.resource_group, match.resource_group),
        (image.name, match.name),
    )
    return all(fnmatchcase(text.lower(), glob.lower()) for text, glob in pairs)
