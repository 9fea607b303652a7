"""The gate's readings: from Azure, the records and the settings of now, for whoever holds the checks against them.

A new check is a function in `domain/deletion/`, and its reading here.
"""

import logging
from datetime import datetime
from typing import NamedTuple

import clock
from domain.audit.facts import gate_checked
from domain.boot_test.recorded import BootResult
from domain.deletion.actions import refusals
from domain.deletion.audited import of_this_epoch
from domain.deletion.deployment import Deployment
from domain.deletion.evidence import Check
from domain.deletion.gate import (
    GateQuestion,
    GateReadings,
    check_gate,
    early_checks,
    valid_till,
)
from domain.deletion.protection import Protection
from domain.deletion.quota import quota_check
from domain.deletion.stated import change_to_ask_about
from domain.deletion.waiting import opens_at
from domain.facts import ImageFacts, VersionFacts, version_facts
from domain.ids import same_id
from domain.migration.polling import version_reading
from domain.migration.recorded import Snapshot
from domain.references.scan import Scan
from domain.values import Json
from services.audit_reading import read_audit, write_what_is_missing
from services.dependencies import Dependencies
from services.statements import approved_statement, statement_now
from services.verdicts import decisions_at_the_gate, question_of

log = logging.getLogger("gallery_migrator")


class AtAzure(NamedTuple):
    """The part that Azure answered: the image, its version with its protections that count, other versions that may
    hang on the image, and, if they were looked for, the users of the image."""

    image: ImageFacts
    version: Json | None
    others: tuple[VersionFacts, ...]
    scan: Scan | None = None
    protected: frozenset[Protection] = frozenset()


class Shut(NamedTuple):
    """The reasons why the gate is shut; `opens_at`: when it may open by itself, within the approval's validity;
    `changed`: what was approved is not what there is, and asking again mends that."""

    reasons: list[str]
    opens_at: datetime | None = None
    changed: str | None = None


def held_against(app: Dependencies, snapshot: Snapshot, read: AtAzure) -> Shut | None:
    """Return why the gate is shut, and keep what was found in the records. None when it is open, or, without a scan,
    when only the users of the image have to be looked for."""
    migration = snapshot.accepted.id
    checks: tuple[Check, ...] = ()
    if read.version is None:
        shut = Shut(["the image version is not there (any more); migrate the image again"])
    else:
        write_what_is_missing(app.records, snapshot)
        readings = _readings(app, snapshot, read, read.version)
        question = _question(app, snapshot)
        checks = _made(readings, question)
        app.records.write_checks(migration, [check.model_dump(mode="json") for check in checks])
        opens = opens_at(checks, valid_till(readings, question))
        shut = Shut(refusals(checks), opens, change_to_ask_about(checks))
    if shut.reasons or read.scan:
        run, now = snapshot.latch.run, clock.now()
        app.records.write_audit(migration, gate_checked(checks, shut.reasons, run, now))
    for reason in shut.reasons:
        log.warning("%s: the gate is shut: %s", migration, reason)
    return shut if shut.reasons else None


def made_checks(
    app: Dependencies, snapshot: Snapshot, read: AtAzure, version: Json
) -> tuple[Check, ...]:
    """Every check on what was read; without a scan, the early ones only. Writes nothing."""
    return _made(_readings(app, snapshot, read, version), _question(app, snapshot))


def _made(readings: GateReadings, question: GateQuestion) -> tuple[Check, ...]:
    return check_gate(readings, question) if readings.scan else early_checks(readings, question)


def reserve(app: Dependencies, migration: str, images: int) -> Check:
    """Reserve one of the day's DELETEs, as the last thing before it is sent; the check that it was below the limits."""
    quota, now = app.settings.deletion_quota, clock.now()
    reserved = app.records.read_reservations()
    check = quota_check(quota, reserved, migration, images, now)
    most = quota.most(images + len(reserved.others(migration, now)))
    if check.passed and not app.records.reserve_deletion(migration, most, now):
        # Somebody was faster.
        return quota_check(quota, app.records.read_reservations(), migration, images, now)
    return check


def _readings(app: Dependencies, snapshot: Snapshot, read: AtAzure, version: Json) -> GateReadings:
    plan, facts = snapshot.planned, version_facts(version)
    begun = app.records.begun_versions(snapshot.accepted.image_key)
    ours = next((row for row in begun if same_id(row.version_id, plan.version_id)), None)
    audit = read_audit(app.records, snapshot, ours) if read.scan else None
    decisions = decisions_at_the_gate(app, snapshot)
    return GateReadings(
        image=read.image,
        version=facts,
        replication=version_reading(version),
        others=read.others,
        begun=ours,
        verdict=snapshot.latch.verdict,
        decisions=of_this_epoch(decisions, audit.since if audit else None),
        promoted_at=snapshot.state.promoted_at,
        scan=read.scan,
        boot_tests=_boot_tests(app, plan.version_id),
        protected=read.protected,
        audit=audit,
        approved=approved_statement(snapshot),
        stated=statement_now(app, snapshot, read.image, facts, read.scan) if read.scan else None,
        # Read last.
        deployment=deployment_now(app),
    )


def deployment_now(app: Dependencies) -> Deployment:
    """The deployment at this moment; the emergency stop is read."""
    return Deployment(
        enabled=app.settings.deletion_enabled,
        stopped_by_setting=app.settings.deletion_stopped,
        window=app.settings.deletion_window,
        quota=app.settings.deletion_quota,
        reserved=app.records.read_reservations(),
        stop=app.records.read_stop(),
        skew=app.arm.skew,
    )


def _boot_tests(app: Dependencies, version_id: str) -> tuple[BootResult, ...]:
    """Read where the deployment demands them only."""
    return app.records.boot_results(version_id) if app.settings.boot_test_required else ()


def _question(app: Dependencies, snapshot: Snapshot) -> GateQuestion:
    plan, asked = snapshot.planned, question_of(app, snapshot)
    if asked.asked_at is None:
        raise LookupError(f"{snapshot.accepted.id} was never asked about")
    return GateQuestion(
        image_id=plan.image_id,
        approved_fingerprint=plan.fingerprint.value,
        regions=plan.regions,
        asked=asked,
        veto_tag=app.settings.veto_tag,
        protection=app.settings.version_protection,
        deleter=app.settings.deleter_client_id,
        security_type=plan.security_type,
        undo_required=app.settings.undo_required,
        boot_proof=app.settings.boot_test_proof,
        now=clock.now(),
    )
