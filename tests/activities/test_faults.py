"""Whatever Azure does wrong comes back as a value at once; nothing is repeated but a GET whose connection broke.

No activity may sleep (the fixture sees to that), and a second run after the fault ends as if there had been none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from activities.approvals import decide_approval
from activities.definitions import ensure_definition
from activities.deletion import confirm_deletion, delete_image
from activities.images import check_image
from activities.planning import plan_migration
from activities.versions import promote_version, read_replication, start_version
from arm import client as clients
from domain.results import ActivityResult, ResultStatus
from tests.activities.azure import Azure
from tests.app import forget, records

Call = Callable[[], ActivityResult]


def planning(azure: Azure) -> Call:
    return lambda: azure.ask(plan_migration)


def defining(azure: Azure) -> Call:
    azure.plan()
    return lambda: azure.ask(ensure_definition)


def beginning(azure: Azure) -> Call:
    azure.defined()
    return lambda: azure.ask(start_version)


def looking(azure: Azure) -> Call:
    azure.begun()
    return lambda: azure.ask(read_replication)


def checking(azure: Azure) -> Call:
    azure.plan()
    return lambda: azure.ask(check_image)


def promoting(azure: Azure) -> Call:
    azure.replicated()
    return lambda: azure.ask(promote_version)


def deleting(azure: Azure) -> Call:
    azure.approved()
    return lambda: azure.ask(delete_image)


def confirming(azure: Azure) -> Call:
    azure.approved()
    azure.done(delete_image)
    return lambda: azure.ask(confirm_deletion)


ACTIVITIES: dict[str, Callable[[Azure], Call]] = {
    f.__name__: f
    for f in (
        planning,
        defining,
        beginning,
        looking,
        checking,
        promoting,
        deleting,
        confirming,
    )
}
WRITERS = {"defining": "PUT", "beginning": "PUT", "promoting": "PUT", "deleting": "DELETE"}


@dataclass(frozen=True)
class Fault:
    """A rule for the emulator, and what must come of it."""

    rule: dict[str, Any]
    code: str | None = None
    retry_after: float | None = None
    gets: int = 1


TRANSIENT: dict[str, Fault] = {
    "429 with seconds": Fault({"what": "status", "status": 429, "retryAfter": 17}, None, 17),
    "429 with a date": Fault(
        {"what": "status", "status": 429, "retryAfter": 300, "retryAfterDate": True}, None, 300
    ),
    "429 without a time": Fault({"what": "status", "status": 429}),
    "408": Fault({"what": "status", "status": 408}, "InternalServerError"),
    "500": Fault({"what": "status", "status": 500}, "InternalServerError"),
    "502": Fault({"what": "status", "status": 502}, "BadGateway"),
    "503 with seconds": Fault(
        {"what": "status", "status": 503, "retryAfter": 60}, "ServerTimeout", 60
    ),
    "409 that says to retry": Fault({"what": "status", "status": 409, "code": "RetryableError"}),
    "a connection that breaks": Fault({"what": "reset"}, "ConnectionFailed", gets=3),
    "200 with no JSON": Fault({"what": "malformed"}),
    "200 with an error in it": Fault({"what": "error-body"}),
}


EVERYWHERE = ("429 with seconds", "a connection that breaks", "200 with an error in it")
OUTAGES = [
    pytest.param(arrange, fault, id=f"{name}-{kind}")
    for name, arrange in ACTIVITIES.items()
    for kind, fault in TRANSIENT.items()
    if name == "planning" or kind in EVERYWHERE
]


@pytest.mark.parametrize(("arrange", "fault"), OUTAGES)
def test_an_outage_is_a_value_and_the_next_run_succeeds(
    azure: Azure, arrange: Callable[[Azure], Call], fault: Fault
) -> None:
    """Transient, with the time that Azure asked for; one request for a status, three GETs for a connection."""
    call = arrange(azure)
    azure.forget_requests()
    azure.fault(method="GET", **fault.rule)
    answer = call()
    assert answer.status is ResultStatus.ERROR
    assert answer.error is not None
    assert answer.error.transient
    assert fault.code in (None, answer.error.code)
    assert answer.error.retry_after == fault.retry_after
    assert [line["method"] for line in azure.sent()] == ["GET"] * fault.gets
    azure.well()
    assert call().status is ResultStatus.DONE


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "fault",
    [TRANSIENT[k] for k in ("429 with seconds", "500", "a connection that breaks")],
    ids=["429", "500", "reset"],
)
@pytest.mark.parametrize("name", WRITERS)
def test_a_write_is_sent_once_and_its_effect_is_found(
    azure: Azure, name: str, fault: Fault, when: str
) -> None:
    """The next run ends as if there had been no fault, whether it strikes before or after the effect."""
    call = ACTIVITIES[name](azure)
    azure.forget_requests()
    azure.fault(method=WRITERS[name], when=when, **fault.rule)
    first = call()
    assert first.error is not None
    assert first.error.transient
    assert len(azure.sent(WRITERS[name])) == 1
    azure.well()
    azure.time.advance(hours=1)
    assert call().status is ResultStatus.DONE
    assert len(azure.sent(WRITERS[name])) == (1 if when == "after" else 2)


@pytest.mark.parametrize("name", WRITERS)
def test_a_write_that_is_never_answered_has_its_effect_found(
    azure: Azure, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client gives up, the effect is there, and nothing is sent twice."""
    call = ACTIVITIES[name](azure)
    monkeypatch.setattr(clients, "READ_SECONDS", 0.3)
    forget()
    azure.forget_requests()
    azure.fault(method=WRITERS[name], what="timeout", when="after")
    first = call()
    forget()
    assert first.error is not None
    assert (first.error.code, first.error.transient) == ("ConnectionFailed", True)
    azure.well()
    azure.time.advance(hours=1)
    assert call().status is ResultStatus.DONE
    assert len(azure.sent(WRITERS[name])) == 1


@pytest.mark.parametrize("arrange", ACTIVITIES.values(), ids=ACTIVITIES)
def test_an_answer_that_breaks_off_is_transient(
    azure: Azure, arrange: Callable[[Azure], Call]
) -> None:
    """Half an answer is no fact."""
    call = arrange(azure)
    azure.fault(method="GET", what="truncated")
    answer = call()
    assert answer.error is not None
    assert answer.error.transient
    azure.well()
    assert call().status is ResultStatus.DONE


@pytest.mark.parametrize("arrange", ACTIVITIES.values(), ids=ACTIVITIES)
def test_a_right_answer_under_a_wrong_content_type_is_read(
    azure: Azure, arrange: Callable[[Azure], Call]
) -> None:
    """The body says what it is."""
    call = arrange(azure)
    azure.fault(what="content-type")
    assert call().status is ResultStatus.DONE


@pytest.mark.parametrize("name", [n for n in ACTIVITIES if n != "planning"])
def test_a_refusal_is_final(azure: Azure, name: str) -> None:
    """A missing role does not pass by itself, but for a watch, which waits a while; Azure's own code is kept."""
    call = ACTIVITIES[name](azure)
    azure.fault(method="GET", what="status", status=403, code="AuthorizationFailed")
    answer = call()
    assert answer.error is not None
    assert (answer.error.code, answer.error.status) == ("AuthorizationFailed", 403)
    assert answer.error.transient is (name == "looking")


def test_a_refusal_while_planning_is_a_problem_of_the_field(azure: Azure) -> None:
    """The caller learns what may not be read."""
    azure.fault(
        method="GET", what="status", status=403, path="galleries", code="AuthorizationFailed"
    )
    value = planning(azure)().value
    assert (value["kind"], value["reason"].partition(":")[0]) == ("noPlan", "galleryId")
    assert "AuthorizationFailed" in value["reason"]


def test_a_get_whose_connection_broke_once_succeeds(azure: Azure) -> None:
    """Tried again at once, unseen."""
    call = checking(azure)
    azure.forget_requests()
    azure.fault(method="GET", what="reset", count=1)
    assert call().status is ResultStatus.DONE
    # The image twice, its creation time once.
    assert len(azure.sent("GET")) == 3


def test_an_outage_of_the_records_is_transient(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The orchestrator waits for them as it does for Azure."""
    # Opens the file.
    records()._store.put("p", "r", {})
    from records.store import RecordsUnavailableError

    def unavailable(*_: object, **__: object) -> None:
        raise RecordsUnavailableError("locked", 9)

    monkeypatch.setattr(type(records()._store), "list", unavailable)
    answer = azure.ask(decide_approval, round=1)
    assert answer.error is not None
    assert (answer.error.code, answer.error.retry_after) == ("RecordsUnavailableError", 9)
    assert answer.error.transient


def test_wrong_settings_are_waited_out(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment with a slip in its settings costs the migrations in flight the time until it is mended, no more."""
    call = checking(azure)
    with monkeypatch.context() as wrong:
        wrong.setenv("REPLICATION_TIMEOUT", "soon")
        forget()
        answer = call()
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("InvalidSettingsError", True)
    assert "REPLICATION_TIMEOUT" in answer.error.message
    assert call().status is ResultStatus.DONE
