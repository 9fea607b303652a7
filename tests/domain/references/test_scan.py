"""A scan is held against the pages of Resource Graph, locks above the image, the last complete scan."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UnexpectedResponseError
from domain.ids import parse_image_id
from domain.references.graph import GraphPage, incomplete, user_queries
from domain.references.kinds import Effect
from domain.references.locks import ImageLock, locks_on, veto_of
from domain.references.scan import Gap, Scan, ScanCounts, at_most, too_few, warnings_of
from domain.references.users import ImageUser

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
IMAGE = f"{GROUP}/providers/Microsoft.Compute/images/web"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def page(rows: int, total: int | None = None, *, cut: Any = "false", **headers: str) -> GraphPage:
    """A page of an answer."""
    body = {"data": [{}] * rows, "totalRecords": total, "resultTruncated": cut}
    return GraphPage(body=body, headers={name.replace("_", "-"): v for name, v in headers.items()})


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        ([page(0, 0)], None),
        ([page(2, 3), page(1, 3)], None),
        ([], "cut"),
        ([page(2, 3)], "2 rows of 3"),
        ([page(2, 3), page(1, 4)], "3 rows of"),
        ([page(1, None)], "1 rows of None"),
        ([page(1, 1, cut="true")], "cut"),
        ([page(1, 1, cut=None)], "cut"),
        ([page(1, 1, cut=True)], "cut"),
        ([page(1, 2, cut="true"), page(1, 2)], "cut"),
        ([page(1, 1, x_ms_tenant_subscription_limit_hit="true")], "some of the subscriptions"),
        ([page(1, 1, x_ms_tenant_subscription_limit_hit="false")], None),
    ],
)
def test_an_answer_is_whole_or_not(pages: list[GraphPage], why: str | None) -> None:
    """`resultTruncated` is a text; every row that was counted must be there."""
    reason = incomplete(pages)
    assert reason is None if why is None else reason is not None and why in reason


def test_a_query_cannot_be_broken_out_of() -> None:
    """Names of groups may have letters of any script, and no quote or backslash gets through as one."""
    (resources, *_) = user_queries(parse_image_id(IMAGE.replace("rg", "grüße(1)")))
    assert f"id =~ '{IMAGE.replace('rg', 'grüße(1)')}'" in resources


def lock(scope: str, name: str = "keep", **properties: str) -> dict[str, Any]:
    """A lock as a list shows it."""
    where = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
    return {"id": where, "properties": {"level": "CanNotDelete", **properties}}


@pytest.mark.parametrize(
    ("scope", "covers"),
    [
        (IMAGE, True),
        (IMAGE.upper(), True),
        (GROUP, True),
        (GROUP.partition("/resourceGroups")[0], True),
        ("", True),
        (f"{IMAGE}2", False),
        (f"{GROUP}2", False),
        (f"{IMAGE}/below", False),
        (GROUP.replace("0001", "0002"), False),
    ],
)
def test_a_lock_covers_what_lies_below_it(scope: str, covers: bool) -> None:
    """Segment by segment, without case."""
    locks = locks_on(IMAGE, [lock(scope), lock(scope)])
    assert [one.scope for one in locks] == ([scope] if covers else [])


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": IMAGE}, "text", None])
def test_what_is_no_lock_is_no_answer(body: Any) -> None:
    """It might be one."""
    with pytest.raises(UnexpectedResponseError):
        locks_on(IMAGE, [body])


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=3), max_size=3))
def test_a_tag_vetoes_by_its_name(tags: dict[str, str]) -> None:
    """Whatever else there is, and whatever it says."""
    others = {name: value for name, value in tags.items() if name.lower() != "donotdelete"}
    assert veto_of(others, "DoNotDelete") is None
    assert veto_of({**others, "DONOTDELETE": ""}, "DoNotDelete") == "DONOTDELETE"


def scan(machines: int, **changes: Any) -> Scan:
    """A scan of one subscription that found nothing else."""
    values: dict[str, Any] = {
        "image_id": IMAGE,
        "subscriptions": ("one",),
        "users": (),
        "locks": (),
        "gaps": (),
        "machines": machines,
        "scale_sets": 0,
        "machines_read_at": NOW,
    }
    return Scan(**{**values, **changes})


COUNTS = st.integers(0, 10_000)


@given(COUNTS, COUNTS, COUNTS, st.integers(0, 100))
def test_the_floor_is_a_share_of_machines_and_scale_sets(
    now: int, machines: int, sets: int, percent: int
) -> None:
    """Neither less nor more than that share; none before the first scan."""
    last = ScanCounts(subscriptions=("one",), machines=machines, scale_sets=sets, at=NOW)
    gaps = too_few(scan(now), last, percent)
    assert bool(gaps) == (now < (machines + sets) * percent / 100)
    assert too_few(scan(now), None, percent) == ()


@pytest.mark.parametrize(("now", "enough"), [(10_000, True), (9_999, False)])
def test_the_floor_itself_is_enough(now: int, enough: bool) -> None:
    """Half of 20,000, of which half were scale sets."""
    last = ScanCounts(subscriptions=("one",), machines=10_000, scale_sets=10_000, at=NOW)
    assert bool(too_few(scan(now - 1, scale_sets=1), last, 50)) != enough


def a_user(effect: Effect) -> ImageUser:
    return ImageUser(
        id=f"{IMAGE}/{effect}", kind="machine", scope=GROUP, use="is it", effect=effect
    )


BLOCKS, WARNS = a_user(Effect.BLOCKS), a_user(Effect.WARNS)
LOCK = ImageLock(id="l", level="ReadOnly", scope=GROUP, inherited=True)
# what a scan found, whether it is complete, whether it keeps the image
SCANS: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "nothing": ({}, True, False),
    "a user that has its own copy": ({"users": (WARNS,)}, True, False),
    "a user that needs it": ({"users": (WARNS, BLOCKS)}, True, True),
    "a lock": ({"locks": (LOCK,)}, True, True),
    "a tag": ({"veto": "keep"}, True, True),
    "what could not be read": ({"gaps": (Gap(where="a list", reason="no"),)}, False, True),
}


@pytest.mark.parametrize(("results", "complete", "blocked"), SCANS.values(), ids=SCANS)
def test_any_one_thing_keeps_the_image(
    results: dict[str, Any], complete: bool, blocked: bool
) -> None:
    """The unknown as well."""
    made = scan(0, **results)
    assert (made.complete, made.blocked) == (complete, blocked)
    assert made.blocking == ((BLOCKS,) if BLOCKS in made.users else ())


def test_a_gap_is_for_good_unless_it_says_otherwise() -> None:
    """Whoever may not read will not be able to later."""
    assert not Gap(where="a list", reason="no").transient


def test_a_plan_tells_of_everything_that_blocks() -> None:
    """The tag, locks, users, gaps; and nothing of what only warns."""
    results = {"users": (WARNS, BLOCKS), "locks": (LOCK,), "veto": "keep"}
    assert warnings_of(scan(0, **results, gaps=(Gap(where="a list", reason="no"),)), 3) == (
        "The tag keep blocks the deletion.",
        f"A lock (ReadOnly) at {GROUP} blocks the deletion.",
        f"machine {BLOCKS.id} blocks the deletion: is it.",
        "Who uses the image is not known in full (a list: no).",
    )
    assert warnings_of(scan(0, users=(WARNS,)), 3) == ()


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ([], []),
        (["a", "b"], ["a", "b"]),
        (["a", "b", "c"], ["a", "b", "and 1"]),
        (["a", "b", "c", "d"], ["a", "b", "and 2"]),
    ],
)
def test_lines_beyond_the_most_are_counted(lines: list[str], shown: list[str]) -> None:
    """None is counted where there are no more."""
    assert at_most(2, lines, "and {}") == shown


def test_a_subscription_that_is_gone_is_a_gap() -> None:
    """Unless the floor is off."""
    last = ScanCounts(subscriptions=("one", "two"), machines=0, scale_sets=0, at=NOW)
    assert [gap.where for gap in too_few(scan(0), last, 50)] == ["subscription two"]
    assert too_few(scan(0), last, 0) == ()


def test_a_plan_tells_so_many_of_each_and_counts_the_rest() -> None:
    """A plan that lists ten thousand gaps is read by nobody."""
    gaps = tuple(Gap(where=f"list {n}", reason="no") for n in range(9))
    lines = warnings_of(scan(0, gaps=gaps, veto="keep"), 3)
    assert lines[0] == "The tag keep blocks the deletion."
    assert len(lines) == 5
    assert lines[-1] == "And 6 more of these."
