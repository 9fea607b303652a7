"""The gate's readings: from Azure, the records and the settings of now, for whoever holds the checks against them.

A new check is a function in `domain/deletion/`, and its reading here.
"""

import logging
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
)
from domain.facts import ImageFacts, VersionFacts, version_facts
from domain.ids import same_id
from domain.migration.polling import version_reading
from domain.migration.recorded import Snapshot
from domain.references.scan import Scan
from domain.values import Json
from services.audit_reading import read_audit, write_what_is_missing
from services.dependencies import Dependencies
from services.verdicts import decisions_at_the_gate, question_of

log = logging.getLogger("gallery_migrator")


class AtAzure(NamedTuple):
    """The part that Azure answered: the image, its version, other versions that may hang on it, and, if they were
    looked for, the users of the image."""

    image: ImageFacts
    version: Json | None
    others: tuple[VersionFacts, ...]
    scan: Scan | None = None


def reasons_to_keep(app: Dependencies, snapshot: Snapshot, read: AtAzure) -> list[str]:
    """Return why the gate is shut, and keep what was found in the records. Nothing when it is open, or, without a scan,
    when only the users of the image have to be looked for."""
    migration = snapshot.accepted.id
    checks: tuple[Check, ...] = ()
    if read.version is None:
        reasons = ["the image version is not there (any more); migrate the image again"]
    else:
        write_what_is_missing(app.records, snapshot)
        checks = made_checks(app, snapshot, read, read.version)
        app.records.write_checks(migration, [check.model_dump(mode="json") for check in checks])
        reasons = refusals(checks)
    if reasons or read.scan:
        run, now = snapshot.latch.run, clock.now()
        app.records.write_audit(migration, gate_checked(checks, reasons, run, now))
    for reason in reasons:
        log.warning("%s: the gate is shut: %s", migration, reason)
    return reasons


def made_checks(
    app: Dependencies, snapshot: Snapshot, read: AtAzure, version: Json
) -> tuple[Check, ...]:
    """Every check on what was read; without a scan, the early ones only. Writes nothing."""
    readings, question = _readings(app, snapshot, read, version), _question(app, snapshot)
    return check_gate(readings, question) if read.scan else early_checks(readings, question)


def _readings(app: Dependencies, snapshot: Snapshot, read: AtAzure, version: Json) -> GateReadings:
    plan = snapshot.planned
    begun = app.records.begun_versions(snapshot.accepted.image_key)
    ours = next((row for row in begun if same_id(row.version_id, plan.version_id)), None)
    audit = read_audit(app.records, snapshot, ours) if read.scan else None
    decisions = decisions_at_the_gate(app, snapshot)
    return GateReadings(
        image=read.image,
        version=version_facts(version),
        replication=version_reading(version),
        others=read.others,
        begun=ours,
        verdict=snapshot.latch.verdict,
        decisions=of_this_epoch(decisions, audit.since if audit else None),
        promoted_at=snapshot.state.promoted_at,
        scan=read.scan,
        boot_tests=_boot_tests(app, plan.version_id),
        audit=audit,
        # Read last.
        deployment=deployment_now(app),
    )


def deployment_now(app: Dependencies) -> Deployment:
    """The deployment at this moment; the emergency stop is read."""
    return Deployment(
        enabled=app.settings.deletion_enabled,
        stopped_by_setting=app.settings.deletion_stopped,
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
        deleter=app.settings.deleter_client_id,
        boot_proof=app.settings.boot_test_proof,
        now=clock.now(),
    )
