"""The durable boundary: contracts that nobody changes, and values of earlier deployments that are read with care."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from domain.messages import (
    CHECK_IMAGE,
    PLAN_MIGRATION,
    START_VERSION,
    Activity,
    ImageState,
    NoPlan,
    StepRequest,
    VersionNameTaken,
)


def test_an_image_of_which_no_more_is_told_is_not_certain() -> None:
    """A reply of an earlier deployment must not let a deletion pass."""
    reply = CHECK_IMAGE.replies.validate_python({"present": True})
    assert reply == ImageState(present=True, unchanged=False, certain=False)


@pytest.mark.parametrize(
    ("activity", "reply"),
    [
        (PLAN_MIGRATION, NoPlan(reason="no quota")),
        (START_VERSION, VersionNameTaken(reason="r", replan=True)),
    ],
    ids=["plan_migration", "start_version"],
)
def test_a_reply_is_the_one_of_several_that_was_sent(
    activity: Activity[StepRequest, object], reply: NoPlan | VersionNameTaken
) -> None:
    """By its kind, through plain JSON."""
    assert activity.replies.validate_python(reply.model_dump(mode="json")) == reply


def test_a_contract_is_not_changed() -> None:
    """Both sides of the boundary hold the same one."""
    with pytest.raises(FrozenInstanceError):
        CHECK_IMAGE.name = "another"  # type: ignore[misc]
