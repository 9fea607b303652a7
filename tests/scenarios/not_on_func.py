"""Scenarios that are not run on func, with the reason: nobody can move the clock of a real host's timers.

Everything else in this folder runs there (`make e2e`). A name without a parameter stands for all of the test's.
"""

DAYS = "waits by the app's clock for longer than anybody sits there: "
ITS_OWN = "kills the whole local cloud; func has its own in tests/e2e/test_deaths.py"

NOT_ON_FUNC = {
    "test_approvals.py::test_an_approval_after_the_deadline_is_409": DAYS + "an hour of approval",
    "test_changed_images.py::test_an_image_that_changes_just_before_the_delete_is_not_deleted": (
        DAYS + "Azure's Retry-After of an hour"
    ),
    "test_notifications.py::test_a_receiver_that_fails_changes_no_outcome": (
        DAYS + "six minutes between the three notifications, twice"
    ),
    "test_notifications.py::test_a_failed_notification_is_tried_again_under_its_own_id": (
        DAYS + "six minutes between the three notifications, twice"
    ),
    "test_outcomes.py::test_an_approval_that_nobody_gives_expires": DAYS + "three days of approval",
    "test_restarts.py::test_a_restart_in_any_stage_loses_and_repeats_nothing": ITS_OWN,
    "test_restarts.py::test_a_request_accepted_by_a_starter_that_died_is_started_by_the_sweep": (
        "writes into the SQLite records of a host that does not run"
    ),
    "test_starts.py::test_a_throttled_call_waits_as_long_as_azure_says": (
        DAYS + "Azure's Retry-After of seven minutes, twice"
    ),
}


def why_not(node_id: str) -> str | None:
    """The reason of a test, by pytest's id of it; None: it runs."""
    test = node_id.rpartition("/")[2]
    return NOT_ON_FUNC.get(test) or NOT_ON_FUNC.get(test.partition("[")[0])
