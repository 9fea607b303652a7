"""The Table backend alone: lost requests and answers, throttling, identities."""

import uuid
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from records.backends.table import TableRecords
from records.store import (
    Record,
    RecordError,
    RecordExistsError,
    RecordsUnavailableError,
    RecordTooLargeError,
)
from tests.azurite import connection_string, free_port
from tests.records.unreliable import LOST_ANSWER, LOST_REQUEST, Fault, Network, network

_WRITES: dict[str, Callable[[TableRecords, Record], Record]] = {
    "insert": lambda store, _: store.insert("p", "new", {"n": 2}),
    "put": lambda store, _: store.put("p", "a", {"n": 2}),
    "replace": lambda store, first: store.replace("p", "a", {"n": 2}, first.etag),
}
_DATE = "Sun, 22 Nov 2026 14:00:00 GMT"
_LATER = "Sun, 22 Nov 2026 14:01:30 GMT"


def _refused(code: str) -> bytes:
    return f'{{"odata.error":{{"code":"{code}","message":{{"value":"Said so."}}}}}}'.encode()


@pytest.fixture
def between(azurite: str) -> Iterator[Network]:
    """The way to Azurite."""
    endpoint = dict(part.split("=", 1) for part in azurite.split(";"))["TableEndpoint"]
    port = urlsplit(endpoint).port
    assert port is not None
    with network(port) as found:
        yield found


@pytest.fixture
def store(between: Network) -> TableRecords:
    """A table of its own behind that way."""
    return TableRecords.from_connection_string(
        connection_string(between.port), table=f"t{uuid.uuid4().hex}"
    )


@pytest.mark.parametrize("write", _WRITES.values(), ids=_WRITES)
@pytest.mark.parametrize(
    "fault",
    [LOST_ANSWER, Fault(arrives=True, status=500), Fault(arrives=True, status=504)],
    ids=repr,
)
def test_a_write_whose_answer_is_lost_knows_its_own(
    store: TableRecords,
    between: Network,
    write: Callable[[TableRecords, Record], Record],
    fault: Fault,
) -> None:
    """The write took place: it is sent once and told as the success it is, with the current etag."""
    first = store.insert("p", "a", {"n": 1})
    between.faults.append(fault)
    between.seen.clear()
    written = write(store, first)
    assert written.value == {"n": 2}
    assert store.read("p", written.row) == written
    assert sum(method != "GET" for method in between.seen) == 1


def test_an_insert_doubled_on_the_way_is_its_own_success(
    store: TableRecords, between: Network
) -> None:
    """A conflict with the very same write is no conflict."""
    store.insert("p", "a", {"n": 1})
    conflict = Fault(arrives=True, status=409, body=_refused("EntityAlreadyExists"))
    between.faults.append(conflict)
    assert store.insert("p", "b", {"n": 2}) == store.read("p", "b")
    between.faults.append(conflict)
    with pytest.raises(RecordExistsError):
        store.insert("p", "a", {"n": 2})


@pytest.mark.parametrize("write", _WRITES.values(), ids=_WRITES)
def test_a_write_that_is_lost_is_an_outage(
    store: TableRecords, between: Network, write: Callable[[TableRecords, Record], Record]
) -> None:
    """The write did not arrive: nothing has changed, and nothing is claimed."""
    first = store.insert("p", "a", {"n": 1})
    between.faults.append(LOST_REQUEST)
    with pytest.raises(RecordsUnavailableError):
        write(store, first)
    assert store.list("p") == [first]


def test_a_lost_answer_claims_nothing_of_others(store: TableRecords, between: Network) -> None:
    """An insert that conflicted unseen stays open; the other's record is not taken for its own."""
    first = store.insert("p", "a", {"n": 1})
    between.faults.append(LOST_ANSWER)
    with pytest.raises(RecordsUnavailableError):
        store.insert("p", "a", {"n": 2})
    assert store.read("p", "a") == first


def test_a_read_is_tried_once_more(store: TableRecords, between: Network) -> None:
    """One lost answer goes unnoticed by read and list, two are an outage."""
    first = store.insert("p", "a", {"n": 1})
    between.faults.append(LOST_ANSWER)
    assert store.read("p", "a") == first
    between.faults.append(Fault(arrives=False, status=503))
    assert store.list("p") == [first]
    between.faults.extend([LOST_ANSWER, LOST_ANSWER])
    with pytest.raises(RecordsUnavailableError):
        store.read("p", "a")


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (503, (("Retry-After", "7"),), 7.0),
        (429, (("Retry-After", _LATER), ("Date", _DATE)), 90.0),
        (429, (("Retry-After", _DATE), ("Date", _LATER)), 0.0),
    ],
)
def test_throttling_is_told_with_its_wait(
    store: TableRecords,
    between: Network,
    status: int,
    headers: tuple[tuple[str, str], ...],
    seconds: float,
) -> None:
    """The store does not ask again at once, and its error says how long to wait."""
    store.insert("p", "a", {})
    between.seen.clear()
    between.faults.append(
        Fault(arrives=False, status=status, headers=headers, body=_refused("ServerBusy"))
    )
    with pytest.raises(RecordsUnavailableError) as caught:
        store.read("p", "a")
    assert caught.value.retry_after == seconds
    assert between.seen == ["GET"]


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (409, "TableBeingDeleted", RecordsUnavailableError),
        (500, "OperationTimedOut", RecordsUnavailableError),
        (400, "EntityTooLarge", RecordTooLargeError),
        (413, "RequestBodyTooLarge", RecordTooLargeError),
        (403, "AuthorizationPermissionMismatch", RecordError),
        (400, "InvalidInput", RecordError),
        (502, "", RecordsUnavailableError),
    ],
)
def test_refusals_are_told_apart(
    store: TableRecords, between: Network, status: int, code: str, expected: type[RecordError]
) -> None:
    """Outages, values that are too large, and what only an operator can mend."""
    store.insert("p", "a", {})
    json = (("Content-Type", "application/json"),)
    refusal = Fault(arrives=False, status=status, headers=json, body=_refused(code))
    for write in (store.put, store.insert):
        between.faults.append(refusal)
        with pytest.raises(RecordError) as caught:
            write("p", "b", {})
        assert type(caught.value) is expected


@pytest.mark.parametrize("status", [200, 201, 204, 502])
def test_what_a_gateway_says_is_an_outage(
    store: TableRecords, between: Network, status: int
) -> None:
    """A page of HTML is not the service's answer, whatever its status; nothing is taken from it."""
    store.insert("p", "a", {})
    html = (("Content-Type", "text/html"),)
    page = Fault(arrives=False, status=status, headers=html, body=b"<html><br>Try later</html>")
    between.faults.extend([page, page])
    with pytest.raises(RecordsUnavailableError):
        store.read("p", "a")
    between.faults.append(page)
    with pytest.raises(RecordsUnavailableError):
        store.insert("p", "b", {})


def test_a_dead_endpoint_is_an_outage() -> None:
    """If nobody listens every call says so at once."""
    store = TableRecords.from_connection_string(connection_string(free_port()))
    calls: list[Callable[[], object]] = [
        lambda: store.insert("p", "a", {}),
        lambda: store.put("p", "a", {}),
        lambda: store.replace("p", "a", {}, 'W/"1"'),
        lambda: store.read("p", "a"),
        lambda: store.list("p"),
        lambda: store.delete("p", "a"),
    ]
    for call in calls:
        with pytest.raises(RecordsUnavailableError):
            call()
