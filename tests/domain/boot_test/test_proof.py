"""The gate believes a test of this very version that passed, is young, and that no later one contradicts."""

from datetime import timedelta
from typing import Any

import pytest

from domain.boot_test.proof import ProofPolicy, boot_check, of_this_version, outcomes_of
from domain.boot_test.recorded import BootOutcome, BootResult
from domain.facts import VersionFacts
from tests.domain.boot_test.boots import NOW, PUBLISHED, VERSION, a_result

PASSED, FAILED, INCONCLUSIVE = BootOutcome
POLICY = ProofPolicy(required=True, max_age=timedelta(days=7))
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def version(**changes: Any) -> VersionFacts:
    """The version that the results are about."""
    fields = {"id": VERSION, "name": "1.0.0", "location": "eastus2"}
    fields |= {"provisioning_state": "Succeeded", "published_date": PUBLISHED}
    return VersionFacts.model_validate(fields | changes)


def passes(*results: BootResult, **changes: Any) -> bool:
    """The word of the one check on these results."""
    check = boot_check(results, version(**changes), POLICY, NOW)
    assert check.name == "boot test passed"
    return check.passed


def test_where_none_is_demanded_the_check_holds() -> None:
    """As by default, whatever a test has shown."""
    check = boot_check((a_result(FAILED),), version(), ProofPolicy(), NOW)
    assert (check.passed, check.found) == (True, "not demanded by this deployment")
    assert ProofPolicy().max_age == timedelta(days=7)


@pytest.mark.parametrize(
    ("results", "stated"),
    [
        ((), ""),
        ((a_result(PASSED),), "passed in eastus2"),
        ((a_result(PASSED, NOW - DAY),), "passed in eastus2"),
        ((a_result(PASSED, NOW - DAY), a_result(FAILED)), "failed in eastus2"),
        (
            (a_result(PASSED, region="westus2"), a_result(FAILED)),
            "failed in eastus2, passed in westus2",
        ),
    ],
)
def test_a_statement_has_the_last_outcome_of_each_region(
    results: tuple[BootResult, ...], stated: str
) -> None:
    """Without its time: a test that passes again is no change. Those of another version of the name are not told."""
    assert outcomes_of(results, version()) == stated
    assert outcomes_of(results, version(published_date=None)) == ""


@pytest.mark.parametrize(
    ("results", "passed"),
    [
        ((), False),
        ((a_result(PASSED),), True),
        ((a_result(FAILED),), False),
        ((a_result(INCONCLUSIVE),), False),
        ((a_result(PASSED, NOW - 7 * DAY),), True),
        ((a_result(PASSED, NOW - 7 * DAY - SECOND),), False),
        ((a_result(PASSED, NOW - DAY), a_result(FAILED)), False),
        ((a_result(FAILED, NOW - DAY), a_result(PASSED)), True),
        ((a_result(PASSED), a_result(FAILED, NOW - DAY)), True),
        ((a_result(PASSED), a_result(INCONCLUSIVE, region="westus2")), True),
        ((a_result(PASSED), a_result(FAILED, region="westus2")), False),
        ((a_result(PASSED, NOW - 8 * DAY), a_result(PASSED, region="westus2")), True),
    ],
)
def test_the_latest_of_each_region_counts(results: tuple[BootResult, ...], passed: bool) -> None:
    """One that passed and is young enough, and none that failed."""
    assert passes(*results) is passed


def test_a_test_of_another_version_proves_nothing() -> None:
    """Nor one of a version that was made anew under the name since; case of the id is no matter."""
    assert passes(a_result(version_id=VERSION.upper()))
    assert not passes(a_result(version_id=f"{VERSION}0"))
    assert not passes(a_result(), published_date="2026-11-30T11:00:00+00:00")
    assert not passes(a_result(published_date=None), published_date=None)
    other = a_result(FAILED, version_id=f"{VERSION}0")
    assert of_this_version((a_result(), other), version()) == [a_result()]


def test_what_was_found_is_told() -> None:
    """Every result that counts, with its time; or that there is none."""
    none = boot_check((), version(), POLICY, NOW)
    assert none.found == "this version was never tested"
    both = (a_result(), a_result(FAILED, region="westus2"))
    check = boot_check(both, version(), POLICY, NOW)
    assert check.found == (
        "boot test passed in eastus2: seen at 2026-11-30T12:00:00+00:00; "
        "boot test failed in westus2: seen at 2026-11-30T12:00:00+00:00"
    )
