"""The stages and outcomes of a migration, and which stage may follow which, as data."""

from enum import StrEnum


class Stage(StrEnum):
    """The stages of a migration; the wire values of `stage`."""

    PLANNING = "planning"
    DEFINITION = "definition"
    VERSION = "version"
    REPLICATION = "replication"
    BOOT_TEST = "bootTest"
    APPROVAL = "approval"
    PROMOTION = "promotion"
    DELETION = "deletion"
    FINISHED = "finished"


class Outcome(StrEnum):
    """The four ends of a migration; the wire values of `outcome`.

    Kept: the deletion was asked for but did not happen. Failed: there is no usable version.
    """

    COMPLETED = "completed"
    KEPT = "kept"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ImageFate(StrEnum):
    """The fate of the managed image; the wire values of `result.image`."""

    KEPT = "kept"
    DELETED = "deleted"
    GONE = "gone, not by us"
    UNKNOWN = "unknown"


def outcome_of_a_stop(*, usable: bool, deletion: bool) -> Outcome:
    """Return the end of a migration that cannot go on: with a usable version and a deletion asked for, the image was
    kept."""
    return Outcome.KEPT if usable and deletion else Outcome.FAILED


NEXT: dict[Stage, frozenset[Stage]] = {
    Stage.PLANNING: frozenset({Stage.DEFINITION, Stage.REPLICATION, Stage.FINISHED}),
    Stage.DEFINITION: frozenset({Stage.VERSION, Stage.FINISHED}),
    Stage.VERSION: frozenset({Stage.REPLICATION, Stage.PLANNING, Stage.FINISHED}),
    Stage.REPLICATION: frozenset(
        {Stage.BOOT_TEST, Stage.APPROVAL, Stage.PROMOTION, Stage.DELETION, Stage.FINISHED}
    ),
    Stage.BOOT_TEST: frozenset({Stage.APPROVAL, Stage.PROMOTION, Stage.DELETION, Stage.FINISHED}),
    Stage.APPROVAL: frozenset({Stage.PROMOTION, Stage.DELETION, Stage.FINISHED}),
    Stage.PROMOTION: frozenset({Stage.DELETION, Stage.FINISHED}),
    Stage.DELETION: frozenset({Stage.FINISHED}),
    Stage.FINISHED: frozenset(),
}


AFTER_BOOT_TEST = frozenset({Stage.APPROVAL, Stage.PROMOTION, Stage.DELETION})
"""The stages in which a boot test, where one was wanted, is over."""
AFTER_REPLICATION = AFTER_BOOT_TEST | {Stage.BOOT_TEST}
"""The stages in which the version was ready in every region, and the image still what it was made from."""
AFTER_PROMOTION = frozenset({Stage.PROMOTION, Stage.DELETION})
"""The stages in which the approval, where one was asked for, was given, and the image looked at again."""
ASKED_AGAIN_FROM = AFTER_PROMOTION
"""The stages from which a migration goes back to the approval, when what was approved has changed."""
WITH_VERSION = AFTER_REPLICATION | {Stage.REPLICATION}
"""The stages in which the version is there, or its PUT was taken."""


def may_follow(now: Stage, then: Stage) -> bool:
    """Return True if a migration may go from `now` to `then`; staying is always allowed (activities run twice)."""
    return then is now or then in NEXT[now]
