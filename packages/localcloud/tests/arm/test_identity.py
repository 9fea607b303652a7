"""Tokens come from the identity endpoint, and nothing else opens the emulated ARM."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import requests
from azure.identity import ManagedIdentityCredential

from localcloud.arm.server.seed import IMAGES, seed_default
from packages.localcloud.tests.arm.driving import Driver, driven, error

MANAGEMENT = "https://management.azure.com/"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """One cloud for this module."""
    with driven(tmp_path_factory.mktemp("cloud")) as driver:
        driver.image()
        yield driver


def ask(arm: Driver, resource: str, header: str | None = None) -> requests.Response:
    """The identity endpoint as App Service's libraries call it."""
    secret = arm.cloud.identity_header if header is None else header
    return requests.get(
        arm.cloud.identity_endpoint,
        params={"api-version": "2019-08-01", "resource": resource},
        headers={"X-IDENTITY-HEADER": secret},
        timeout=10,
    )


def test_azure_identity_gets_a_token_that_works(
    cloud: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real ManagedIdentityCredential, set up as App Service sets it up."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", cloud.cloud.identity_endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", cloud.cloud.identity_header)
    token = ManagedIdentityCredential().get_token(MANAGEMENT + ".default").token
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["tid"] == cloud.cloud.tenant_id
    answer = cloud.call("GET", "images/web", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_a_user_assigned_identity_has_tokens_of_its_own(
    cloud: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for by its client id, it is another client and another principal, in the same tenant."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", cloud.cloud.identity_endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", cloud.cloud.identity_header)
    ids = [None, "11111111-0000-0000-0000-000000000000", "22222222-0000-0000-0000-000000000000"]
    found = []
    for client in ids:
        token = ManagedIdentityCredential(client_id=client).get_token(MANAGEMENT + ".default").token
        found.append(json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==")))
        headers = {"Authorization": f"Bearer {token}"}
        assert cloud.call("GET", "images/web", headers=headers).status_code == 200
    own = cloud.cloud.tokens.identity.client
    assert [claims["appid"] for claims in found] == [own, *ids[1:]]
    assert len({claims["oid"] for claims in found}) == 3
    assert {claims["tid"] for claims in found} == {cloud.cloud.tenant_id}


def test_the_identity_endpoint_wants_its_header(cloud: Driver) -> None:
    """Without IDENTITY_HEADER there is no token; without a resource neither."""
    assert ask(cloud, MANAGEMENT, "wrong").status_code == 401
    assert ask(cloud, "").status_code == 400


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "AuthenticationFailed"),
        ("Bearer a.b.c", "InvalidAuthenticationToken"),
        ("Basic dXNlcjpwYXNz", "InvalidAuthenticationToken"),
    ],
)
def test_calls_without_a_good_token_are_challenged(
    cloud: Driver, header: str | None, code: str
) -> None:
    """401 with ARM's code and a WWW-Authenticate header."""
    answer = cloud.call("GET", "images/web", headers={"Authorization": header})
    assert error(answer) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


def test_tokens_for_others_and_expired_ones_are_refused(cloud: Driver) -> None:
    """Wrong audience, and a life that is over by the wall clock."""
    tokens = cloud.cloud.tokens
    vault, _ = tokens.issue("https://vault.azure.net")
    old, _ = tokens.issue(MANAGEMENT, life=-1)
    for token, code in (
        (vault, "InvalidAuthenticationTokenAudience"),
        (old, "ExpiredAuthenticationToken"),
    ):
        answer = cloud.call("GET", "images/web", headers={"Authorization": f"Bearer {token}"})
        assert error(answer) == (401, code)


def test_moving_the_clock_does_not_expire_tokens(cloud: Driver) -> None:
    """Tokens live in wall-clock time."""
    cloud.pass_time(days=30)
    assert cloud.call("GET", "images/web").status_code == 200


def test_the_certificate_is_good_for_both_names_of_the_loopback(cloud: Driver) -> None:
    """Its authority's file is all a client needs, even one that checks strictly."""
    context = ssl.create_default_context(cafile=str(cloud.cloud.ca_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for host in ("127.0.0.1", "localhost"):
        url = (
            cloud.cloud.url.replace("127.0.0.1", host)
            + "/metadata/endpoints?api-version=2022-09-01"
        )
        with urlopen(Request(url), context=context, timeout=10) as answer:
            assert json.load(answer)["resourceManager"] == cloud.cloud.url


def test_a_signed_operation_url_must_be_followed_as_it_is(cloud: Driver) -> None:
    """Since 2025 ARM signs them; a changed one leads nowhere."""
    url = cloud.call("PATCH", "images/web", {"tags": {}}).headers["Azure-AsyncOperation"]
    assert len(url) > 2000
    assert cloud.call("GET", url).status_code == 200
    assert cloud.call("GET", url.replace("&t=", "&t=1")).status_code == 404


def test_what_a_fresh_cloud_holds(tmp_path: Path) -> None:
    """Images of the usual shapes, galleries in two regions; seeding again changes nothing."""
    with driven(tmp_path) as arm:
        seed_default(arm.cloud)
        before = arm.cloud.state()
        seed_default(arm.cloud)
        assert arm.cloud.state() == before
        subscription = arm.group.rsplit("/", 2)[0]
        listed = arm.call(
            "GET", f"{subscription}/providers/Microsoft.Compute/images", api="2024-07-01"
        ).json()["value"]
        assert {image["name"] for image in listed} == set(IMAGES)
        sizes = [
            d["diskSizeGB"] for i in listed for d in i["properties"]["storageProfile"]["dataDisks"]
        ]
        assert max(sizes) == 2048
