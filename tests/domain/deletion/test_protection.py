"""The version is protected first: one of the protections that count is enough, and an end of life has to be to come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.deletion.protection import Protection, blocks_until_end_of_life, protection_check
from tests.builders import NOW, a_version

EOL, SOFT, LOCK = Protection.END_OF_LIFE, Protection.SOFT_DELETE, Protection.LOCK


@pytest.mark.parametrize(
    ("wanted", "there", "passed", "found"),
    [
        ((), frozenset(), True, "no protection is asked for"),
        ((), frozenset({LOCK}), True, "no protection is asked for"),
        ((LOCK,), frozenset(), False, "none of: a lock on the version"),
        ((LOCK,), frozenset({EOL, SOFT}), False, "none of: a lock on the version"),
        ((LOCK, SOFT), frozenset({SOFT}), True, "the gallery's soft delete"),
        (
            (EOL,),
            frozenset({EOL}),
            True,
            "an end of life in the future with blockDeletionBeforeEndOfLife",
        ),
        (
            (LOCK, SOFT),
            frozenset({SOFT, LOCK, EOL}),
            True,
            "a lock on the version, the gallery's soft delete",
        ),
        ((EOL, SOFT), frozenset({LOCK}), False, None),
    ],
)
def test_one_that_counts_is_enough(
    wanted: tuple[Protection, ...],
    there: frozenset[Protection],
    *,
    passed: bool,
    found: str | None,
) -> None:
    """Others do not count; what would is said."""
    check = protection_check(wanted, there)
    assert (check.name, check.passed) == ("version protected", passed)
    assert found is None or check.found == found


def test_an_end_of_life_must_block_and_be_to_come() -> None:
    """To the moment."""
    version = a_version().model_copy(
        update={"blocks_deletion": True, "end_of_life_date": NOW.isoformat()}
    )
    moment = timedelta(microseconds=1)
    assert blocks_until_end_of_life(version, NOW - moment)
    assert not blocks_until_end_of_life(version, NOW)
    lax = version.model_copy(update={"blocks_deletion": False})
    endless = version.model_copy(update={"end_of_life_date": None})
    assert not blocks_until_end_of_life(lax, NOW - moment)
    assert not blocks_until_end_of_life(endless, NOW - moment)
