"""Requests: every field's rule, all problems at once, and one normal form for all bodies that mean the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidRequestError, Problem
from domain.migration.requests import (
    MAX_BODY_BYTES,
    ReplicationMode,
    StorageAccountType,
    parse_request,
    parse_request_json,
    request_from_record,
)
from domain.values import iso_duration
from tests.builders import GALLERY_ID, IMAGE_ID, a_request, as_bytes, definition_part, request_body

REGIONS_101 = [{"name": f"region{n:03d}"} for n in range(101)]

BAD_VALUES: dict[str, tuple[dict[str, Any], str, str]] = {
    "an image id of another kind": (
        {"sourceImageId": IMAGE_ID.replace("/images/", "/disks/")},
        "sourceImageId",
        "of the form",
    ),
    "an image id that is a number": ({"sourceImageId": 7}, "sourceImageId", "text"),
    "a null image id": ({"sourceImageId": None}, "sourceImageId", "text"),
    "a gallery name with a hyphen": ({"galleryId": GALLERY_ID + "-x"}, "galleryId", "no '-'"),
    "a version of a gallery": (
        {"galleryId": GALLERY_ID + "/images/web"},
        "galleryId",
        "of the form",
    ),
    "a definition that is a text": ({"imageDefinition": "web"}, "imageDefinition", "object"),
    "a definition name ending in a dot": (
        {"imageDefinition": definition_part(name="web.")},
        "imageDefinition.name",
        "not allowed",
    ),
    "a definition name of 81 letters": (
        {"imageDefinition": definition_part(name="a" * 81)},
        "imageDefinition.name",
        "1 to 80",
    ),
    "an empty publisher": (
        {"imageDefinition": definition_part(publisher="")},
        "imageDefinition.publisher",
        "1 to 128",
    ),
    "an offer of 65 letters": (
        {"imageDefinition": definition_part(offer="a" * 65)},
        "imageDefinition.offer",
        "1 to 64",
    ),
    "a SKU ending in a dot": (
        {"imageDefinition": definition_part(sku="2019.")},
        "imageDefinition.sku",
        "not ending in '.'",
    ),
    "a missing SKU": (
        {"imageDefinition": {"name": "web", "publisher": "contoso", "offer": "web"}},
        "imageDefinition.sku",
        "required",
    ),
    "an unknown security type": (
        {"imageDefinition": definition_part(securityType="Secure")},
        "imageDefinition.securityType",
        "one of",
    ),
    "a purchase plan without product": (
        {"imageDefinition": definition_part(purchasePlan={"name": "a", "publisher": "b"})},
        "imageDefinition.purchasePlan.product",
        "required",
    ),
    "an empty purchase plan name": (
        {
            "imageDefinition": definition_part(
                purchasePlan={"name": "", "publisher": "b", "product": "c"}
            )
        },
        "imageDefinition.purchasePlan.name",
        "at least 1",
    ),
    "a version with four parts": ({"imageVersion": "1.0.0.0"}, "imageVersion", "Major.Minor.Patch"),
    "a version beyond 32 bits": ({"imageVersion": "1.0.2147483648"}, "imageVersion", "2147483647"),
    "a version as a number": ({"imageVersion": 1.0}, "imageVersion", "text"),
    "Auto with a capital": ({"imageVersion": "Auto"}, "imageVersion", '"auto"'),
    "a region with a hyphen": (
        {"targetRegions": [{"name": "east-us"}]},
        "targetRegions[0].name",
        "no region name",
    ),
    "no replica": (
        {"targetRegions": [{"name": "eastus", "replicaCount": 0}]},
        "targetRegions[0].replicaCount",
        "at least 1",
    ),
    "101 replicas": (
        {"targetRegions": [{"name": "eastus", "replicaCount": 101}]},
        "targetRegions[0].replicaCount",
        "at most 100",
    ),
    "a replica count as a text": (
        {"targetRegions": [{"name": "eastus", "replicaCount": "2"}]},
        "targetRegions[0].replicaCount",
        "whole number",
    ),
    "a replica count that is true": (
        {"targetRegions": [{"name": "eastus", "replicaCount": True}]},
        "targetRegions[0].replicaCount",
        "whole number",
    ),
    "a storage type of virtual machines": (
        {"targetRegions": [{"name": "eastus", "storageAccountType": "StandardSSD_LRS"}]},
        "targetRegions[0].storageAccountType",
        "'Standard_LRS', 'Standard_ZRS', 'Premium_LRS' or 'PremiumV2_LRS'",
    ),
    "regions that are texts": (
        {"targetRegions": ["eastus"]},
        "targetRegions[0]",
        "object",
    ),
    "one region twice with different replicas": (
        {"targetRegions": [{"name": "East US"}, {"name": "eastus", "replicaCount": 3}]},
        "targetRegions",
        "eastus twice",
    ),
    "101 regions": ({"targetRegions": REGIONS_101}, "targetRegions", "at most 100"),
    "an unknown replication mode": ({"replicationMode": "full"}, "replicationMode", "one of"),
    "an end of life without time zone": (
        {"endOfLifeDate": "2030-12-31T00:00:00"},
        "endOfLifeDate",
        "time zone",
    ),
    "an end of life in words": ({"endOfLifeDate": "next year"}, "endOfLifeDate", "such as"),
    "an end of life before the first year": (
        {"endOfLifeDate": "0001-01-01T00:00:00+14:00"},
        "endOfLifeDate",
        "between the years",
    ),
    "an end of life after the last year": (
        {"endOfLifeDate": "9999-12-31T23:59:59-14:00"},
        "endOfLifeDate",
        "between the years",
    ),
    "regions as an object": ({"targetRegions": {}}, "targetRegions", "a list in brackets"),
    "a flag as a text": ({"excludeFromLatest": "false"}, "excludeFromLatest", "true or false"),
    "a flag as a number": (
        {"blockDeletionBeforeEndOfLife": 1},
        "blockDeletionBeforeEndOfLife",
        "true or false",
    ),
    "deletion as a flag": ({"deletion": True}, "deletion", "object"),
    "deletion enabled in words": ({"deletion": {"enabled": "yes"}}, "deletion.enabled", "true"),
    "a timeout as a number of seconds": (
        {"approval": {"timeout": 3600}},
        "approval.timeout",
        "ISO 8601",
    ),
    "a timeout in clock form": ({"approval": {"timeout": "3:00"}}, "approval.timeout", "ISO 8601"),
    "a timeout of no length": ({"approval": {"timeout": "P"}}, "approval.timeout", ""),
    "a negative timeout": ({"approval": {"timeout": "-P1D"}}, "approval.timeout", "ISO 8601"),
    "a timeout under a minute": ({"approval": {"timeout": "PT59S"}}, "approval.timeout", "PT1M"),
    "a timeout over 90 days": ({"approval": {"timeout": "P91D"}}, "approval.timeout", "P90D"),
    "an unknown field": ({"galleryID": "x"}, "galleryID", "not a known field"),
    "an unknown field inside": (
        {"approval": {"approvers": ["ada"]}},
        "approval.approvers",
        "not a known field",
    ),
    "a field by its Python name": (
        {"targetRegions": [{"name": "eastus", "zone": 1}]},
        "targetRegions[0].zone",
        "not a known field",
    ),
}

NOT_REQUESTS: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a text": b'"web-2019"',
    "null": b"null",
    "no UTF-8": b'{"sourceImageId": "\xff"}',
    "JSON nested too deeply": b"[" * 20_000,
}

SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "regions in another order": (
        {},
        {"targetRegions": list(reversed(request_body()["targetRegions"]))},
    ),
    "regions by their short names": (
        {},
        {"targetRegions": [{"name": "EASTUS2"}, {"name": "westeurope", "replicaCount": 2}]},
    ),
    "a region said twice in the same way": (
        {"targetRegions": [{"name": "East US"}]},
        {"targetRegions": [{"name": "eastus"}, {"name": "East US", "replicaCount": 1}]},
    ),
    "defaults written out": (
        {},
        {
            "replicationMode": "Full",
            "excludeFromLatest": False,
            "deletion": {"enabled": False},
            "approval": {"timeout": "P3D"},
        },
    ),
    "ids in another case": (
        {},
        {"sourceImageId": IMAGE_ID.upper(), "galleryId": GALLERY_ID.lower()},
    ),
    "one moment in two time zones": (
        {"endOfLifeDate": "2030-12-31T00:00:00Z"},
        {"endOfLifeDate": "2030-12-31T02:00:00+02:00"},
    ),
    "one duration in two spellings": (
        {"approval": {"timeout": "P1D"}},
        {"approval": {"timeout": "PT24H"}},
    ),
}

DIFFERENT: dict[str, dict[str, Any]] = {
    "another version": {"imageVersion": "1.0.1"},
    "another replica count": {"targetRegions": [{"name": "eastus2", "replicaCount": 2}]},
    "a deletion": {"deletion": {"enabled": True}},
    "another definition": {"imageDefinition": definition_part(name="web2")},
    "another timeout": {"approval": {"timeout": "P2D"}},
}


def problems_of_body(body: bytes) -> list[Problem]:
    with pytest.raises(InvalidRequestError) as caught:
        parse_request(body)
    return caught.value.problems


@pytest.mark.parametrize(("changes", "field", "words"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_a_bad_value_is_named_with_its_rule(
    changes: dict[str, Any], field: str, words: str
) -> None:
    """Exactly one problem, at the field's path, saying what to do."""
    problems = problems_of_body(as_bytes(request_body(**changes)))
    assert [problem.field for problem in problems] == [field]
    assert words in problems[0].message


def test_a_good_request_takes_every_field() -> None:
    """The issue's example is read as it says."""
    request = a_request(
        imageDefinition=definition_part(
            securityType="Standard",
            purchasePlan={"name": "byol", "publisher": "contoso", "product": "firewall"},
        ),
        targetRegions=[
            {"name": "South Central US", "replicaCount": 1},
            {"name": "West Central US", "replicaCount": 2, "storageAccountType": "Premium_LRS"},
        ],
        endOfLifeDate="2030-12-31T00:00:00Z",
        blockDeletionBeforeEndOfLife=True,
        deletion={"enabled": True},
        approval={"timeout": "P3D"},
    )
    assert [r.name for r in request.target_regions] == ["southcentralus", "westcentralus"]
    assert request.target_regions[1].storage_account_type is StorageAccountType.PREMIUM_LRS
    assert request.end_of_life_date == datetime(2030, 12, 31, tzinfo=UTC)
    assert request.approval.timeout == timedelta(days=3)
    assert request.deletion.enabled


def test_what_is_left_out_has_the_safe_default() -> None:
    """Nothing is deleted, nobody waits for ever, the version number is taken by itself."""
    short = {k: request_body()[k] for k in ("sourceImageId", "galleryId", "imageDefinition")}
    request = parse_request_json(short)
    assert not request.deletion.enabled
    assert request.image_version == "auto"
    assert request.replication_mode is ReplicationMode.FULL
    assert request.approval.timeout == timedelta(days=3)
    assert request.target_regions == ()


def test_all_problems_come_at_once() -> None:
    """A body with many mistakes is answered with each of them."""
    body = request_body(
        sourceImageId="web-2019",
        imageVersion="1",
        targetRegions=[{"name": "?"}, {"name": "eastus", "replicaCount": 0}],
        extra=1,
    )
    del body["galleryId"]
    assert {problem.field for problem in problems_of_body(as_bytes(body))} == {
        "sourceImageId",
        "galleryId",
        "imageVersion",
        "targetRegions[0].name",
        "targetRegions[1].replicaCount",
        "extra",
    }


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ('"imageVersion": "2.0.0"', ["imageVersion"]),
        ('"imageVersion": "latest"', ["imageVersion", "imageVersion"]),
    ],
    ids=["either would do", "the last one is wrong"],
)
def test_a_field_that_stands_there_twice_is_refused(more: str, fields: list[str]) -> None:
    """Nobody can tell which of the two was meant; beside what else is wrong."""
    with pytest.raises(InvalidRequestError) as refused:
        parse_request(as_bytes(request_body())[:-1] + f", {more}}}".encode())
    assert [problem.field for problem in refused.value.problems] == fields


@pytest.mark.parametrize("body", NOT_REQUESTS.values(), ids=NOT_REQUESTS)
def test_what_is_no_json_object_is_a_problem_of_the_body(body: bytes) -> None:
    """Never an exception of another kind, whatever the bytes."""
    assert [problem.field for problem in problems_of_body(body)] == ["body"]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_parser(body: bytes) -> None:
    """Random bytes are refused with problems."""
    assert problems_of_body(body)


def test_64_kib_are_read_and_one_byte_more_is_not() -> None:
    """The limit counts bytes as sent."""
    body = as_bytes(request_body())
    assert parse_request(body + b" " * (MAX_BODY_BYTES - len(body))) == a_request()
    found = problems_of_body(body + b" " * (MAX_BODY_BYTES - len(body) + 1))
    assert "65537 bytes" in found[0].message


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_requests_that_mean_the_same_have_one_digest(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    """Starting the same migration again is recognised, however it is written."""
    assert a_request(**one).digest() == a_request(**other).digest()


@pytest.mark.parametrize("changes", DIFFERENT.values(), ids=DIFFERENT)
def test_requests_that_differ_have_different_digests(changes: dict[str, Any]) -> None:
    """Another request for the image is a conflict."""
    assert a_request(**changes).digest() != a_request().digest()


def test_what_an_earlier_deployment_accepted_is_recognised() -> None:
    """Its digest is in the records: else the same request, sent again after a deployment, would be a conflict."""
    assert a_request().digest() == (
        "a231a645700b87a86b7f575d7843a0b9d0d67f82b6c3e9e0c5ddd2f5bbd4c865"
    )


@pytest.mark.parametrize("timeout", ["PT1M", "P90D"])
def test_an_approval_may_be_waited_for_from_a_minute_to_90_days(timeout: str) -> None:
    """Both included."""
    assert iso_duration(a_request(approval={"timeout": timeout}).approval.timeout) == timeout


BUY = {"name": "byol", "publisher": "contoso", "product": "firewall"}


@pytest.mark.parametrize("part", BUY)
def test_each_part_of_a_purchase_plan_has_1_to_256_letters(part: str) -> None:
    """An empty one would be kept by Azure and break every machine later."""
    for text in ("x", "x" * 256):
        plan = {**BUY, part: text}
        assert a_request(imageDefinition=definition_part(purchasePlan=plan))
    for text, words in (("", "at least 1"), ("x" * 257, "at most 256")):
        body = request_body(imageDefinition=definition_part(purchasePlan={**BUY, part: text}))
        [problem] = problems_of_body(as_bytes(body))
        assert problem.field == f"imageDefinition.purchasePlan.{part}"
        assert words in problem.message


@pytest.mark.parametrize("field", ["name", "publisher", "offer", "sku"])
def test_a_name_beyond_all_measure_is_not_repeated(field: str) -> None:
    """One of 1,024 letters is told with its rule; a longer one with its length only."""
    for length, words in ((1024, "x" * 1024), (1025, "must have at most 1024 characters")):
        body = request_body(imageDefinition=definition_part(**{field: "x" * length}))
        [problem] = problems_of_body(as_bytes(body))
        assert words in problem.message


def test_a_recorded_request_is_read_from_its_text_too() -> None:
    """As it lies in a table's row."""
    request = a_request(deletion={"enabled": True})
    assert request_from_record(json.dumps(request.model_dump(mode="json"))) == request


def test_a_recorded_request_comes_back_the_same() -> None:
    """Through the records, and with keys that a newer deployment wrote."""
    request = a_request(endOfLifeDate="2030-12-31T00:00:00Z", approval={"timeout": "PT36H"})
    wire = json.loads(json.dumps(request.model_dump(mode="json")))
    assert request_from_record(wire) == request
    assert request_from_record({**wire, "addedLater": {"x": 1}}).digest() == request.digest()
