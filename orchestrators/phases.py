"""The phases of a migration, each a sub-generator over a run: order of effects only, decisions are in `migration`."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from migration.approval import ApprovalState, Verdict
from migration.commands import create_vm_command
from migration.names import replication_instance_id
from migration.planning import Plan
from migration.problems import Problem
from migration.recorded import Approval
from migration.requests import AUTO
from migration.stages import ImageFate, Outcome, Stage
from orchestrators.endings import Ended, cancelled, not_deleted
from orchestrators.run import Run
from orchestrators.waiting import GaveUp, Steps, pause, verdict_of, wait_for_wake_or
from orchestrators.watch_replication import Watch, WatchResult

PLANNING_TRIES = 5
_NAME_TAKEN = frozenset({"VersionNameTaken", "PropertyChangeNotAllowed"})
# Azure makes a definition within seconds. Growing waits, since this history is not cut: replaying it costs its length.
FIRST_DEFINITION_WAIT, LONGEST_DEFINITION_WAIT = timedelta(seconds=5), timedelta(minutes=5)
FIRST_CONFIRM_WAIT, LONGEST_CONFIRM_WAIT = timedelta(seconds=5), timedelta(minutes=1)


def make_version(run: Run) -> Steps:
    """Plan, make sure of the definition, begin the version; once more with another number when `auto` lost a race."""
    for _ in range(PLANNING_TRIES):
        yield from _plan(run)
        yield from _ensure_definition(run)
        if (yield from _start_version(run)):
            return
    raise Ended(
        Outcome.FAILED, f"no free version number was found in {PLANNING_TRIES} tries; start again"
    )


def _plan(run: Run) -> Steps:
    answer = yield from run.ask("plan_migration", {"request": run.start.request})
    if problems := answer.value.get("problems"):
        found = [Problem.from_wire(problem) for problem in problems]
        raise Ended(Outcome.FAILED, "; ".join(f"{p.field}: {p.message}" for p in found))
    plan = run.plan = Plan.from_wire(answer.value["plan"])
    taking_up = "takes up" if plan.takes_up else "will make"
    yield from run.record(
        Stage.DEFINITION,
        f"planned: {taking_up} {plan.version_id} in {', '.join(plan.regions)}",
        warnings=list(plan.warnings),
        fingerprint=plan.fingerprint.value,
        versionId=plan.version_id,
        tryCommand=create_vm_command(plan),
        regions=list(plan.regions),
    )


def _ensure_definition(run: Run) -> Steps:
    plan = run.planned
    if plan.definition_exists:
        yield from run.record(Stage.VERSION, f"image definition {plan.definition_name} exists")
        return
    request = {
        "galleryId": plan.gallery_id,
        "name": plan.definition_name,
        "body": plan.definition_body,
    }
    began, wait = run.context.current_utc_datetime, FIRST_DEFINITION_WAIT
    while not (yield from run.ask("ensure_definition", request)).value["ready"]:
        if run.context.current_utc_datetime - began > run.start.retry_limit:
            raise Ended(
                Outcome.FAILED, f"the image definition {plan.definition_name} stays in Creating"
            )
        yield from pause(run.context, wait)
        wait = min(wait * 2, LONGEST_DEFINITION_WAIT)
    yield from run.record(Stage.VERSION, f"image definition {plan.definition_name} created")


def _start_version(run: Run) -> Generator[Any, Any, bool]:
    plan = run.planned
    request = {
        **run.version,
        "imageId": plan.image_id,
        "fingerprint": plan.fingerprint.value,
        "body": plan.version_body,
    }
    run.version_begun = True
    try:
        answer = yield from run.ask("start_version", request)
    except GaveUp as gave_up:
        if gave_up.error.code in _NAME_TAKEN and run.request.image_version == AUTO:
            yield from run.record(
                Stage.PLANNING, f"{plan.version_name} was taken meanwhile; planning again"
            )
            run.version_begun = False
            return False
        # Refused at once: it is not there, or not ours. After a lost answer its PUT may have been taken.
        run.version_begun = not gave_up.at_once
        raise
    run.operation_url = answer.value.get("operationUrl")
    begun = "begun" if answer.value["created"] else "taken up"
    yield from run.record(Stage.REPLICATION, f"image version {plan.version_name} {begun}")
    return True


def replicate(run: Run, phase: str) -> Steps:
    """Watch the version until it is ready everywhere; raises Ended if it will not be."""
    watch = Watch(
        read={**run.version, "operationUrl": run.operation_url},
        wanted=run.planned.regions,
        policy=run.start.polling,
        retry_limit=run.start.retry_limit,
    )
    raw = yield run.context.call_sub_orchestrator(
        "watch_replication",
        watch.to_wire(),
        replication_instance_id(run.id, phase),
        run.context.version,
    )
    result = WatchResult.from_wire(raw)
    if result.state == Outcome.CANCELLED:
        raise cancelled()
    if result.state == Outcome.FAILED:
        raise Ended(_not_deleted(run), f"{phase}: {result.code}: {result.reason}")
    run.replicated = True


def check_image(run: Run) -> Steps:
    """Whether the image is still what was copied: sets its fate when it is gone, ends the run when it has changed."""
    plan = run.planned
    request = {"imageId": plan.image_id, "fingerprint": plan.fingerprint.value}
    found = (yield from run.ask("check_image", request)).value
    if not found["present"]:
        run.image = ImageFate.GONE
    elif not found["unchanged"] or (
        plan.deletion and plan.fingerprint.complete and not found["certain"]
    ):
        raise Ended(
            _not_deleted(run),
            f"the managed image was made anew under its name, or cannot be told from one that was; "
            f"version {plan.version_name} is not promoted; start again to migrate the image as it is now",
        )


def ask_approval(run: Run) -> Generator[Any, Any, datetime]:
    """Ask for the deletion's approval and wait; the deadline if it was given, Ended otherwise."""
    fingerprint = run.planned.fingerprint.value
    deadline: datetime = run.context.current_utc_datetime + run.request.approval.timeout
    approval = Approval(
        state=ApprovalState.WAITING, deadline=deadline, fingerprint=fingerprint, round=1
    )
    yield from run.record(
        Stage.APPROVAL,
        f"waiting until {deadline:%Y-%m-%d %H:%M} UTC for the approval to delete the image",
        approval=approval.to_wire(),
    )
    yield from run.notify("approval.requested")
    verdict = yield from _wait_for_verdict(run, approval, deadline)
    run.decided_by = verdict.decided_by
    settled = approval.model_copy(update={"state": verdict.state, "decided_by": verdict.decided_by})
    yield from run.record(Stage.APPROVAL, _verdict_text(verdict), approval=settled.to_wire())
    if verdict.state is not ApprovalState.APPROVED:
        raise Ended(
            Outcome.KEPT,
            f"{_verdict_text(verdict)}; the image is kept and nothing was promoted. Start again to be asked again, "
            f"or with the deletion off to promote version {run.planned.version_name}",
        )
    return deadline


def _wait_for_verdict(
    run: Run, approval: Approval, deadline: datetime
) -> Generator[Any, Any, Verdict]:
    """Judge, wait, judge again. A round's number is written before the judging, so that a decision stored after the
    judging sees the number of the wait that follows: no decision is ever left without a wake."""
    number = approval.round
    while True:
        request = {
            "fingerprint": approval.fingerprint,
            "deadline": deadline.isoformat(),
            "now": run.context.current_utc_datetime.isoformat(),
        }
        verdict = verdict_of((yield from run.ask("decide_approval", request)))
        if verdict.state is not ApprovalState.WAITING:
            return verdict
        yield from wait_for_wake_or(run.context, number, deadline)
        number += 1
        again = approval.model_copy(update={"round": number}).to_wire()
        yield from run.amend(Stage.APPROVAL, "waiting", approval=again)


def promote(run: Run) -> Steps:
    """Show the version to `latest`, or hide it, as was asked for, and watch the update to its end.

    A version that this run made is hidden already; one that it took up may be shown since an earlier run. Watched
    even if nothing had to be changed: the step may have run before, and its update be under way.
    """
    plan = run.planned
    if plan.exclude_from_latest and not plan.takes_up:
        return
    latest = "hidden from latest" if plan.exclude_from_latest else "latest may choose it"
    yield from run.record(Stage.PROMOTION, f"promoting {plan.version_name}: {latest}")
    request = {
        **run.version,
        "excludeFromLatest": plan.exclude_from_latest,
        "imageId": plan.image_id,
        "fingerprint": plan.fingerprint.value,
    }
    answer = yield from run.ask("promote_version", request)
    run.operation_url = answer.value.get("operationUrl")
    yield from replicate(run, "promotion")


def delete_image(run: Run, deadline: datetime) -> Steps:
    """Gate, delete, confirm; Ended with Kept when a gate or Azure refuses."""
    plan = run.planned
    request = {
        **run.version,
        "imageId": plan.image_id,
        "fingerprint": plan.fingerprint.value,
        "regions": list(plan.regions),
        "deadline": deadline.isoformat(),
    }
    yield from run.record(
        Stage.DELETION, "checking everything again before the managed image is deleted"
    )
    found = yield from _gate_and_delete(run, request)
    run.checks = found["checks"]
    if found["image"] == ImageFate.KEPT:
        raise not_deleted("; ".join(found["refusals"]))
    if found["image"] == ImageFate.UNKNOWN:
        raise _unknown(run, "; ".join(found["refusals"]))
    if found["image"] in {ImageFate.GONE, ImageFate.DELETED}:
        run.image = ImageFate(found["image"])
        return
    yield from _confirm(
        run, {**request, "operationUrl": found.get("operationUrl")}, found.get("refusal")
    )


def _gate_and_delete(run: Run, request: dict[str, Any]) -> Generator[Any, Any, dict[str, Any]]:
    """The gate's answer. When the last error left open whether the DELETE arrived, so is the image's fate."""
    try:
        return (yield from run.ask("gate_and_delete", request)).value
    except GaveUp as gave_up:
        if gave_up.error.transient:
            raise _unknown(run, gave_up.reason) from gave_up
        raise not_deleted(gave_up.reason) from gave_up


def _unknown(run: Run, why: str) -> Ended:
    run.image = ImageFate.UNKNOWN
    return Ended(
        Outcome.KEPT,
        "a deletion may have been sent, and Azure does not tell whether it was carried out; look at the image "
        f"yourself: {why}",
    )


def _confirm(run: Run, request: dict[str, Any], refused: str | None) -> Steps:
    """Until the image is gone; `refused`: what Azure said to a repeated DELETE, whose first answer was lost."""
    run.image = ImageFate.UNKNOWN
    sent = (
        f"a deletion may have been sent, a repetition was refused ({refused})"
        if refused
        else "the deletion was sent and taken by Azure"
    )
    began, wait = run.context.current_utc_datetime, FIRST_CONFIRM_WAIT
    while True:
        try:
            found = (yield from run.ask("confirm_deletion", request)).value
        except GaveUp as gave_up:
            raise _unknown(run, gave_up.reason) from gave_up
        if found["gone"]:
            run.image = ImageFate.DELETED
            return
        if found["refusal"]:
            run.image = ImageFate.KEPT
            raise Ended(Outcome.KEPT, f"Azure did not delete the image: {found['refusal']}")
        if run.context.current_utc_datetime - began > run.start.confirm_limit:
            raise Ended(
                Outcome.KEPT,
                f"{sent}, but the image is still there; look at the image yourself",
            )
        yield from pause(run.context, wait)
        wait = min(wait * 2, LONGEST_CONFIRM_WAIT)


def _not_deleted(run: Run) -> Outcome:
    """How a run ends that cannot go on: with a usable version and a deletion asked for, the image was kept."""
    return Outcome.KEPT if run.replicated and run.planned.deletion else Outcome.FAILED


def _verdict_text(verdict: Verdict) -> str:
    if verdict.decided_by is None:
        return "the approval expired"
    reason = f": {verdict.decided_by.reason}" if verdict.decided_by.reason else ""
    return f"{verdict.state} by {verdict.decided_by.approver}{reason}"
