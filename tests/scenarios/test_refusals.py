"""Bad requests are told the field, the rule and what to do; everything at once; and nothing is written."""

import json
from typing import Any

import pytest

from tests.scenarios import bodies
from tests.scenarios.answers import Answer
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client

UNKNOWN = "0" * 32 + "-1"


@pytest.fixture(scope="module")
def images(cloud: Client) -> Client:
    """The images that the plans below are about."""
    subscription = cloud.subscription
    encryption = {"diskEncryptionSet": {"id": f"{bodies.image_id(subscription, 'x')}-set"}}
    cloud.add_image("plain")
    cloud.add_image("first", generation="V1")
    cloud.add_image("huge", size=2049)
    cloud.add_image("encrypted", os_disk=encryption)
    cloud.add_image("special", os_disk={"osState": "Specialized"})
    large = bodies.disk(subscription, "large_data", 1500, lun=0)
    cloud.add_image("large", data=(large,))
    return cloud


def _is_problem(answer: Answer, status: int) -> None:
    assert answer.status == status, answer
    answer.assert_well_made()


def _target(name: str, **fields: Any) -> Json:
    return {"targetRegions": [{"name": name, **fields}]}


FORM: list[tuple[Json, str]] = [
    ({"sourceImageId": "/subscriptions/x/images/y"}, "sourceImageId"),
    ({"sourceImageId": 7}, "sourceImageId"),
    ({"galleryId": "myGallery"}, "galleryId"),
    ({"galleryId": None}, "galleryId"),
    ({"imageVersion": "1.0"}, "imageVersion"),
    ({"imageVersion": "1.0.2147483648"}, "imageVersion"),
    ({"imageVersion": "01.0.0"}, "imageVersion"),
    ({"imageVersion": "latest"}, "imageVersion"),
    ({"targetRegions": "eastus2"}, "targetRegions"),
    (_target("East US 2", replicaCount=0), "targetRegions[0].replicaCount"),
    (_target("East US 2", replicaCount=101), "targetRegions[0].replicaCount"),
    (_target("East US 2", replicaCount="1"), "targetRegions[0].replicaCount"),
    (_target("East US 2", replicaCount=1.5), "targetRegions[0].replicaCount"),
    (_target("East US 2", replicaCount=True), "targetRegions[0].replicaCount"),
    (
        _target("East US 2", storageAccountType="UltraSSD_LRS"),
        "targetRegions[0].storageAccountType",
    ),
    (_target("!"), "targetRegions[0].name"),
    (_target("East US 2", zone="1"), "targetRegions[0].zone"),
    (
        {"targetRegions": [{"name": "East US 2"}, {"name": "eastus2", "replicaCount": 2}]},
        "targetRegions",
    ),
    ({"replicationMode": "full"}, "replicationMode"),
    ({"endOfLifeDate": "2030-12-31"}, "endOfLifeDate"),
    ({"endOfLifeDate": "2030-12-31T00:00:00"}, "endOfLifeDate"),
    ({"endOfLifeDate": 1}, "endOfLifeDate"),
    ({"excludeFromLatest": "yes"}, "excludeFromLatest"),
    ({"blockDeletionBeforeEndOfLife": 1}, "blockDeletionBeforeEndOfLife"),
    ({"deletion": True}, "deletion"),
    ({"deletion": {"enabled": "true"}}, "deletion.enabled"),
    ({"deletion": {"force": True}}, "deletion.force"),
    ({"approval": {"timeout": "3 days"}}, "approval.timeout"),
    ({"approval": {"timeout": "PT1S"}}, "approval.timeout"),
    ({"approval": {"timeout": "P91D"}}, "approval.timeout"),
    ({"imageDefinition": {"name": "a"}}, "imageDefinition.publisher"),
    ({"colour": "blue"}, "colour"),
]


@pytest.mark.parametrize(
    ("fields", "field"), FORM, ids=[f"{f}-{i}" for i, (_, f) in enumerate(FORM)]
)
@pytest.mark.parametrize("path", ["/api/migrations", "/api/plans"])
def test_a_wrong_form_is_400_and_names_the_field(
    images: Client, path: str, fields: Json, field: str
) -> None:
    """Types, values and unknown fields; the same for a start and for a plan."""
    answer = images.call("POST", path, images.request("plain") | fields)
    _is_problem(answer, 400)
    assert field in answer.fields


def test_every_wrong_field_is_named_at_once(images: Client) -> None:
    """An empty body lacks three things; one answer says so. So do many wrong fields."""
    empty = images.call("POST", "/api/migrations", {})
    assert {"sourceImageId", "galleryId", "imageDefinition"} <= set(empty.fields)
    wrong: Json = {}
    for fields, _ in (FORM[0], FORM[4], FORM[18], FORM[24], FORM[31]):
        wrong |= fields
    answer = images.call("POST", "/api/plans", images.request("plain") | wrong)
    expected = {"sourceImageId", "imageVersion", "replicationMode", "deletion", "colour"}
    assert expected <= set(answer.fields)


PLANS: list[tuple[str, Json, str]] = [
    ("absent", {}, "sourceImageId"),
    ("huge", {}, "sourceImageId"),
    ("encrypted", {}, "sourceImageId"),
    ("special", {}, "sourceImageId"),
    ("plain", {"endOfLifeDate": "2020-01-01T00:00:00Z"}, "endOfLifeDate"),
    ("plain", {"blockDeletionBeforeEndOfLife": True}, "blockDeletionBeforeEndOfLife"),
    ("plain", {"replicationMode": "Shallow"}, "deletion.enabled"),
]


@pytest.mark.parametrize(("name", "fields", "field"), PLANS)
def test_a_request_without_a_plan_is_422_and_names_the_field(
    images: Client, name: str, fields: Json, field: str
) -> None:
    """Azure's facts about image, gallery, definition and version decide, before anything is written."""
    answer = images.call("POST", "/api/migrations", images.request(name) | fields)
    _is_problem(answer, 422)
    assert field in answer.fields


def test_a_gallery_that_is_not_there_is_422(images: Client) -> None:
    """The gallery is never made; the answer says what to do."""
    missing = bodies.gallery_id(images.subscription, "missing")
    answer = images.call("POST", "/api/migrations", images.request("plain", galleryId=missing))
    _is_problem(answer, 422)
    assert answer.fields == ["galleryId"]


def test_trusted_launch_needs_generation_two(images: Client) -> None:
    """A first-generation image with a SecurityType above Standard is refused."""
    body = images.request("first")
    body["imageDefinition"]["securityType"] = "TrustedLaunch"
    answer = images.call("POST", "/api/plans", body)
    assert (answer.status, answer.fields) == (422, ["imageDefinition.securityType"])


def test_every_problem_of_a_plan_is_told_at_once(images: Client) -> None:
    """Image, gallery and date, in one answer."""
    body = images.request(
        "absent",
        galleryId=bodies.gallery_id(images.subscription, "missing"),
        endOfLifeDate="2020-01-01T00:00:00Z",
    )
    answer = images.call("POST", "/api/plans", body)
    assert sorted(answer.fields) == ["endOfLifeDate", "galleryId", "sourceImageId"]


def test_a_large_data_disk_is_a_warning(images: Client) -> None:
    """Over 1 TB and at most 2 TB: planned, with a warning."""
    answer = images.call("POST", "/api/plans", images.request("large"))
    assert answer.status == 200
    assert any("1500 GB" in warning for warning in answer.body["warnings"])


def test_a_plan_adds_the_region_of_the_image(images: Client) -> None:
    """A version lies where its image lies, asked for or not."""
    answer = images.call("POST", "/api/plans", images.request("plain", **_target("West Europe")))
    assert answer.body["regions"] == ["eastus2", "westeurope"]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half a brace"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"\xff\xfe{}", id="no UTF-8"),
        pytest.param(b'{"sourceImageId": NaN}', id="NaN"),
        pytest.param(b"[" * 10_000, id="deep"),
    ],
)
@pytest.mark.parametrize("path", ["/api/migrations", "/api/plans"])
def test_what_is_no_json_object_is_400(images: Client, path: str, raw: bytes) -> None:
    """Never a 500, always a problem with a field."""
    answer = images.call("POST", path, data=raw)
    _is_problem(answer, 400)
    assert answer.fields


@pytest.mark.parametrize("path", ["/api/migrations", "/api/plans"])
def test_a_body_over_64_kb_is_refused(images: Client, path: str) -> None:
    """65,536 bytes are read, one more is not; the answer says so."""
    body = json.dumps(images.request("plain")).encode()
    fits = body + b" " * (bodies.LARGEST - len(body))
    assert images.call("POST", "/api/plans", data=fits).status == 200
    answer = images.call("POST", path, data=fits + b" ")
    assert answer.status == 413
    assert "65536" in answer.text or "64 KB" in answer.text


@pytest.mark.parametrize("suffix", ["", "/cancel", "/approval"])
@pytest.mark.parametrize("unknown", [UNKNOWN, "nonsense", "..%2f..%2fx", "a" * 300])
def test_an_unknown_migration_is_404(images: Client, suffix: str, unknown: str) -> None:
    """Whatever the id looks like. Who may not decide learns nothing about ids."""
    path = f"/api/migrations/{unknown}{suffix}"
    answer = images.call("POST" if suffix else "GET", path, {} if suffix else None)
    assert answer.status == (403 if suffix == "/approval" else 404)


@pytest.mark.parametrize("suffix", ["", "/cancel", "/approval"])
def test_a_path_with_a_nul_never_reaches_the_app(images: Client, suffix: str) -> None:
    """The host's own front refuses it."""
    answer = images.call("POST" if suffix else "GET", f"/api/migrations/%00{suffix}")
    assert (answer.status, answer.text) == (400, "")


@pytest.mark.parametrize(("key", "status"), [("", 401), ("wrong", 401), ("é", 400)])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/migrations"),
        ("GET", "/api/migrations"),
        ("GET", f"/api/migrations/{UNKNOWN}"),
        ("POST", f"/api/migrations/{UNKNOWN}/approval"),
        ("POST", f"/api/migrations/{UNKNOWN}/cancel"),
        ("POST", "/api/plans"),
        ("GET", "/api/galleries"),
        ("GET", "/api/images"),
        ("GET", "/api/health"),
        ("GET", "/runtime/webhooks/durabletask/instances"),
        ("POST", "/runtime/webhooks/EventGrid?functionName=image_written"),
    ],
)
def test_without_the_key_every_route_is_401(
    images: Client, method: str, path: str, key: str, status: int
) -> None:
    """A named key on every route of the app, system keys on the extensions' own. A header beyond ASCII is 400 by the
    host's front, whatever it is for."""
    headers = {"x-functions-key": key.encode("latin-1").decode("latin-1")}
    assert images.call(method, path, key=key, headers=headers).status == status


def test_plans_and_refusals_write_nothing(images: Client) -> None:
    """After all of the above Azure has seen reads only, and the list is empty."""
    answer = images.call("POST", "/api/plans", images.request("plain"))
    assert answer.status == 200
    assert answer.body["versionBody"]["properties"]["publishingProfile"]["excludeFromLatest"]
    written = [
        line["path"]
        for line in images.arm_log("PUT", "PATCH", "POST", "DELETE")
        if "/images/" in line["path"]
    ]
    assert written == []
    assert images.call("GET", "/api/migrations").body["migrations"] == []
