"""The chain: whatever is changed, dropped, swapped or put in without a key is told, at its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit.chain import (
    MOST_ROWS,
    AuditKey,
    Slot,
    erased,
    parse_key,
    row_name,
    sealed,
    slots_of,
    verify,
)
from domain.values import Json
from tests.domain.audit.chains import CHAIN, FIRST, SECOND, chain, event, row, wrong

CHANGES: dict[str, Json] = {
    "its time": {"at": "2026-03-02T09:00:00Z"},
    "what it is": {"kind": "cancelled"},
    "its id": {"id": "event 7"},
    "its facts": {"facts": {"number": 7}},
    "its epoch": {"epoch": 2},
    "its lateness": {"late": True},
    "its key": {"key": "second"},
    "its MAC": {"mac": "0" * 64},
    "what is before it": {"previous": "0" * 64},
    "the hash of who is in it": {"who": "0" * 64},
    "who is in it": {"personal": {"approver": "eve"}},
}


def told(slots: list[Slot], *keys: AuditKey, whole: bool = True) -> list[str]:
    return [finding.why for finding in verify(CHAIN, slots, keys or (FIRST,), whole=whole)]


def test_a_chain_that_nobody_touched_verifies() -> None:
    """Also after a way through JSON, as records hold it."""
    slots = chain(5)
    values = {row_name(s.number): json.loads(row(s).model_dump_json()) for s in slots}
    assert wrong(slots) == wrong(slots_of(values)) == wrong([]) == []
    assert [s.number for s in slots_of(values)] == [1, 2, 3, 4, 5]


def test_the_last_row_is_listed_first() -> None:
    """Names count down, all of one length."""
    assert [row_name(n) for n in (2, 1)] == ["99999998", "99999999"]
    assert len(row_name(MOST_ROWS - 1)) == len(row_name(1))


def test_a_row_says_all_of_its_event() -> None:
    """Number, epoch, key, the row before, and the event's own."""
    first, second = (row(slot) for slot in chain(2))
    assert (first.number, first.previous, second.number) == (1, "", 2)
    assert second.previous == first.mac != second.mac
    assert (first.key, first.epoch) == ("first", 1)
    said = event(1)
    assert (first.id, first.kind, first.at) == (said.id, said.kind, said.at)
    assert (first.facts, first.personal, first.late) == (said.facts, said.personal, False)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_changed_row_is_told(change: Json, place: int) -> None:
    """Whatever of it was changed, by somebody without the key."""
    slots = chain(3)
    values = row(slots[place]).model_dump(mode="json") | change
    named = {row_name(s.number): row(s).model_dump(mode="json") for s in slots}
    named[row_name(place + 1)] = values
    assert place + 1 in wrong(slots_of(named), FIRST, SECOND)


def test_each_wrong_row_is_told_in_words() -> None:
    """It says what was changed: the content, the people, the key; and a row that is none."""
    slots = chain(4)
    slots[0] = Slot(1, row(slots[0]).model_copy(update={"facts": {}}))
    slots[1] = Slot(2, row(slots[1]).model_copy(update={"personal": {}}))
    slots[2] = Slot(3, row(slots[2]).model_copy(update={"key": "lost"}))
    slots[3] = Slot(4, None)
    assert told(slots) == [
        "its content is not what was sealed",
        "the people in it are not those that were sealed",
        "its key 'lost' is not in AUDIT_KEYS",
        "it cannot be read",
    ]


def test_a_row_that_cannot_be_read_is_its_own_fault_only() -> None:
    """The next cannot be held against it; what is no row at all is none."""
    named = {row_name(s.number): row(s).model_dump(mode="json") for s in chain(3)}
    named[row_name(2)] = {"number": "two"}
    assert wrong(slots_of(named)) == [2]


@given(length=st.integers(2, 6), data=st.data())
def test_a_dropped_row_is_told(length: int, data: st.DataObject) -> None:
    """Any but the last, which the anchor is for."""
    slots = chain(length)
    place = data.draw(st.integers(0, length - 2))
    del slots[place]
    assert wrong(slots) == [slots[place].number]


def test_a_gap_is_told_by_what_is_before_it() -> None:
    """In the middle, and at the beginning."""
    slots = chain(3)
    assert told([slots[0], slots[2]]) == ["it comes behind event 1"]
    assert told(slots[1:]) == ["it is not the chain's first, and nothing is before it"]


@given(length=st.integers(2, 6), data=st.data())
def test_swapped_rows_are_told(length: int, data: st.DataObject) -> None:
    """Each in the other's place."""
    slots = chain(length)
    one, other = sorted(
        data.draw(st.lists(st.integers(0, length - 1), min_size=2, max_size=2, unique=True))
    )
    slots[one], slots[other] = Slot(one + 1, slots[other].row), Slot(other + 1, slots[one].row)
    assert {one + 1, other + 1} <= set(wrong(slots))
    assert f"it is event {other + 1}, in another's place" in told(slots)


def test_a_chain_that_was_computed_again_without_the_key_is_told() -> None:
    """With a key of one's own, under the id of the real one: every row."""
    own = AuditKey("first", b"x" * 32)
    assert wrong(chain(3, own)) == [1, 2, 3]


def test_a_row_of_another_chain_is_told() -> None:
    """It has the same number and key, and was sealed for another migration."""
    slots = chain(2)
    assert [f.number for f in verify("another", slots, [FIRST])] == [1, 2]


def test_a_row_that_leads_on_from_an_older_end_is_told() -> None:
    """Two chains with one beginning: their ends do not go together, though each row is genuine."""
    slots, other = chain(3), chain(1)
    for number in (2, 3):
        other.append(Slot(number, sealed(CHAIN, event(number + 10), other[-1], 1, FIRST)))
    assert told([*slots[:2], other[2]]) == [
        "the event before is not the one that it was put behind"
    ]


def test_the_end_of_a_chain_verifies_by_itself() -> None:
    """If its beginning is not asked for."""
    end = chain(5)[2:]
    assert wrong(end, whole=False) == []
    assert [finding.number for finding in verify(CHAIN, end, [FIRST])] == [3]


def test_a_rotated_key_still_verifies() -> None:
    """The first seals, the other one verifies what it sealed; once it is taken out, that is told."""
    slots = chain(2)

    slots.append(Slot(3, sealed(CHAIN, event(3), slots[-1], 1, SECOND)))
    assert wrong(slots, SECOND, FIRST) == []
    assert wrong(slots, SECOND) == [1, 2]


def test_who_is_in_it_can_be_erased() -> None:
    """And nothing else: the row verifies without them, and with nobody else in their place."""
    slots = chain(2)
    gone = erased(row(slots[0]))
    assert (gone.personal, gone.mac) == (None, row(slots[0]).mac)
    assert wrong([Slot(1, gone), slots[1]]) == []
    without = event().model_copy(update={"personal": {}})

    bare = sealed(CHAIN, without, None, 1, FIRST)
    assert (bare.who, bare.personal) == ("", None)
    put_in = bare.model_copy(update={"personal": {"by": "eve"}})
    assert told([Slot(1, put_in)]) == ["the people in it are not those that were sealed"]


def test_people_are_hashed_with_the_key() -> None:
    """Else whoever reads the records could try names until the hash fits; nor are two events comparable."""
    one, two = row(chain(1)[0]), row(chain(1, SECOND)[0])
    assert one.who != two.who
    same = event(2).model_copy(update={"personal": event(1).personal})

    assert sealed(CHAIN, same, None, 1, FIRST).who != one.who


def test_a_key_is_read_as_its_setting_writes_it() -> None:
    """Its padding may hold the sign that parts them, too."""
    assert parse_key("first=whsec_" + "YWE=") == AuditKey("first", b"aa")


def test_a_row_of_this_version_verifies_in_every_later_one() -> None:
    """Everything that is sealed is written down here: JSON of what differs from the defaults, keys in their order."""
    one, two = (row(slot) for slot in chain(2))
    assert one.who == "d4d87f383cbb49aa6d18d70f68123b3177832c658c0464fb5898ad035041c22d"
    assert (one.mac, two.mac) == (
        "42ff95638f4b39e8503a5bfbad9ba821ae5561ba211179ebb10f4fdd7cac3e88",
        "3a2fce361d0873e7adc05347d7276f0846ea256a89764ec04f4dd41256225cab",
    )
    assert not one.late
