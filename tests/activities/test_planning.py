"""Planning against the emulator: all reads, no write."""

from __future__ import annotations

from activities.planning import plan_migration
from tests.activities.azure import Azure


def test_a_plan_is_made_without_writing(azure: Azure) -> None:
    """The image's creation time comes from the resources list."""
    plan = azure.plan()
    assert plan.fingerprint.complete
    assert not plan.definition_exists
    assert {line["method"] for line in azure.sent()} == {"GET"}
    assert plan == azure.plan()


def test_what_is_missing_is_a_problem(azure: Azure) -> None:
    """Not an error: the caller can correct it."""
    azure.delete_image()
    problems = azure.done(plan_migration, request=azure.accepted.request)["problems"]
    assert [problem["field"] for problem in problems] == ["sourceImageId"]
