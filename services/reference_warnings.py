"""Warnings of a plan with a deletion: who needs the image now, and what else keeps it.

A plan is good without them, so the scan gets little time, and nothing that goes wrong with it is an error: the gate
looks again.
"""

import asyncio

from arm.errors import EXPECTED, error_of
from domain.migration.planning import Plan
from domain.references.scan import warnings_of
from services.dependencies import Dependencies
from services.references import read_image, scan_references
from services.threads import AzureBusyError, at_azure

SCAN_WITHIN_SECONDS = 5.0
_MOST_TOLD = 5
_UNKNOWN = "Who uses the image could not be looked for now"


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
        found: tuple[str, ...] = (f"{_UNKNOWN}: too many callers wait for Azure.",)
    except EXPECTED as error:
        found = (f"{_UNKNOWN}: {error_of(error)}.",)
    else:
        found = warnings_of(scan, _MOST_TOLD)
    return plan.model_copy(update={"warnings": (*plan.warnings, *found)})


def warned_now(app: Dependencies, plan: Plan) -> Plan:
    """The same for callers without an event loop, such as activities."""
    return asyncio.run(with_reference_warnings(app, plan)) if plan.deletion else plan
