"""Warnings of a plan with a deletion: what keeps the image now.

A plan is good without them, so they get little time, and nothing that goes wrong with them is an error: the gate looks
again. Whoever only wants to see a plan is told of the image's users too; a migration that begins reads its protection
alone, which stays when users move.
"""

from collections.abc import Iterator

from arm.client import ArmClient
from arm.errors import EXPECTED, error_of
from arm.lists import ListTooLongError, Patience
from arm.locks import lock_scopes, read_locks
from domain.errors import UnexpectedResponseError
from domain.facts import ImageFacts
from domain.ids import ComputeId
from domain.migration.planning import Plan
from domain.references.locks import locks_on, veto_of
from domain.references.scan import at_most, lock_warnings, veto_warnings, warnings_of
from services.dependencies import Dependencies
from services.references import read_image, scan_references
from services.threads import AzureBusyError, at_azure

SCAN_WITHIN_SECONDS = 5.0
_LOCK_REQUESTS = 30
_MOST_TOLD = 5
_UNKNOWN = "Who uses the image could not be looked for now"
_MORE = "And {} more of these."


def protection_warnings(app: Dependencies, image: ComputeId, facts: ImageFacts) -> Iterator[str]:
    """A warning for a tag that vetoes, and for each lock that the image has or inherits. `facts`: as just read."""
    veto = veto_of(facts.tags, app.settings.veto_tag)
    yield from veto_warnings(veto)
    yield from at_most(_MOST_TOLD, _about_locks(app.arm, image), _MORE)


def _about_locks(arm: ArmClient, image: ComputeId) -> list[str]:
    patience = Patience(SCAN_WITHIN_SECONDS, _LOCK_REQUESTS)
    try:
        listed = [lock for scope in lock_scopes(image) for lock in read_locks(arm, scope, patience)]
        return lock_warnings(locks_on(image.text, listed))
    except (*EXPECTED, ListTooLongError, UnexpectedResponseError) as error:
        reason = error_of(error) if isinstance(error, EXPECTED) else error
        return [f"Locks on the image could not be read now: {reason}."]


async def with_reference_warnings(
    app: Dependencies, plan: Plan, seconds: float = SCAN_WITHIN_SECONDS
) -> Plan:
    """The plan; with a warning for each thing that would keep the image if a deletion is wanted. Raises RecordError."""
    if not plan.deletion:
        return plan
    try:
        facts = await at_azure(read_image, app.arm, plan.image)
        scan = await scan_references(app, plan.image, facts, plan.version_id, seconds)
    except AzureBusyError:
        more: tuple[str, ...] = (f"{_UNKNOWN}: too many callers wait for Azure.",)
    except EXPECTED as error:
        more = (f"{_UNKNOWN}: {error_of(error)}.",)
    else:
        more = warnings_of(scan, _MOST_TOLD)
    added = tuple(line for line in more if line not in plan.warnings)
    return plan.model_copy(update={"warnings": (*plan.warnings, *added)})
