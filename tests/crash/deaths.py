"""The deaths of a run, as data drawn from a seed: which migrations there are, and which process dies when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from random import Random

from tests.crash.evidence import Json
from tests.crash.intents import Intent, Wish

STAGES = (
    "planning",
    "definition",
    "version",
    "replication",
    "approval",
    "promotion",
    "deletion",
)
# At least.
IN_FLIGHT = 10
# The first stages are short: a migration that shall die in one must have just come.
FIRST_STAGES, NEWCOMERS = STAGES[:3], 2
# For so many deaths of a worker, a host is killed once and ended in good order once.
HOSTS_SHARE = 10
# Seconds without a death.
PAUSES = (1.0, 6.0)
# Both name the version, so that a rule takes no other call.
FAILING: Json = {"what": "replication", "outcome": "fail", "region": "westeurope"}
NEVER: Json = {"what": "replication", "outcome": "late", "region": "westeurope", "seconds": 10**7}
# The DELETE of some images never arrives: a worker that dies before it gives up leaves an intent of which nothing came.
LOST: Json = {
    "what": "timeout",
    "path": f"kill-{Wish.APPROVE.value}-.*-x\\?",
    "method": "DELETE",
    "every": 4,
}
# Calls that take their time make the short stages long enough to die in.
SLOW: Json = {"what": "slow", "seconds": 0.7}
RULES = (
    {**FAILING, "path": f"kill-{Wish.FAIL.value}-", "method": "PUT"},
    {**NEVER, "path": f"kill-{Wish.WITHDRAW.value}-", "method": "PUT"},
    LOST,
    SLOW,
)


class Who(StrEnum):
    """The process that dies, and the manner."""

    WORKER = "worker killed"
    HOST = "host killed"
    ENDED = "host ended"


@dataclass(frozen=True)
class Death:
    """After so many quiet seconds."""

    who: Who
    pause: float


@dataclass(frozen=True)
class Kind:
    """A kind of migration: what is compared with each other is of one kind."""

    wish: Wish
    auto: bool = False
    timeout: str = ""


KINDS = (
    Kind(Wish.APPROVE),
    Kind(Wish.APPROVE, auto=True),
    Kind(Wish.REJECT),
    Kind(Wish.EXPIRE, timeout="PT1M"),
    Kind(Wish.CANCEL),
    Kind(Wish.WITHDRAW),
    Kind(Wish.KEEP, auto=True),
    Kind(Wish.FAIL),
)
# Only what is approved comes to its deletion, so half of them are.
DRAWN = (*KINDS[:2] * 3, *KINDS[2:])


def kind_of(intent: Intent) -> Kind:
    """Return the kind of twin that belongs to the intent."""
    return Kind(intent.wish, intent.auto, intent.timeout)


def intent_of(kind: Kind, name: str) -> Intent:
    """A migration of that kind."""
    image = f"kill-{kind.wish.value}-{name}"
    return Intent(image, kind.wish, auto=kind.auto, alone=True, timeout=kind.timeout)


def fleet(seed: int) -> Iterator[Intent]:
    """Migrations without end, every kind of them among each dozen."""
    random = Random(f"{seed}|fleet")
    for dozen in count():
        for number, kind in enumerate(random.sample(DRAWN, len(DRAWN))):
            yield intent_of(kind, f"{dozen}-{number}-x")


def deaths(seed: int, kills: int) -> list[Death]:
    """So many of workers, and the hosts' among them."""
    random = Random(f"{seed}|deaths")
    hosts = max(1, kills // HOSTS_SHARE)
    who = [Who.WORKER] * kills + [Who.HOST, Who.ENDED] * hosts
    random.shuffle(who)
    return [Death(one, random.uniform(*PAUSES)) for one in who]
