"""The second look names who appeared since the gate, and how the deletion is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.deletion.late_users import (
    MOST_TOLD,
    TRY_FOR,
    LateUsers,
    late_users,
    later_scan_id,
    later_scan_of,
    restore_command,
    worth_waiting,
)
from domain.references.scan import Gap, Scan
from domain.references.users import ImageUser, Source, users_of
from tests.builders import IMAGE_ID, MIGRATION_ID, NOW, SUBSCRIPTION
from tests.domain.deletion.test_gate import a_scan

COMMAND = restore_command(MIGRATION_ID)


def a_machine(name: str) -> ImageUser:
    """A machine that was made of the image."""
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/web/providers/Microsoft.Compute"
    storage = {"imageReference": {"id": IMAGE_ID}}
    row = {
        "id": f"{scope}/virtualMachines/{name}",
        "type": "Microsoft.Compute/virtualMachines",
        "properties": {"storageProfile": storage},
    }
    (user,) = users_of(IMAGE_ID, [row], Source.LISTS, None)
    return user


def seen(*users: ImageUser, **changes: Any) -> Scan:
    """A scan that shows these users."""
    return a_scan(**{"users": users, **changes})


def told(scan: Scan, *known: str) -> LateUsers:
    """The late users that are made of a scan."""
    return late_users(scan, known, MIGRATION_ID)


def test_who_was_known_has_not_appeared() -> None:
    """Ids are compared without case."""
    old, new = a_machine("old"), a_machine("new")
    found = told(seen(old, new), old.id.upper())
    assert found.users == (new,)
    assert found.text == (
        f"users of the image appeared after its deletion: {new.kind} {new.id} ({new.effect}). "
        f"Take it back: {COMMAND}"
    )


def test_nobody_appeared() -> None:
    """Nothing is to be taken back."""
    old = a_machine("old")
    assert told(seen(old), old.id).text == "nobody appeared who needs the image"


def test_a_few_are_named() -> None:
    """And how many more there are."""
    users = [a_machine(f"m{number}") for number in range(MOST_TOLD + 2)]
    some = told(seen(*users[:MOST_TOLD])).text
    assert "more" not in some
    text = told(seen(*users)).text
    assert ", and 2 more. Take it back" in text
    assert users[MOST_TOLD - 1].id in text
    assert users[MOST_TOLD].id not in text


def test_what_could_not_be_read_is_told() -> None:
    """With or without somebody who appeared."""
    gaps = tuple(Gap(where=f"list {n}", reason="refused") for n in range(MOST_TOLD + 1))
    found = told(seen(gaps=gaps))
    assert found.unknown == tuple(str(gap) for gap in gaps)
    assert found.text.startswith(
        "nobody appeared who needs the image; not everything could be read"
    )
    assert "list 4: refused)" in found.text
    assert "list 5" not in found.text
    assert "not everything" in told(seen(a_machine("new"), gaps=gaps)).text


@pytest.mark.parametrize(
    ("transient", "after", "waits"),
    [
        (True, TRY_FOR - timedelta(seconds=1), True),
        (True, TRY_FOR, False),
        (False, timedelta(0), False),
    ],
)
def test_a_scan_that_may_get_better_is_waited_for(
    *, transient: bool, after: timedelta, waits: bool
) -> None:
    """For an hour; what is refused is not."""
    scan = seen(gaps=(Gap(where="x", reason="slow", transient=transient),))
    assert worth_waiting(scan, NOW, NOW + after) is waits
    assert not worth_waiting(seen(), NOW, NOW)


def test_a_later_scan_has_a_row_of_its_own() -> None:
    """It is no migration's."""
    assert later_scan_of(later_scan_id(MIGRATION_ID)) == MIGRATION_ID
    assert later_scan_of(MIGRATION_ID) is None
    assert later_scan_of("-users") is None
    assert MIGRATION_ID in COMMAND
