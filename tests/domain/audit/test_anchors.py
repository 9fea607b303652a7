"""The anchor: it moves forward only, and a chain that ends before it does not stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit.anchors import Anchor, Standing, leads_on, moved, standing
from domain.audit.chain import AuditKey, Slot, sealed, verify
from tests.domain.audit.chains import CHAIN, FIRST, NOW, SECOND, anchor_of, chain, event, row


def judged(slots: list[Slot], anchor: Anchor | None) -> Standing:
    return standing(slots, anchor, list(verify(CHAIN, slots, [FIRST])))


def test_a_chain_at_its_anchor_stands() -> None:
    """And one whose writer died before it moved the anchor."""
    slots = chain(4)
    assert judged(slots, anchor_of(slots)) == Standing(
        holds=True, found="up to its anchor, in epoch 1"
    )
    assert judged(slots, anchor_of(slots[:1], epoch=3)).found == "up to its anchor, in epoch 3"
    assert judged(slots, anchor_of(slots[:1])).holds


@given(length=st.integers(2, 6), data=st.data())
def test_a_chain_that_was_cut_short_does_not_stand(length: int, data: st.DataObject) -> None:
    """However much of its end is missing."""
    slots = chain(length)
    left = data.draw(st.integers(0, length - 1))
    cut = judged(slots[:left], anchor_of(slots))
    assert (cut.holds, cut.behind) == (False, True)
    assert f"{length} were written: the records are older" in cut.found


def test_a_chain_that_was_put_back_whole_and_went_on_does_not_stand() -> None:
    """It is as long as the real one, all of its rows are genuine, and its end is another."""
    slots, copy = chain(3), chain(2)
    copy.append(Slot(3, sealed(CHAIN, event(9), copy[-1], 1, FIRST)))
    judgement = judged(copy, anchor_of(slots))
    assert (judgement.holds, judgement.behind) == (False, True)
    assert judgement.found.startswith(
        "event 3 is not the one that was written: the records are older"
    )


def test_without_its_anchor_a_chain_does_not_stand() -> None:
    """Nor does one that nobody ever wrote to."""
    lost, none = judged(chain(2), None), judged([], None)
    assert (lost.holds, lost.behind, none.holds, none.behind) == (False, False, False, False)
    assert lost.found.startswith("nothing holds its end")
    assert none.found.startswith("no event was ever written")


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (FIRST, "event 2 does not verify: its content is not what was sealed"),
        (
            SECOND,
            "event 1 does not verify: its key 'first' is not in AUDIT_KEYS, and 2 more",
        ),
    ],
)
def test_a_row_that_does_not_verify_is_named(key: AuditKey, found: str) -> None:
    """The first of them, and how many there are besides."""
    slots = chain(3)
    slots[1] = Slot(2, row(slots[1]).model_copy(update={"facts": {}}))
    stands = standing(slots, anchor_of(slots), list(verify(CHAIN, slots, [key])))
    assert (stands.holds, stands.behind) == (False, False)
    assert stands.found == found


def test_of_two_rows_that_do_not_verify_one_is_counted() -> None:
    """The other is named."""
    slots = chain(2)
    stands = standing(slots, anchor_of(slots), list(verify(CHAIN, slots, [SECOND])))
    assert ", and 1 more" in stands.found


def test_the_first_epoch_is_one() -> None:
    """As anchors say that were written before there was another."""
    assert Anchor(count=1, head="x").epoch == 1


def test_an_anchor_is_made_when_its_chain_begins() -> None:
    """And never afterwards: whoever takes it away gains nothing."""
    slots = chain(2)
    made = moved(None, slots, began=True, epoch=4)
    assert made == Anchor(count=2, head=row(slots[1]).mac, epoch=4)
    assert moved(None, slots, began=False, epoch=4) is None
    assert moved(None, [], began=True, epoch=4) is None


def test_an_anchor_moves_to_the_end_of_what_leads_on_from_it() -> None:
    """Its epoch stays."""
    slots = chain(5)
    anchor = anchor_of(slots[:2]).model_copy(update={"epoch": 3, "since": NOW})
    later = moved(anchor, slots, began=False, epoch=9)
    assert later == Anchor(count=5, head=row(slots[4]).mac, epoch=3, since=NOW)


def test_an_anchor_moves_nowhere_else() -> None:
    """Not back, not onto a chain that another end was put behind, not onto what cannot be read."""
    slots, other = chain(3), chain(4, SECOND)
    assert moved(anchor_of(slots), slots, began=False, epoch=1) is None
    assert moved(anchor_of(slots), slots[:2], began=False, epoch=1) is None
    assert moved(anchor_of(slots), other, began=False, epoch=1) is None
    assert moved(anchor_of(slots), [*slots, Slot(4, None)], began=False, epoch=1) is None


def test_a_chain_leads_on_if_the_anchors_row_is_in_it() -> None:
    """By number and MAC."""
    slots = chain(3)
    assert leads_on(anchor_of(slots[:2]), slots)
    assert not leads_on(anchor_of(slots), slots[:2])
    assert not leads_on(anchor_of(slots).model_copy(update={"count": 2}), slots)
    assert not leads_on(anchor_of(slots), [*slots[:2], Slot(3, None)])
