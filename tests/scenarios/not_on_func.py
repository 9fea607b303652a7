"""Scenarios that are not run on func, with the reason: nobody can move the clock of a real host's timers.

Everything else in this folder runs there (`make e2e`).
"""

from dataclasses import dataclass

import pytest

WAITS = "waits by the app's clock for longer than anybody sits there: "
REFUSED_NOTIFICATIONS = WAITS + "a day of notifications that nobody takes"


@dataclass(frozen=True)
class Spared:
    """A test, or those of its parameters whose id has `part` in it."""

    module: str
    test: str
    reason: str
    part: str = ""

    def covers(self, item: pytest.Item) -> bool:
        """Return True if it is this test."""
        test, _, parameter = item.name.partition("[")
        return (item.path.stem, test) == (self.module, self.test) and self.part in parameter


NOT_ON_FUNC = (
    Spared(
        "test_orphans",
        "test_an_orchestration_that_vanished_goes_on_from_its_record",
        "the sweep, every few seconds there, may see it terminated before it is purged",
    ),
    *(
        Spared("test_late_activities", test, WAITS + "hours, while a call is held")
        for test in (
            "test_a_late_put_is_not_sent",
            "test_a_late_gate_sends_no_delete",
            "test_a_late_delete_is_the_one_that_the_record_names",
            "test_a_delete_that_was_never_sent_is_sent_by_the_later_run",
        )
    ),
    Spared(
        "test_approvals",
        "test_an_approval_after_the_deadline_is_409",
        WAITS + "an hour of approval",
    ),
    Spared(
        "test_changed_images",
        "test_an_image_that_changes_just_before_the_delete_is_not_deleted",
        WAITS + "Azure's Retry-After of an hour",
    ),
    Spared(
        "test_notifications",
        "test_a_receiver_that_fails_changes_no_outcome",
        REFUSED_NOTIFICATIONS,
    ),
    Spared(
        "test_notifications",
        "test_a_failed_notification_is_tried_again_under_its_own_id",
        REFUSED_NOTIFICATIONS,
    ),
    *(
        Spared("test_delivery", test, WAITS + "hours of quiet time")
        for test in (
            "test_what_nobody_could_be_told_is_kept",
            "test_an_approval_that_nobody_else_was_told_of_deletes_nothing",
            "test_a_late_delivery_makes_the_quiet_time_late",
        )
    ),
    Spared(
        "test_event_limit",
        "test_what_comes_beyond_the_limit_is_started_in_the_next_hours",
        WAITS + "three hours of a limit",
    ),
    Spared(
        "test_outcomes",
        "test_an_approval_that_nobody_gives_expires",
        WAITS + "three days of approval",
    ),
    Spared(
        "test_starts",
        "test_a_throttled_call_waits_as_long_as_azure_says",
        WAITS + "Azure's Retry-After of seven minutes, twice",
    ),
    Spared(
        "test_restarts",
        "test_a_restart_in_any_stage_loses_and_repeats_nothing",
        "kills the whole local cloud; func has its own in tests/e2e/test_dead_host.py",
    ),
    Spared(
        "test_restarts",
        "test_a_request_accepted_by_a_starter_that_died_is_started_by_the_sweep",
        "writes into the SQLite records of the embedded local cloud",
    ),
    Spared(
        "test_fuzz",
        "test_any_event_is_taken_and_dropped",
        "the Event Grid extension answers 500 to an integer of 400 digits before the app sees it",
    ),
)


def why_not(item: pytest.Item) -> str | None:
    """The reason of a test; None: it runs."""
    return next((spared.reason for spared in NOT_ON_FUNC if spared.covers(item)), None)
