"""The statement: one text that is shown and hashed, and which changes an approval of it survives."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.approval.statement import (
    ACTION,
    KeptStatement,
    StatedReferences,
    StatedUser,
    Statement,
    changes,
    hash_of,
    stated_image,
    stated_references,
    stated_version,
    still_covers,
)
from domain.callers.actors import Actor, ActorKind
from domain.facts import Disk
from domain.references.kinds import Effect
from domain.references.scan import Gap, Scan
from domain.references.users import ImageUser
from tests.builders import (
    IMAGE_ID,
    MIGRATION_ID,
    NOW,
    SUBSCRIPTION,
    a_kept_statement,
    a_statement,
    a_version,
    an_image,
)
from tests.credentials import REQUESTER

MACHINE = StatedUser(kind="virtual machine", id="/g/vm", scope="/g", effect=Effect.WARNS)
SET = StatedUser(kind="scale set", id="/g/set", scope="/g", effect=Effect.BLOCKS)


def references(*users: StatedUser, **changes: Any) -> StatedReferences:
    values = {"subscriptions": (SUBSCRIPTION,), "complete": True, "users": users}
    return StatedReferences(**{**values, **changes})


APPROVED = a_statement(references=references(MACHINE, SET))


def image(**changes: Any) -> Any:
    return APPROVED.image.model_copy(update=changes)


def version(**changes: Any) -> Any:
    return APPROVED.version.model_copy(update=changes)


# -- the text --------------------------------------------------------------------------------------------------------


def test_the_text_holds_everything_that_is_approved() -> None:
    """Sorted, so that it depends on nothing but what it says."""
    told = json.loads(APPROVED.text)
    assert told == {
        "action": ACTION,
        "changeNumber": "",
        "deadline": "2026-03-05T09:30:00Z",
        "deployment": "tests",
        "image": {
            "createdAt": "2024-03-11T09:14:52.127031+00:00",
            "disks": [
                {
                    "encryptionSet": None,
                    "lun": None,
                    "sizeGb": 127,
                    "source": an_image().os_disk.source,
                }
            ],
            "fingerprint": stated_image(an_image()).fingerprint,
            "id": IMAGE_ID,
        },
        "migrationId": MIGRATION_ID,
        "references": {
            "complete": True,
            "subscriptions": [SUBSCRIPTION],
            "users": [
                {"effect": "warns", "id": "/g/vm", "kind": "virtual machine", "scope": "/g"},
                {"effect": "blocks", "id": "/g/set", "kind": "scale set", "scope": "/g"},
            ],
        },
        "requester": {
            "id": REQUESTER.id,
            "kind": "key",
            "label": "tests",
            "owners": list(REQUESTER.owners),
        },
        "round": 1,
        "version": {
            "bootTest": "",
            "id": a_version().id,
            "publishedAt": "2026-03-02T09:30:00+00:00",
            "regions": ["eastus2", "westeurope"],
        },
    }
    assert APPROVED.text == json.dumps(told, indent=2, sort_keys=True)


def test_the_hash_is_of_the_text() -> None:
    """As anybody takes it of what they were shown."""
    kept = KeptStatement(text=APPROVED.text, asked_at=NOW)
    assert kept.hash == hash_of(APPROVED.text) == hashlib.sha256(APPROVED.text.encode()).hexdigest()
    assert hash_of(APPROVED.text + " ") != kept.hash


def test_what_is_read_from_the_text_is_the_statement() -> None:
    """Kept as a text alone."""
    assert KeptStatement(text=APPROVED.text, asked_at=NOW).statement == APPROVED


def test_a_name_that_looks_like_another_shows() -> None:
    """A character that turns the order of others, or looks like one of ASCII, is written by its number."""
    requester = REQUESTER.model_copy(update={"label": "m\u0430ry\u202e"})
    text = a_statement(requester=requester).text
    assert text.isascii()
    assert "m\\u0430ry\\u202e" in text


# -- what is stated --------------------------------------------------------------------------------------------------


def a_scan(**changes: Any) -> Scan:
    user = {"use": "uses it", "effect": Effect.WARNS}
    values = {
        "image_id": IMAGE_ID,
        "subscriptions": ("two", "one"),
        "users": (
            ImageUser(id="/G/b", kind="virtual machine", scope="/G", **user),
            ImageUser(id="/g/A", kind="virtual machine", scope="/g", **user),
            ImageUser(id="/g/c", kind="scale set", scope="/g", **user),
        ),
        "locks": (),
        "gaps": (),
        "machines": 2,
        "scale_sets": 1,
        "machines_read_at": NOW,
    }
    return Scan(**{**values, **changes})


def test_users_and_subscriptions_are_sorted() -> None:
    """Whatever the order in which they were read, and however their ids were written."""
    stated = stated_references(a_scan())
    assert stated.subscriptions == ("one", "two")
    assert [user.id for user in stated.users] == ["/g/c", "/g/A", "/G/b"]
    turned = a_scan(users=tuple(reversed(a_scan().users)), subscriptions=("one", "two"))
    assert stated_references(turned) == stated


def test_the_clock_of_a_scan_is_not_stated() -> None:
    """Else no two statements were ever equal."""
    later = a_scan(machines_read_at=NOW + timedelta(days=1), machines=7, scale_sets=0)
    assert stated_references(later) == stated_references(a_scan())


@pytest.mark.parametrize(("gaps", "complete"), [((), True), ((Gap(where="w", reason="r"),), False)])
def test_whether_everything_was_read_is_stated(gaps: tuple[Gap, ...], complete: bool) -> None:
    """An approver sees that the users are not all known."""
    assert stated_references(a_scan(gaps=gaps)).complete is complete


def test_our_own_promotion_changes_nothing() -> None:
    """Hidden from `latest` or not, the version is the same."""
    assert stated_version(a_version(hidden=True)) == stated_version(a_version(hidden=False))


def test_a_boot_test_is_part_of_the_version() -> None:
    """None was made, unless it is told."""
    assert stated_version(a_version()).boot_test == ""
    assert stated_version(a_version(), "passed").boot_test == "passed"


# -- what an approval survives ---------------------------------------------------------------------------------------

COVERED: dict[str, dict[str, Any]] = {
    "nothing has changed": {},
    "a user is gone": {"references": references(MACHINE)},
    "all users are gone": {"references": references()},
    "users in another order": {"references": references(SET, MACHINE)},
    "ids written otherwise": {
        "references": references(
            MACHINE.model_copy(update={"id": "/G/VM", "scope": "/G"}),
            SET.model_copy(update={"id": "/g/SET"}),
        ),
        "image": image(id=IMAGE_ID.upper()),
        "version": version(id=a_version().id.upper()),
    },
    "regions in another order": {"version": version(regions=("westeurope", "eastus2"))},
}


@pytest.mark.parametrize("change", COVERED.values(), ids=COVERED)
def test_what_does_not_void_an_approval(change: dict[str, Any]) -> None:
    """Fewer users need the image less, and spelling is nothing."""
    now = APPROVED.model_copy(update=change)
    assert changes(APPROVED, now) == ()
    assert still_covers(APPROVED, now)


OTHER = Actor(kind=ActorKind.PERSON, id="other")
VOID: dict[str, tuple[dict[str, Any], str]] = {
    "a new machine": (
        {"references": references(MACHINE, SET, MACHINE.model_copy(update={"id": "/g/vm2"}))},
        "a new user: virtual machine /g/vm2 (warns)",
    ),
    "a new one for one that is gone": (
        {"references": references(SET, MACHINE.model_copy(update={"id": "/g/vm2"}))},
        "a new user: virtual machine /g/vm2 (warns)",
    ),
    "a user of another kind under the id": (
        {"references": references(SET, MACHINE.model_copy(update={"kind": "host pool"}))},
        "a new user: host pool /g/vm (warns)",
    ),
    "a user in another scope": (
        {"references": references(SET, MACHINE.model_copy(update={"scope": "/h"}))},
        "a new user: virtual machine /g/vm (warns)",
    ),
    "a user that needs it now": (
        {"references": references(SET, MACHINE.model_copy(update={"effect": Effect.BLOCKS}))},
        "a new user: virtual machine /g/vm (blocks)",
    ),
    "another subscription was looked through too": (
        {"references": references(MACHINE, SET, subscriptions=(SUBSCRIPTION, "two"))},
        f"the subscriptions looked through was {SUBSCRIPTION}, and is {SUBSCRIPTION}, two",
    ),
    "one was not looked through": (
        {"references": references(MACHINE, SET, subscriptions=())},
        f"the subscriptions looked through was {SUBSCRIPTION}, and is none",
    ),
    "the users are not known any more": (
        {"references": references(MACHINE, SET, complete=False)},
        "the knowledge of all users was complete, and is incomplete",
    ),
    "another deployment": (
        {"deployment": "other"},
        "the deployment was tests, and is other",
    ),
    "another migration": ({"migration_id": "m-2"}, "the migration was "),
    "another action": ({"action": "keep it"}, f"the action was {ACTION}, and is keep it"),
    "another image": ({"image": image(id="/i")}, "the image was "),
    "another fingerprint": ({"image": image(fingerprint="f")}, "the image's fingerprint was "),
    "another creation time": (
        {"image": image(created_at=None)},
        "the image's creation time was 2024-03-11T09:14:52.127031+00:00, and is none",
    ),
    "another disk": ({"image": image(disks=(Disk(size_gb=1),))}, "the image's disks was "),
    "another version": ({"version": version(id="/v")}, "the version was "),
    "another publication": (
        {"version": version(published_at=None)},
        "the version's publication date was 2026-03-02T09:30:00+00:00, and is none",
    ),
    "a region less": (
        {"version": version(regions=("eastus2",))},
        "the version's regions was eastus2, westeurope, and is eastus2",
    ),
    "a region more": (
        {"version": version(regions=("eastus2", "westeurope", "westus"))},
        "the version's regions was eastus2, westeurope, and is eastus2, westeurope, westus",
    ),
    "a boot test": ({"version": version(boot_test="failed")}, "the boot test was none, and is "),
    "another requester": ({"requester": OTHER}, "the requester was "),
    "nobody is known to have asked": ({"requester": None}, "the requester was "),
    "another change number": (
        {"change_number": "CHG1"},
        "the change number was none, and is CHG1",
    ),
    "another deadline": (
        {"deadline": APPROVED.deadline + timedelta(microseconds=1)},
        "the deadline was 2026-03-05T09:30:00+00:00, and is 2026-03-05T09:30:00.000001+00:00",
    ),
}


@pytest.mark.parametrize(("change", "told"), VOID.values(), ids=VOID)
def test_what_voids_an_approval(change: dict[str, Any], told: str) -> None:
    """Each alone, and it is told."""
    now = APPROVED.model_copy(update=change)
    (line,) = changes(APPROVED, now)
    assert line.startswith(told)
    assert not still_covers(APPROVED, now)


def test_another_round_is_not_covered() -> None:
    """It is no change that anybody is told: it was asked again for one."""
    second = APPROVED.model_copy(update={"round": 2})
    assert changes(APPROVED, second) == ()
    assert not still_covers(APPROVED, second)
    assert not still_covers(second, APPROVED)


def test_every_field_voids() -> None:
    """A field that is added later is not forgotten: each but the round is in a case above."""
    changed = {name for change, _ in VOID.values() for name in change}
    assert changed == Statement.model_fields.keys() - {"round"}


USERS = st.lists(
    st.builds(
        StatedUser,
        kind=st.sampled_from(["virtual machine", "scale set"]),
        id=st.sampled_from(["/g/a", "/G/A", "/g/b", "/g/c"]),
        scope=st.just("/g"),
        effect=st.sampled_from(Effect),
    ),
    max_size=4,
)


@given(before=USERS, after=USERS)
def test_an_approval_covers_the_users_that_were_seen_and_no_others(
    before: list[StatedUser], after: list[StatedUser]
) -> None:
    """Any users, before and after."""
    known = {(u.kind, u.id.lower(), u.effect) for u in before}
    covered = all((u.kind, u.id.lower(), u.effect) in known for u in after)
    one, other = (a_statement(references=references(*users)) for users in (before, after))
    assert still_covers(one, other) is covered


def test_the_builders_statement_is_kept_as_it_is() -> None:
    """It is what tests decide on, and are asked."""
    assert a_kept_statement().statement == a_statement()
