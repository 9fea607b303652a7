"""Make the statement that is approved: read what there is before anybody is asked, the users of the image last."""

from datetime import timedelta

import clock
from activities.activity import implements
from activities.versions import read_planned_version
from arm.images import read_image_facts
from domain.approval.statement import KeptStatement
from domain.deletion.uses import gaps_to_wait_out
from domain.facts import ImageFacts, version_facts
from domain.messages import MAKE_STATEMENT, StepRequest, Written
from domain.migration.fingerprint import fingerprint_of
from domain.migration.latch import Halt
from domain.migration.recorded import Snapshot
from domain.references.scan import Scan
from domain.results import ActivityError
from services.dependencies import Dependencies
from services.references import scan_now
from services.statements import statement_now

# Behind it the approval is asked for with what is known: whoever approves sees that it is not all.
SCAN_PATIENCE = timedelta(minutes=15)


@implements(MAKE_STATEMENT)
def make_statement(
    request: StepRequest, snapshot: Snapshot, app: Dependencies
) -> Written | ActivityError | Halt:
    """Make the statement of the round that is asked now, once; nothing to do when there is a verdict."""
    if snapshot.statement or snapshot.latch.verdict:
        return Written(at=snapshot.statement.asked_at if snapshot.statement else clock.now())
    plan = snapshot.planned
    version = read_planned_version(app.arm, plan)
    image = read_image_facts(app.arm, plan.image)
    if version is None:
        return _final("VersionMissing", "the image version is not there (any more)")
    if image is None:
        return _final("ImageMissing", "the managed image is not there any more")
    if changed := _changed(image, plan.fingerprint.value):
        return changed
    scan = scan_now(app, plan.image, image, plan.version_id)
    if more := _worth_waiting(request, scan):
        return more
    statement = statement_now(app, snapshot, image, version_facts(version), scan)
    kept = KeptStatement(text=statement.text, asked_at=clock.now())
    held = app.records.keep_statement(request.migration_id, statement.round, kept)
    return Written(at=held.asked_at)


def _changed(image: ImageFacts, planned: str) -> ActivityError | None:
    """The error about an image that is not the planned one, or cannot be told from another for the moment."""
    now = fingerprint_of(image)
    if now.value == planned:
        return None
    if not now.complete:
        text = "the image's creation time is not listed now"
        return ActivityError(code="CreationTimeUnknown", message=text, transient=True)
    return _final("ImageChanged", "the managed image was made anew under its name; start again")


def _worth_waiting(request: StepRequest, scan: Scan) -> ActivityError | None:
    since = request.failing_since
    if since is not None and clock.now() - since >= SCAN_PATIENCE:
        return None
    return gaps_to_wait_out(scan)


def _final(code: str, text: str) -> ActivityError:
    return ActivityError(code=code, message=text, transient=False)
