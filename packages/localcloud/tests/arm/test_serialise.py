"""Everything that the journal keeps comes back as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.arm.state.model import Failure, Operation, Region, Resource, Tombstone
from localcloud.arm.state.serialise import encode, load

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is drawn
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(), JSON)
FAILURES = st.none() | st.builds(Failure)


@settings(max_examples=20, deadline=None)
@given(
    st.builds(
        Resource,
        properties=OBJECTS,
        created=MOMENTS,
        tags=st.none() | st.dictionaries(st.text(), st.text()),
        extras=OBJECTS,
        revealed=OBJECTS,
        hidden=OBJECTS,
        ready=st.none() | MOMENTS,
        failure=FAILURES,
        regions=st.lists(st.builds(Region, start=MOMENTS, end=MOMENTS)).map(tuple),
        soft_deleted=st.none() | MOMENTS,
    )
)
def test_a_resource_comes_back(resource: Resource) -> None:
    """To the microsecond, with its regions and its failure."""
    assert load(Resource, json.loads(encode(resource))) == resource


@settings(max_examples=20, deadline=None)
@given(st.builds(Operation, start=MOMENTS, end=MOMENTS, failure=FAILURES))
def test_an_operation_comes_back(operation: Operation) -> None:
    """With all its fields."""
    assert load(Operation, json.loads(encode(operation))) == operation


@settings(max_examples=20, deadline=None)
@given(st.builds(Tombstone, gone=MOMENTS, body=OBJECTS))
def test_a_tombstone_comes_back(tombstone: Tombstone) -> None:
    """With the last body."""
    assert load(Tombstone, json.loads(encode(tombstone))) == tombstone
