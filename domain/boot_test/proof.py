"""The gate's check that a version boots: a test of this very version passed, is young enough, and none failed since."""

from datetime import datetime, timedelta

from domain.boot_test.recorded import BootOutcome, BootResult
from domain.deletion.evidence import Check
from domain.facts import VersionFacts
from domain.ids import same_id
from domain.values import Message

CHECK = "boot test passed"


class ProofPolicy(Message):
    """The demand of a deployment that deletions have a passed test, and how old it may be."""

    required: bool = False
    max_age: timedelta = timedelta(days=7)


def boot_check(
    results: tuple[BootResult, ...], version: VersionFacts, policy: ProofPolicy, now: datetime
) -> Check:
    """The check, which holds where no test is demanded. A version that was made anew under its name has another date of
    publication, and its old tests prove nothing."""
    if not policy.required:
        return Check(name=CHECK, passed=True, found="not demanded by this deployment")
    latest = _latest_by_region(of_this_version(results, version))
    outcomes = {result.verdict.outcome for result in latest}
    ages = [now - r.verdict.at for r in latest if r.verdict.outcome is BootOutcome.PASSED]
    young = any(age <= policy.max_age for age in ages)
    found = "; ".join(f"{result.words} at {result.verdict.at.isoformat()}" for result in latest)
    return Check(
        name=CHECK,
        passed=young and BootOutcome.FAILED not in outcomes,
        found=found or "this version was never tested",
    )


def outcomes_of(results: tuple[BootResult, ...], version: VersionFacts) -> str:
    """The last outcome in each region, as a statement has it: without the time, so that a test that passes again is no
    change. Empty if this version was never tested."""
    latest = _latest_by_region(of_this_version(results, version))
    return ", ".join(sorted(f"{r.verdict.outcome} in {r.region}" for r in latest))


def of_this_version(results: tuple[BootResult, ...], version: VersionFacts) -> list[BootResult]:
    """The results that are about this very version."""
    return [
        result
        for result in results
        if same_id(result.version_id, version.id)
        and result.published_date is not None
        and result.published_date == version.published_date
    ]


def _latest_by_region(results: list[BootResult]) -> list[BootResult]:
    ordered = sorted(results, key=lambda result: result.verdict.at)
    return list({result.region: result for result in ordered}.values())
