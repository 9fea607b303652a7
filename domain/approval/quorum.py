"""The votes on a deletion, counted.

1. Any rejection ends it: whoever may approve could cast it, and a doubt keeps the image.
2. An approval counts if it came before the deadline, from somebody who may approve now, and was not withdrawn since.
3. Approvals are voices: one for each person and each secret, and two that may be the same person (a secret and its
   owner) are one. It is approved when there are as many as the rules ask for.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from domain.approval.decisions import Decision
from domain.approval.policy import ApprovalPolicy, approval_refusal
from domain.callers.actors import Actor
from domain.values import Message


class Vote(Message):
    """One verified decision."""

    key: str
    by: Actor
    kind: Decision
    at: datetime


class Ballot(Message):
    """The question that is voted on: under which rules, asked for by whom, until when."""

    policy: ApprovalPolicy
    requester: Actor | None
    deadline: datetime


class Tally(Message):
    """The sum of the votes. `rejection`: the first, if there is any; `approvals`: those that count, one for each voice,
    in their order; `refused`: why others do not, by key."""

    needed: int
    approvals: tuple[Vote, ...] = ()
    rejection: Vote | None = None
    refused: dict[str, str] = {}

    @property
    def approved(self) -> bool:
        """True if there are enough approvals, and no rejection."""
        return self.rejection is None and len(self.approvals) >= self.needed > 0

    @property
    def quorum(self) -> frozenset[str]:
        """The keys of the approvals that made the number full; nothing while it is not."""
        full = self.approvals[: self.needed] if self.approved else ()
        return frozenset(vote.key for vote in full)

    @property
    def decisive(self) -> Vote | None:
        """The vote that settled it: the rejection, or the approval that made the number full."""
        return self.rejection or (self.approvals[self.needed - 1] if self.approved else None)


def tally(votes: Sequence[Vote], ballot: Ballot) -> Tally:
    """The sum of the votes under the rules of now."""
    # Of what came at one moment a withdrawal is the last: a doubt keeps the image.
    ordered = sorted(votes, key=lambda v: (v.at, v.kind is Decision.WITHDRAW, v.key))
    refused: dict[str, str] = {}
    counting = [vote for vote in _standing(ordered) if _counts(vote, ballot, refused)]
    rejections = (vote for vote in ordered if vote.kind is Decision.REJECT)
    return Tally(
        needed=ballot.policy.quorum,
        approvals=tuple(sorted(_voices(counting), key=lambda vote: (vote.at, vote.key))),
        rejection=next(rejections, None),
        refused=refused,
    )


def valid_until(tallied: Tally, policy: ApprovalPolicy) -> datetime | None:
    """The last moment of an approval: its validity behind the quiet time, from the vote that settled it."""
    settled = tallied.decisive if tallied.approved else None
    return settled.at + policy.quiet_time + policy.validity if settled else None


def quiet_until(promoted_at: datetime | None, quiet_time: timedelta) -> datetime | None:
    """The end of the quiet time; None, which no moment has reached, while nothing is known to be promoted."""
    return promoted_at + quiet_time if promoted_at else None


def _standing(ordered: Sequence[Vote]) -> Iterator[Vote]:
    """The approvals that were not withdrawn: each voice's first since its last withdrawal."""
    held: dict[tuple[str, str], Vote] = {}
    for vote in ordered:
        voice = (vote.by.kind.value, vote.by.id.lower())
        if vote.kind is Decision.APPROVE:
            held.setdefault(voice, vote)
        else:
            held.pop(voice, None)
    yield from held.values()


def _counts(vote: Vote, ballot: Ballot, refused: dict[str, str]) -> bool:
    refusal = approval_refusal(vote.by, ballot.requester, ballot.policy)
    if vote.at >= ballot.deadline:
        refused[vote.key] = f"it was received after the deadline {ballot.deadline.isoformat()}"
    elif refusal:
        refused[vote.key] = refusal.text
    return vote.key not in refused


def _voices(counting: Sequence[Vote]) -> Iterator[Vote]:
    """One vote for each person: those with the fewest identities first, so that a secret takes no voice from the people
    who own it."""
    heard = set[str]()
    for vote in sorted(counting, key=lambda vote: (len(vote.by.identities), vote.at, vote.key)):
        if not heard & vote.by.identities:
            heard |= vote.by.identities
            yield vote
