"""The promises that hold whatever dies, checked on what is known at the end of a run.

- Every accepted migration has exactly one outcome, and everybody is told the same one.
- No version is made twice: one creating PUT by version name, one version by image and fingerprint.
- No image is deleted without an accepted approval of its own fingerprint, nor before its recipe lies
  in the records.
- The result says of the image what ARM says of it.
- Every end was told, and everything that was told has one webhook-id.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.deletion.late_users import later_scan_of
from tests.crash.evidence import Evidence, Json, Rows, outcome_of

END_TOLD = "migration.finished"
FINGERPRINT_TAG = "gallery-migrator.fingerprint"
VERSION, IMAGE = "Microsoft.Compute/galleries/images/versions", "Microsoft.Compute/images"


class Kind(StrEnum):
    """The promise that was broken."""

    LOST = "lost"
    AMBIGUOUS = "more than one outcome"
    DUPLICATED = "duplicated"
    UNAPPROVED = "deleted without approval"
    UNSAVED = "deleted before its recipe was kept"
    UNTRUE = "told what is not so"
    UNEXPECTED = "not the outcome that was asked for"
    DIFFERENT = "not as its twin that nothing disturbed"
    MISSED = "a stage in which nothing was started again"


@dataclass(frozen=True)
class Violation:
    """A broken promise: which, about what, and how."""

    kind: Kind
    about: str
    text: str


Found = Iterator[Violation]


def violations(evidence: Evidence) -> list[Violation]:
    """Every promise that was broken."""
    return [violation for check in _CHECKS for violation in check(evidence)]


def _lost(evidence: Evidence) -> Found:
    known = set(evidence.accepted)
    for migration in sorted(known | {m for m, told in evidence.told.items() if told.started}):
        if migration not in known:
            yield Violation(Kind.LOST, migration, "was answered 202 and is not in the records")
        elif outcome_of(rows := evidence.records.get(migration, {})) is None:
            yield Violation(Kind.LOST, migration, f"has no outcome: {_stands(rows)}")
    for migration in evidence.records.get("open", {}):
        # It waits for a quarter of an hour after the end.
        if later_scan_of(migration):
            continue
        yield Violation(Kind.LOST, migration, "is still kept as open")


def _stands(rows: Rows) -> str:
    """Tell its stage and its last restarts, which say if it stands still, or only waits for the next one."""
    restarts = rows.get("latch", {}).get("restarts", [])
    last = [f"run {r['run']} at {r['at']} ({r['cause']})" for r in restarts[-3:]]
    stage = rows.get("state", {}).get("stage", "planning")
    return f"in {stage}, started again {len(restarts)} times; {'; '.join(last)}"


def _ambiguous(evidence: Evidence) -> Found:
    for migration, told in evidence.told.items():
        if len(told.outcomes) > 1:
            yield Violation(Kind.AMBIGUOUS, migration, f"was told as {' and '.join(told.outcomes)}")
        if told.started > 1:
            yield Violation(Kind.DUPLICATED, migration, f"was answered 202 {told.started} times")


def _duplicated(evidence: Evidence) -> Found:
    made = Counter(
        path
        for request in evidence.requests
        if request["method"] == "PUT" and request["status"] == 201
        if "/versions/" in (path := _path(request))
    )
    for path, times in made.items():
        if times > 1:
            yield Violation(Kind.DUPLICATED, path, f"was made {times} times")
    contents = Counter(
        (_source(body), body["tags"][FINGERPRINT_TAG])
        for body in evidence.resources
        if body["type"] == VERSION and FINGERPRINT_TAG in (body.get("tags") or {})
    )
    for (source, fingerprint), times in contents.items():
        if times > 1:
            yield Violation(Kind.DUPLICATED, source, f"{times} versions hold {fingerprint}")


def _deletions(evidence: Evidence) -> Found:
    """Every DELETE that reached ARM, and every image that is gone, however that came about."""
    sent = {_path(r): datetime.fromisoformat(r["time"]) for r in reversed(_deletes(evidence))}
    for image in sorted(sent.keys() | _gone(evidence)):
        owners = {
            migration: evidence.records.get(migration, {})
            for migration, accepted in evidence.accepted.items()
            if accepted["sourceImageId"].lower() == image
        }
        if not any(_approved(evidence, owner, rows) for owner, rows in owners.items()):
            yield Violation(Kind.UNAPPROVED, image, "no approval of its fingerprint was accepted")
        kept = [rows["recipe"] for rows in owners.values() if "recipe" in rows]
        kept = [recipe for recipe in kept if recipe["image"]["id"].lower() == image]
        states = {recipe["image"]["properties"].get("provisioningState") for recipe in kept}
        if not kept:
            yield Violation(Kind.UNSAVED, image, "no recipe of it is in the records")
        elif states != {"Succeeded"}:
            yield Violation(Kind.UNSAVED, image, f"its recipe shows it as {states}")
        elif image in sent and not any(_kept_by(recipe, sent[image]) for recipe in kept):
            yield Violation(Kind.UNSAVED, image, "its recipe was kept after the DELETE was sent")


def _approved(evidence: Evidence, migration: str, rows: Rows) -> bool:
    """Return True if a signed approval of this migration was accepted, of the fingerprint that its version carries."""
    copied = {
        body["tags"].get(FINGERPRINT_TAG)
        for body in evidence.resources
        if body["type"] == VERSION
        and body["id"] == rows.get("state", {}).get("versionId")
        and _source(body) == evidence.accepted[migration]["sourceImageId"].lower()
    }
    for name, row in rows.items():
        if not name.startswith("decision."):
            continue
        ruling = rows.get("ruling." + name.removeprefix("decision."), {})
        decision = row["decision"]
        signed = (migration, decision["fingerprint"]) in evidence.approvals
        counts = decision["decision"] == "approve" and decision["migrationId"] == migration
        if ruling.get("accepted") and signed and counts and decision["fingerprint"] in copied:
            return True
    return False


def _untrue(evidence: Evidence) -> Found:
    there = {body["id"].lower() for body in evidence.resources if body["type"] == IMAGE}
    gone = _gone(evidence)
    for migration, accepted in evidence.accepted.items():
        outcome = outcome_of(evidence.records.get(migration, {}))
        if outcome is None:
            continue
        status = evidence.told[migration].status if migration in evidence.told else {}
        for name in ("outcome", "reason"):
            if status.get(name) != outcome[name]:
                contradiction = (
                    f"{name} is told as {status.get(name)!r}, recorded as {outcome[name]!r}"
                )
                yield Violation(Kind.UNTRUE, migration, contradiction)
        image, fate = accepted["sourceImageId"].lower(), outcome["result"].get("image")
        if fate == "deleted" and (image in there or image not in gone):
            yield Violation(Kind.UNTRUE, migration, "says deleted of an image that is there")
        if fate == "kept" and image not in there:
            yield Violation(Kind.UNTRUE, migration, "says kept of an image that is gone")
        if fate not in ("kept", "deleted"):
            yield Violation(
                Kind.UNTRUE, migration, f"says {fate} of the image, whose fate is known"
            )


def _unexpected(evidence: Evidence) -> Found:
    for migration, accepted in evidence.accepted.items():
        wanted = evidence.expected.get(accepted["sourceImageId"].lower())
        outcome = outcome_of(evidence.records.get(migration, {}))
        if outcome and wanted and outcome["outcome"] not in wanted:
            text = (
                f"{outcome['outcome']}: {outcome['reason']}; expected {', '.join(sorted(wanted))}"
            )
            yield Violation(Kind.UNEXPECTED, migration, text)


def _told_once(evidence: Evidence) -> Found:
    """Repeats carry the same webhook-id, so that a receiver knows them."""
    if evidence.notices is None:
        return
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for migration, kind, webhook_id in evidence.notices:
        ids[migration, kind].add(webhook_id)
    for (migration, kind), different in ids.items():
        if len(different) > 1:
            text = f"'{kind}' was told under {len(different)} webhook-ids"
            yield Violation(Kind.DUPLICATED, migration, text)
    for migration in evidence.accepted:
        ended = outcome_of(evidence.records.get(migration, {}))
        if ended and (migration, END_TOLD) not in ids:
            yield Violation(Kind.LOST, migration, "its end was told to nobody")


_CHECKS: tuple[Callable[[Evidence], Found], ...] = (
    _lost,
    _ambiguous,
    _duplicated,
    _deletions,
    _untrue,
    _unexpected,
    _told_once,
)


def _path(request: Json) -> str:
    return str(request["path"]).partition("?")[0].lower()


def _source(body: Json) -> str:
    return str(body["properties"]["storageProfile"]["source"]["id"]).lower()


def _deletes(evidence: Evidence) -> list[Json]:
    deletes = [r for r in evidence.requests if r["method"] == "DELETE" and 200 <= r["status"] < 300]
    return [request for request in deletes if "/microsoft.compute/images/" in _path(request)]


def _gone(evidence: Evidence) -> set[str]:
    return {stone["id"].lower() for stone in evidence.deleted if stone["type"] == IMAGE}


def _kept_by(recipe: Json, sent: datetime) -> bool:
    return datetime.fromisoformat(recipe["at"]) <= sent
