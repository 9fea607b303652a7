"""The records of a migration in the shape that docs/http.md promises."""

from datetime import datetime

from domain.boot_test.recorded import BootResult
from domain.callers.actors import Actor
from domain.migration.recorded import Snapshot
from domain.migration.stages import Stage
from domain.values import Json
from triggers.http.restore_status import restore_of

POLL_AGAIN_SECONDS = 15


def status_of(snapshot: Snapshot) -> Json:
    """The public status of a migration."""
    accepted, state, finished = snapshot.accepted, snapshot.state, snapshot.finished
    return {
        "id": accepted.id,
        "attempt": accepted.attempt,
        "sourceImageId": accepted.source_image_id,
        "stage": snapshot.stage.value,
        "outcome": finished.outcome.value if finished else None,
        "reason": finished.reason if finished else None,
        "regions": [region.model_dump(mode="json") for region in snapshot.regions],
        "warnings": list(state.warnings),
        "approval": _approval_of(snapshot),
        "bootTests": [boot_result_of(result) for result in snapshot.boot_tests],
        "timeline": [
            _entry(accepted.accepted_at, Stage.PLANNING, f"accepted ({accepted.origin})"),
            *(_entry(entry.at, entry.stage, entry.text) for entry in state.timeline),
        ],
        "result": _result_of(snapshot),
        "restore": restore_of(snapshot),
        "versionId": state.version_id,
        "tryCommand": state.try_command,
        "cancelRequested": snapshot.cancel_requested,
        "cancelledBy": _who(snapshot.latch.cancelled_by),
        "requestedBy": _who(accepted.requester),
        "origin": accepted.origin,
        "acceptedAt": accepted.accepted_at.isoformat(),
        "request": accepted.request,
    }


def boot_result_of(result: BootResult) -> Json:
    """The result of a boot test, as a migration and the test itself show it."""
    verdict = result.verdict
    return {
        "id": result.test_id,
        "region": result.region,
        "outcome": verdict.outcome.value,
        "code": verdict.code or None,
        "reason": verdict.reason,
        "exitCode": verdict.exit_code,
        "output": verdict.output or None,
        "testedAt": verdict.at.isoformat(),
        "machineId": result.machine_id or None,
        "leftBehind": result.left or None,
    }


def _who(actor: Actor | None) -> Json | None:
    """The one who did something; null where it is not recorded."""
    return actor.model_dump(mode="json") if actor else None


def _entry(at: datetime, stage: Stage, text: str) -> Json:
    return {"at": at.isoformat(), "stage": stage.value, "text": text}


def _approval_of(snapshot: Snapshot) -> Json:
    approval, statement = snapshot.state.approval, snapshot.statement
    decisions = [
        {
            "decision": decision.decision.value,
            "approver": decision.approver,
            "by": _who(decision.by),
            "reason": decision.reason,
            "receivedAt": decision.received_at.isoformat(),
            "statementHash": decision.statement_hash,
            "changeNumber": decision.change_number,
            "verdict": snapshot.rulings[decision.key].model_dump(mode="json")
            if decision.key in snapshot.rulings
            else None,
        }
        for decision in snapshot.decisions
    ]
    return {
        "state": snapshot.approval_state.value,
        "deadline": approval.deadline.isoformat() if approval else None,
        "fingerprint": approval.fingerprint if approval else None,
        "statementHash": statement.hash if statement else None,
        "round": snapshot.latch.asked if approval else None,
        "openedBy": [
            {"by": _who(opening.by), "at": opening.at.isoformat()}
            for opening in snapshot.openings
            if statement and opening.statement_hash == statement.hash
        ],
        "decisions": decisions,
    }


def _result_of(snapshot: Snapshot) -> Json | None:
    finished = snapshot.finished
    if finished is None:
        return None
    made = finished.result.get("versionId") is not None
    return {
        **finished.result,
        "tryCommand": snapshot.state.try_command if made else None,
        "startedAt": snapshot.accepted.accepted_at.isoformat(),
        "finishedAt": finished.at.isoformat(),
    }
