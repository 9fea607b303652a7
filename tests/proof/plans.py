"""Moves that carry one migration to its end, with one condition broken on the way, or none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.proof import people, records
from tests.proof.changes import COMMON, OWN, mended
from tests.proof.conditions import Condition
from tests.proof.decisions import FLAWED, cancel, flawed, said_by
from tests.proof.driving import Driver
from tests.proof.people import KEY, SECRET, SECRET_OWNER, Rules
from tests.proof.votes import flaws_of
from tests.proof.world import Asked, Voted
from tests.scenarios.answers import Answer
from tests.scenarios.bodies import Json

CANDIDATES = ("grace", SECRET, "ada", "mary", "alan")
# Who is asked to approve what they asked for.
OWN_REQUESTS = {
    Condition.NOT_REQUESTER: ("ada", "ada"),
    Condition.NOT_KEY_OWNER: (KEY, "mary"),
    Condition.NOT_SECRET_OWNER: (SECRET_OWNER, SECRET),
}
SHORT, LONG = timedelta(days=2), timedelta(days=20)
# Need no quiet time, as nobody's approval counts.
UNAPPROVED = {*FLAWED, *OWN_REQUESTS, Condition.ENOUGH, Condition.ONE_VOICE, Condition.IN_TIME}


def begin(driver: Driver, plan: Condition | None, rules: Rules, requester: str) -> Asked:
    """Add an image, and somebody asks for its migration."""
    if plan in OWN_REQUESTS:
        requester = OWN_REQUESTS[plan][0]
    elif plan is Condition.ONE_VOICE:
        rules, requester = people.TWO, KEY
    elif plan not in UNAPPROVED and plan is not None and not rules.quiet:
        rules = people.QUIET
    name = driver.name(rules)
    driver.client.add_image(name)
    patience = SHORT if plan in UNAPPROVED else LONG
    answer = _ask(driver, name, requester, patience)
    assert answer.status == 202, answer
    asked = Asked(answer.body["id"], name, rules, requester, plan, patience)
    driver.note_image(asked)
    driver.known.asked.append(asked)
    return asked


def begin_again(driver: Driver, before: Asked) -> None:
    """Ask again for an image that was kept, if it can be migrated now."""
    answer = _ask(driver, before.name, before.requester, LONG)
    if answer.status != 202 or any(each.id == answer.body["id"] for each in driver.known.asked):
        return
    asked = Asked(answer.body["id"], before.name, before.rules, before.requester, None, LONG)
    asked.wild = True
    asked.spoilt_world = before.spoilt_world
    driver.note_image(asked)
    driver.known.asked.append(asked)


def _ask(driver: Driver, name: str, requester: str, patience: timedelta) -> Answer:
    body: Json = driver.client.request(name, approval={"timeout": f"P{patience.days}D"})
    headers = None
    if requester != KEY:
        headers = driver.client.token(requester, people.READ, people.SUBMIT)
    return driver.client.call("POST", "/api/migrations", body, headers=headers)


def follow(driver: Driver, asked: Asked) -> None:
    """Carry out a migration's plan; what nobody approves is not waited for."""
    act(driver, asked)
    if asked.plan not in UNAPPROVED:
        to_the_end(driver, asked)
    if asked.plan in COMMON:
        mended(driver)


def act(driver: Driver, asked: Asked) -> None:
    """Break what is planned, once, when it is asked about."""
    for _ in range(20):
        if asked.asked_at or asked.outcome:
            break
        driver.advance()
    if not asked.outcome and asked.asked_at and not asked.acted:
        asked.acted = True
        _carry_out(driver, asked)


def finish(driver: Driver) -> None:
    """Carry out all plans, those first that wait for a short time only, and see every migration to its end."""
    for asked in sorted(driver.known.open(), key=lambda each: each.patience):
        follow(driver, asked)
    for asked in driver.known.open():
        to_the_end(driver, asked)


def _carry_out(driver: Driver, asked: Asked) -> None:
    plan = asked.plan
    if plan in UNAPPROVED:
        _unapproved(driver, asked, plan)
    elif plan in SPECIAL:
        SPECIAL[plan](driver, asked)
    else:
        approve(driver, asked)
        if plan in OWN:
            OWN[plan](driver, asked)
        elif plan in COMMON:
            COMMON[plan](driver, asked)


def to_the_end(driver: Driver, asked: Asked) -> None:
    """Approve again whatever is asked again because it has changed, until it has ended."""
    for step in range(120):
        if asked.outcome:
            return
        driver.advance("PT30M" if step < 24 else "PT6H")
        if not asked.outcome and asked.plan not in UNAPPROVED and _asked_again(asked):
            approve(driver, asked)
    driver.client.durable("POST", f"/instances/{asked.id}/resume")
    driver.until_ended(asked)
    assert asked.outcome, f"{asked.id} has no outcome: {driver.client.status(asked.id)}"


def _asked_again(asked: Asked) -> bool:
    said = [vote.statement for vote in asked.votes if vote.kind == "approve" and not vote.flaw]
    return bool(said) and said[-1] != asked.statement


def approve(driver: Driver, asked: Asked, fewer: int = 0) -> None:
    """As many approve as it takes, none of whom may not."""
    voices: set[str] = set()
    # A secret stands in no list that somebody could be taken off.
    first = 0 if asked.plan is Condition.STILL_LISTED else asked.rules.quorum % 2
    for who in CANDIDATES[first:]:
        if len(voices) >= asked.rules.quorum - fewer:
            return
        if people.voice_of(who) not in voices and _may(driver, asked, who):
            said_by(driver, asked, who)
            voices.add(people.voice_of(who))


def _may(driver: Driver, asked: Asked, who: str) -> bool:
    now = driver.now()
    vote = Voted(who, "approve", now, taken=True, statement=asked.statement)
    return not flaws_of(vote, asked, driver.known)


def _unapproved(driver: Driver, asked: Asked, plan: Condition | None) -> None:
    """All but one of those that it takes approve, and then one whose approval does not count."""
    if plan is Condition.ONE_VOICE:
        said_by(driver, asked, SECRET)
        said_by(driver, asked, SECRET_OWNER)
        return
    approve(driver, asked, fewer=1)
    if plan in OWN_REQUESTS:
        said_by(driver, asked, OWN_REQUESTS[plan][1])
    elif plan is Condition.IN_TIME:
        _too_late(driver, asked)
    elif plan in FLAWED:
        heard = {people.voice_of(vote.who) for vote in asked.votes}
        free = [who for who in CANDIDATES if people.voice_of(who) not in heard and who != SECRET]
        flawed(driver, asked, next(who for who in free if _may(driver, asked, who)), plan)


def _suspended(driver: Driver, asked: Asked, duration: str, then: Callable[[], object]) -> None:
    """Its orchestration stands still meanwhile."""
    driver.client.durable("POST", f"/instances/{asked.id}/suspend")
    driver.advance(duration)
    then()
    driver.client.durable("POST", f"/instances/{asked.id}/resume")


def _too_late(driver: Driver, asked: Asked) -> None:
    who = next(who for who in CANDIDATES if who != asked.requester)
    for other in driver.known.open():
        if other.plan in UNAPPROVED and other is not asked:
            act(driver, other)
    _suspended(driver, asked, f"P{asked.patience.days}DT1H", lambda: said_by(driver, asked, who))


def _expired(driver: Driver, asked: Asked) -> None:
    approve(driver, asked)
    _suspended(driver, asked, "PT12H", driver.look)


def _rejected(driver: Driver, asked: Asked) -> None:
    approve(driver, asked)
    who = asked.votes[-1].who
    said_by(driver, asked, "alan" if who in (SECRET, "alan") else "grace", "reject", reason="no")


def _withdrawn(driver: Driver, asked: Asked) -> None:
    approve(driver, asked)
    driver.advance("PT1M")
    said_by(driver, asked, asked.votes[-1].who, "withdraw")


def _cancelled(driver: Driver, asked: Asked) -> None:
    approve(driver, asked)
    cancel(driver, asked)


def _put_back(driver: Driver, asked: Asked) -> None:
    """A decision is forgotten; then it is approved once more, by records that are older than what happened."""
    copy = records.copied(driver)
    approve(driver, asked)
    records.put_back(driver, copy)
    asked.broken.add(Condition.RECORDS)
    approve(driver, asked)


def _tampered(driver: Driver, asked: Asked) -> None:
    said_by(driver, asked, "grace")
    if asked.rules.quorum > 1:
        said_by(driver, asked, "ada" if asked.requester != "ada" else "mary")
    asked.broken.add(Condition.UNTAMPERED)
    records.rename_approver(driver, asked.id, "grace", "alan")


SPECIAL: dict[Condition | None, Callable[[Driver, Asked], None]] = {
    Condition.YOUNG: _expired,
    Condition.NOT_REJECTED: _rejected,
    Condition.NOT_WITHDRAWN: _withdrawn,
    Condition.NOT_CANCELLED: _cancelled,
    Condition.RECORDS: _put_back,
    Condition.UNTAMPERED: _tampered,
}
