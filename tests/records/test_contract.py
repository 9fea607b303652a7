"""The contract of every backend of the records; the same tests for SQLite and Table storage."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from records.backends.encoding import MAX_TEXT
from records.store import (
    Json,
    RecordChangedError,
    RecordExistsError,
    RecordStore,
    RecordTooLargeError,
)

WRITERS = 8


def _race(write: Callable[[int], object]) -> list[int]:
    """Let all writers start at once; those that were not refused."""
    ready = Barrier(WRITERS)

    def attempt(writer: int) -> bool:
        ready.wait()
        try:
            write(writer)
        except (RecordExistsError, RecordChangedError):
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        return [writer for writer, won in enumerate(pool.map(attempt, range(WRITERS))) if won]


def _rows(store: RecordStore, **where: Any) -> list[str]:
    return [record.row for record in store.list("p", **where)]


def _large() -> Json:
    """A record like the recipe of an image with 64 disks in 100 regions: 600,000 characters."""
    disks = [{"lun": lun, "diskSizeGB": 32 + lun, "blobUri": f"büro-{lun}"} for lun in range(64)]
    regions = [
        {"name": f"region{n}", "state": "Failed", "details": f"{n}: 複製に失敗しました 🙈 " * 400}
        for n in range(100)
    ]
    return {"dataDisks": disks, "regions": regions}


def test_an_empty_home_holds_nothing(store: RecordStore) -> None:
    """Reading, listing and deleting what was never written is no error."""
    store.delete("p", "a")
    assert store.read("p", "a") is None
    assert store.list("p") == []


def test_what_was_inserted_is_read_back(open_store: Callable[[], RecordStore]) -> None:
    """An insert's answer, and what another process reads, are the value that was given."""
    value: Json = {"text": 'é漢🙈"\\\n\u0000\u2028', "n": [1, -2.5, 1e300, True, None, {}], "": ""}
    written = open_store().insert("p", "a", value)
    assert written.value == value
    assert open_store().read("p", "a") == written


def test_an_insert_finds_the_key_taken(store: RecordStore) -> None:
    """A second insert is refused and changes nothing; other rows and partitions are free."""
    first = store.insert("p", "a", {"n": 1})
    with pytest.raises(RecordExistsError):
        store.insert("p", "a", {"n": 2})
    assert store.read("p", "a") == first
    store.insert("p", "A", {})
    store.insert("P", "a", {})


def test_put_writes_whatever_is_there(store: RecordStore) -> None:
    """A put creates and overwrites, small after large leaves nothing behind."""
    large, small = store.put("p", "a", _large()), store.put("p", "a", {"n": 1})
    assert small.etag != large.etag
    assert store.read("p", "a") == small


def test_replace_needs_the_current_etag(store: RecordStore) -> None:
    """Only who has read the last write may replace it."""
    first = store.insert("p", "a", {"n": 1})
    second = store.replace("p", "a", {"n": 2}, first.etag)
    with pytest.raises(RecordChangedError):
        store.replace("p", "a", {"n": 3}, first.etag)
    assert store.read("p", "a") == second


def test_replace_of_a_missing_record_is_refused(store: RecordStore) -> None:
    """A record that is gone has changed, even if it has come back since."""
    first = store.insert("p", "a", {"n": 1})
    store.delete("p", "a")
    with pytest.raises(RecordChangedError):
        store.replace("p", "a", {"n": 2}, first.etag)
    store.insert("p", "a", {"n": 1})
    with pytest.raises(RecordChangedError):
        store.replace("p", "a", {"n": 2}, first.etag)


def test_delete_with_an_etag_needs_the_current_one(store: RecordStore) -> None:
    """A conditional delete removes what was read, nothing newer, and notices a missing record."""
    first = store.insert("p", "a", {"n": 1})
    second = store.put("p", "a", {"n": 2})
    with pytest.raises(RecordChangedError):
        store.delete("p", "a", first.etag)
    assert store.read("p", "a") == second
    store.delete("p", "a", second.etag)
    assert store.read("p", "a") is None
    with pytest.raises(RecordChangedError):
        store.delete("p", "a", second.etag)


def test_delete_without_an_etag_removes_anything(store: RecordStore) -> None:
    """An unconditional delete can be repeated."""
    store.put("p", "a", {})
    store.delete("p", "a")
    store.delete("p", "a")
    assert store.read("p", "a") is None


def test_a_list_is_in_ordinal_order(store: RecordStore) -> None:
    """Rows come in the order of their code points, of one partition only."""
    rows = ["a", "B", "b", "a-1", "a.1", "a_1", "10", "9", "Z", "_", "-", "aa", "a1"]
    for row in rows:
        store.insert("p", row, {"row": row})
    store.insert("p2", "a", {})
    assert _rows(store) == sorted(rows)
    assert [record.value["row"] for record in store.list("p")] == sorted(rows)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"prefix": "ab"}, ["ab", "ab-1", "abz", "abzz"]),
        ({"prefix": "abz"}, ["abz", "abzz"]),
        ({"prefix": "x"}, []),
        ({"after": "ab-1"}, ["abz", "abzz", "ac", "b"]),
        ({"after": "abb"}, ["abz", "abzz", "ac", "b"]),
        ({"prefix": "ab", "after": "abz"}, ["abzz"]),
        ({"prefix": "ab", "after": "a"}, ["ab", "ab-1", "abz", "abzz"]),
        ({"prefix": "ab", "after": "ac"}, []),
        ({"limit": 2}, ["a", "ab"]),
        ({"prefix": "ab", "after": "ab", "limit": 1}, ["ab-1"]),
    ],
)
def test_a_list_can_be_cut(store: RecordStore, where: Any, expected: list[str]) -> None:
    """Prefix, start and length cut the same list."""
    for row in ["a", "ab", "ab-1", "abz", "abzz", "ac", "b"]:
        store.insert("p", row, {})
    assert _rows(store, **where) == expected


def test_a_list_goes_beyond_a_thousand_rows(store: RecordStore) -> None:
    """One call gives all, whatever a service's page holds; pages join without gap or double."""
    rows = [f"{number:05}" for number in range(1100)]
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda row: store.put("p", row, {}), rows))
    assert _rows(store) == rows
    assert _rows(store, limit=1000) == rows[:1000]
    assert _rows(store, limit=5000) == rows
    assert _rows(store, after=rows[999]) == rows[1000:]


def test_large_values_fit(store: RecordStore) -> None:
    """600,000 characters of JSON, most of them not ASCII, come back from read and list."""
    value = _large()
    assert len(json.dumps(value, ensure_ascii=False)) > 600_000
    store.insert("p", "a", value)
    row = store.read("p", "a")
    assert row is not None
    assert row.value == value
    assert store.list("p") == [row]


def test_too_large_values_are_refused(store: RecordStore) -> None:
    """A value beyond the common limit is refused by each write, and nothing is written."""
    value = {"text": "x" * MAX_TEXT}
    with pytest.raises(RecordTooLargeError):
        store.insert("p", "a", value)
    with pytest.raises(RecordTooLargeError):
        store.put("p", "a", value)
    assert store.read("p", "a") is None


@pytest.mark.parametrize("key", ["", "a/b", "a b", "ü", "a'b", "a\n", "%41", "x" * 256])
def test_keys_are_checked(store: RecordStore, key: str) -> None:
    """A key that some backend could not hold is a bug at every call."""
    calls: list[Callable[[str, str], object]] = [
        lambda partition, row: store.insert(partition, row, {}),
        lambda partition, row: store.put(partition, row, {}),
        lambda partition, row: store.replace(partition, row, {}, "etag"),
        store.read,
        store.delete,
    ]
    for call in calls:
        with pytest.raises(ValueError, match="partition must be"):
            call(key, "a")
        with pytest.raises(ValueError, match="row must be"):
            call("p", key)


def test_ranges_are_checked(store: RecordStore) -> None:
    """So are the ends of a list."""
    with pytest.raises(ValueError, match="prefix must be"):
        store.list("p", prefix="' or '")
    with pytest.raises(ValueError, match="after must be"):
        store.list("p", after="a/b")
    with pytest.raises(ValueError, match="limit must be"):
        store.list("p", limit=0)


@pytest.mark.parametrize("value", [[], "text", None, {"x": float("nan")}, {"x": {1, 2}}])
def test_values_are_checked(store: RecordStore, value: Any) -> None:
    """Only JSON objects are values."""
    with pytest.raises(ValueError, match=r"JSON"):
        store.put("p", "a", value)


def test_the_longest_keys_work(store: RecordStore) -> None:
    """Keys of 255 characters, dots included, name a record."""
    written = store.insert("." * 255, ".." + "x" * 253, {"n": 1})
    assert store.read("." * 255, ".." + "x" * 253) == written


def test_one_of_many_inserts_wins(open_store: Callable[[], RecordStore]) -> None:
    """Of eight writers in stores opened at the same time exactly one claims the key."""
    stores = [open_store() for _ in range(WRITERS)]
    winners = _race(lambda writer: stores[writer].insert("p", "a", {"by": writer}))
    row = open_store().read("p", "a")
    assert row is not None
    assert [row.value["by"]] == winners


def test_one_of_many_replaces_wins(store: RecordStore) -> None:
    """Of eight writers that have read the same record exactly one replaces it."""
    first = store.insert("p", "a", {})
    winners = _race(lambda writer: store.replace("p", "a", {"by": writer}, first.etag))
    row = store.read("p", "a")
    assert row is not None
    assert [row.value["by"]] == winners


def test_no_counted_step_is_lost(store: RecordStore) -> None:
    """Eight writers that read, replace and try again when refused count to eight."""
    store.insert("p", "a", {"n": 0})

    def count(_: int) -> None:
        while True:
            row = store.read("p", "a")
            assert row is not None
            try:
                store.replace("p", "a", {"n": row.value["n"] + 1}, row.etag)
            except RecordChangedError:
                continue
            return

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(count, range(WRITERS)))
    row = store.read("p", "a")
    assert row is not None
    assert row.value == {"n": WRITERS}
