"""Whatever is sent to whichever route: never a 5xx, and every refusal is a problem that says what to do.

The seed is printed with a failure; FUZZ_SEED=<seed> repeats it. Beside it, a start runs out of Azure's patience.
"""

import json
import os
import random
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, assume, given, note, seed, settings
from hypothesis import strategies as st

from tests.scenarios import bodies
from tests.scenarios.answers import Answer
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client

SEED = int(os.environ.get("FUZZ_SEED") or random.randrange(2**32))
EXAMPLES = 80
UNKNOWN = "0" * 32 + "-1"

Test = Callable[..., None]


def fuzz(test: Test) -> Test:
    """Many examples from the seed, none kept between runs; the process behind is slower than a function."""
    fixture = HealthCheck.function_scoped_fixture
    slow = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=[fixture, HealthCheck.too_slow],
    )
    decorated: Test = seed(SEED)(slow(test))
    return decorated


NASTY = st.sampled_from(
    [
        "",
        "\x00",
        "\ud800",
        "\udfff\ud800",
        "\u202e",
        "{}",
        "{imageName}",
        "%s%n",
        "../..",
        "a" * 5000,
    ]
)
# Beyond 64 bits, beyond 308 digits, and what JSON of Python but of nobody else holds.
NUMBERS = st.sampled_from(
    [10**30, -(10**400), 1e308, float("inf"), float("nan"), -0.0, 2**31, 2**63]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | NUMBERS | NASTY | st.text()
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(), v, max_size=4)
)
FIELDS = [*bodies.request("", ""), "replicationMode", "endOfLifeDate", "excludeFromLatest"]
FIELDS += ["blockDeletionBeforeEndOfLife", "approval", "unknown", "\x00", "\ud800"]
INNER = ("name", "publisher", "offer", "sku", "securityType", "purchasePlan", "more")
REGION = ("name", "replicaCount", "storageAccountType", "more")


def _raw(value: Any) -> bytes:
    """As JSON, surrogates escaped, numbers as Python writes them."""
    return json.dumps(value).encode()


@st.composite
def broken_requests(draw: st.DrawFn) -> Json:
    """Fields of a request, some of them replaced by anything; the rest is added by `_whole`."""
    fields = draw(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3))
    if draw(st.booleans()):
        fields["imageDefinition"] = draw(st.dictionaries(st.sampled_from(INNER), SCALARS))
    if draw(st.booleans()):
        region = st.dictionaries(st.sampled_from(REGION), SCALARS)
        fields["targetRegions"] = draw(st.lists(region, max_size=3))
    return fields


RAW = st.one_of(
    st.binary(max_size=200),
    VALUES.map(_raw),
    st.integers(1, 3000).map(lambda n: b"[" * n + b"]" * n),
    st.integers(1, 3000).map(lambda n: b'{"sourceImageId":' * n + b"1" + b"}" * n),
    st.text().map(lambda t: b'{"galleryId": 1, "galleryId": ' + json.dumps(t).encode() + b"}"),
    st.integers(60, 70).map(lambda n: b'{"imageVersion": "' + b"9" * n * 1000 + b'"}'),
    st.integers(1, 5000).map(lambda n: b'{"excludeFromLatest": ' + b"9" * n + b"}"),
)


def _well_answered(answer: Answer) -> None:
    note(f"FUZZ_SEED={SEED}")
    answer.assert_well_made()


@pytest.fixture(scope="module", autouse=True)
def slow_start(cloud: Client) -> Iterator[Future[Answer]]:
    """A start whose image Azure takes its time to read; it runs beside the fuzzing."""
    cloud.add_image("plain")
    cloud.add_image("slow")
    cloud.faults({"what": "hold", "method": "GET", "path": "Compute/images/slow", "count": 1})
    body = cloud.request("slow", delete=False)
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(cloud.call, "POST", "/api/migrations", body)


@fuzz
@given(fields=broken_requests(), start=st.booleans())
def test_any_request_body_is_planned_or_refused(cloud: Client, fields: Json, start: bool) -> None:
    """Starts of an image that is not there, plans of one that is: fields of any type and size."""
    body = cloud.request("absent" if start else "plain") | fields
    path = "/api/migrations" if start else "/api/plans"
    _well_answered(cloud.call("POST", path, data=_raw(body)))


@fuzz
@given(raw=RAW, path=st.sampled_from(["/api/migrations", "/api/plans"]))
def test_any_bytes_are_refused(cloud: Client, raw: bytes, path: str) -> None:
    """No JSON, deep JSON, doubled keys, long numbers: 400 with the fields; too much of it: 413."""
    answer = cloud.call("POST", path, data=raw)
    _well_answered(answer)
    assert answer.status == (413 if len(raw) > bodies.LARGEST else 400)


@fuzz
@given(raw=RAW | st.dictionaries(st.text(), VALUES, max_size=5).map(_raw))
def test_any_signed_decision_is_refused(cloud: Client, raw: bytes) -> None:
    """With a good signature (of the bytes as UTF-8) or without one: nobody can approve with nonsense."""
    answer = cloud.send_decision(UNKNOWN, raw)
    _well_answered(answer)
    assert answer.status in {400, 401, 404, 409, 413}


# What a server lets through in a header: no controls, no spaces at its ends.
HEADERS = st.text(
    st.sampled_from([chr(n) for n in (*range(33, 127), *range(161, 256))]), max_size=60
)


@fuzz
@given(name=HEADERS, moment=HEADERS, signature=HEADERS)
def test_any_signature_header_is_401(cloud: Client, name: str, moment: str, signature: str) -> None:
    """Whatever stands in the three headers; what is no UTF-8 the host's front refuses before the app sees it."""
    headers = {"webhook-id": name, "webhook-timestamp": moment, "webhook-signature": signature}
    answer = cloud.send_decision(UNKNOWN, b"{}", headers=headers)
    if not all(_is_utf8(header) for header in headers.values()):
        assert (answer.status, answer.text) == (400, "")
        return
    _well_answered(answer)
    assert answer.status == 401


def _is_utf8(header: str) -> bool:
    try:
        header.encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return True


IDS = st.text(min_size=1, max_size=80) | NASTY.filter(bool)


@fuzz
@given(name=IDS, suffix=st.sampled_from(["", "/cancel", "/approval"]))
def test_any_migration_id_is_unknown(cloud: Client, name: str, suffix: str) -> None:
    """Any text in the path is 404 (403 for a decision, which no key makes), with a NUL 400; a slash or a dot is another
    route's affair."""
    path = f"/api/migrations/x{quote(name.encode('utf-8', 'surrogatepass'), safe='')}{suffix}"
    answer = cloud.call("POST" if suffix else "GET", path, data=b"{}" if suffix else None)
    assert answer.status in ({400} if "\x00" in name else {404, 403})
    # The app's answer, not the host's.
    if answer.headers.get("Content-Type", "").startswith("application/"):
        _well_answered(answer)


QUERIES = st.dictionaries(
    st.sampled_from(["stage", "outcome", "limit", "cursor", "subscriptionId", "more"]),
    st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass"))
    | st.binary(max_size=20)
    | st.sampled_from(
        [b"WzAsbnVsbCwwLDBd", b"WzAsIiIsIiIsIiJd", b"WzAsW10se30sMV0=", b"999999999999"]
    ),
)


@fuzz
@given(query=QUERIES, path=st.sampled_from(["migrations", "galleries", "images", "health"]))
def test_any_query_is_answered_or_refused(
    cloud: Client, query: dict[str, bytes], path: str
) -> None:
    """Filters, limits and cursors of any kind; a cursor that looks like one but holds anything, too."""
    _well_answered(cloud.call("GET", f"/api/{path}?{urlencode(query)}"))


NEXT_PAGES = st.sampled_from(
    ["", "https://127.0.0.1:1/subscriptions/", "/subscriptions/", "{arm}/subscriptions/"]
)
CURSORS = st.lists(SCALARS, max_size=5) | st.tuples(
    st.integers(-1, 2) | st.booleans(), SCALARS | NEXT_PAGES, SCALARS | st.integers(-3, 3), SCALARS
)


@fuzz
@given(cursor=CURSORS, images=st.booleans())
def test_any_forged_cursor_is_answered_or_refused(
    cloud: Client, cursor: list[Any], images: bool
) -> None:
    """A cursor is JSON in base64, and anyone can make one; none makes the app call another address."""
    arm = cloud.connection["arm"]["url"]
    parts = [part.replace("{arm}", arm) if isinstance(part, str) else part for part in cursor]
    encoded = urlsafe_b64encode(_raw(parts)).decode()
    # The length of a request line that a server reads.
    assume(len(encoded) < 8000)
    path = "images" if images else "galleries"
    _well_answered(cloud.call("GET", f"/api/{path}?cursor={encoded}"))


@fuzz
@given(data=VALUES, subject=st.text(max_size=50), kind=st.sampled_from(["eventType", "type"]))
def test_any_event_is_taken_and_dropped(cloud: Client, data: Any, subject: str, kind: str) -> None:
    """Event Grid would deliver a refused event for a day: 202, whatever is in it."""
    operation = {"operationName": "Microsoft.Compute/images/write", "resourceUri": data}
    event = {"id": "1", kind: "Microsoft.Resources.ResourceWriteSuccess", "subject": subject}
    for content in (operation, data):
        sent = event | {"data": content, "eventTime": "2026-11-22T15:00:00Z", "dataVersion": "1"}
        raw = _raw(sent | {"topic": "/t", "specversion": "1.0", "source": "/s"})
        if b"Infinity" not in raw and b"NaN" not in raw:
            assert cloud.publish_raw(raw) == 202


def test_while_azure_hangs_a_start_is_accepted_within_seconds(
    cloud: Client, slow_start: Future[Answer]
) -> None:
    """Ten seconds without an answer are enough to accept; the workflow plans when Azure answers."""
    answer = slow_start.result(timeout=15)
    assert answer.status == 202
    cloud.no_faults()
    (status,) = cloud.finish(answer.body["id"])
    assert status["outcome"] == "completed"


def test_nothing_was_started_by_all_of_this(cloud: Client) -> None:
    """The list holds the slow one, and nothing else."""
    entries = cloud.call("GET", "/api/migrations").body["migrations"]
    assert [entry["sourceImageId"].rpartition("/")[2] for entry in entries] == ["slow"]
