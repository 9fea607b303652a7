"""The plan of a wave, as data drawn from a seed: the migrations, and in each round the death or mishap."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.crash.evidence import Json
from tests.crash.intents import Intent, Wish

WISHES = (
    *(Wish.APPROVE,) * 4,
    *(Wish.CANCEL,) * 2,
    *(Wish.REJECT, Wish.EXPIRE, Wish.KEEP, Wish.EVENT, Wish.FAIL),
)
# In how many rounds later.
STARTS, CANCELS = 4, 4
LEADS = ("PT0S", "PT1M", "PT15M", "PT30M")
ADVANCES = ("PT1M", "PT10M", "PT20M", "PT30M", "PT1H")
# Shares of the rounds; in the others nothing happens.
DEATHS, TROUBLES = 0.65, 0.2
WRITES, ANY = "PUT|DELETE", ".*"
UNLUCKY: tuple[Json, ...] = (
    {"what": "reset", "when": "after", "method": WRITES, "probability": 0.5, "count": 3},
    {"what": "reset", "when": "before", "probability": 0.2, "count": 8},
    {"what": "status", "status": 429, "retryAfter": 60, "probability": 0.2, "count": 8},
    {"what": "status", "status": 503, "probability": 0.2, "count": 8},
    {"what": "truncated", "when": "after", "probability": 0.2, "count": 8},
)


@dataclass(frozen=True)
class AtMoment:
    """The runtime dies this many real seconds into the round."""

    seconds: float


@dataclass(frozen=True)
class AtCall:
    """The runtime dies at the round's nth call of these methods, before it (it is lost), after its effect, or while it
    is on its way: then it arrives after the restart."""

    nth: int
    method: str
    moment: str

    @property
    def rule(self) -> Json:
        """The fault that holds, or swallows, the call."""
        what = "timeout" if self.moment == "before" else "hold"
        when = "after" if self.moment == "after" else "before"
        return {"what": what, "when": when, "nth": self.nth, "method": self.method}


@dataclass(frozen=True)
class SetBack:
    """The runtime dies, and its histories are put back to what they were when the round began, as if no result of an
    activity had been stored since: all of them run twice. The callers rest, since their events would be lost too."""

    seconds: float


@dataclass(frozen=True)
class Locked:
    """Somebody else has a write lock on the records or the histories for a while."""

    file: str
    seconds: float


@dataclass(frozen=True)
class FullDisk:
    """For a while no file of the runtime can grow beyond what the records' log has."""

    seconds: float


@dataclass(frozen=True)
class Unlucky:
    """ARM's answers are lost, refused or cut off."""

    rule: Json


@dataclass(frozen=True)
class Calm:
    """Nothing."""


Mishap = Calm | AtMoment | AtCall | SetBack | Locked | FullDisk | Unlucky
Death = AtMoment | AtCall | SetBack


@dataclass(frozen=True)
class Round:
    """First an undisturbed step of the clock, the `lead`; then another, and what happens meanwhile."""

    number: int
    lead: str
    advance: str
    mishap: Mishap


def intents(seed: int, first_round: int = 0) -> list[Intent]:
    """A fleet of migrations that begin in this round and the next ones."""
    random = Random(f"{seed}|fleet|{first_round}")
    return [
        Intent(
            # Images whose names begin with auto- are those that Event Grid's mapping covers.
            name=f"{'auto-' if wish is Wish.EVENT else 'kill-'}{wish.value}-{first_round}-{number}",
            wish=wish,
            start=(start := first_round + random.randint(0, STARTS)),
            cancel=start + random.randint(0, CANCELS),
            auto=number % 4 == 1,
        )
        for number, wish in enumerate(WISHES)
    ]


def plan_round(seed: int, number: int) -> Round:
    """The round of that number; the first has no lead, so that starts meet deaths too."""
    random = Random(f"{seed}|{number}")
    lead = LEADS[0] if number == 0 else random.choice(LEADS)
    return Round(number, lead, random.choice(ADVANCES), _mishap(random))


def _mishap(random: Random) -> Mishap:
    share = random.random()
    if share < DEATHS:
        return _death(random)
    return _trouble(random) if share < DEATHS + TROUBLES else Calm()


def _death(random: Random) -> Death:
    kind = random.random()
    if kind < 0.4:
        return AtMoment(random.uniform(0.02, 1.5))
    if kind < 0.6:
        return SetBack(random.uniform(0.2, 1.5))
    method = random.choice((WRITES, WRITES, ANY))
    nth = random.randint(1, 3 if method == WRITES else 30)
    return AtCall(nth, method, random.choice(("before", "after", "late")))


def _trouble(random: Random) -> Mishap:
    kinds: list[Mishap] = [
        Locked("records", random.choice((0.5, 1.0, 5.5))),
        Locked("histories", random.uniform(0.3, 1.0)),
        FullDisk(random.uniform(0.3, 1.0)),
        Unlucky(random.choice(UNLUCKY)),
    ]
    return random.choice(kinds)
