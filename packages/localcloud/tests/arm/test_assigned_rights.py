"""Identities with roles: what they may not do is refused in ARM's words, what they may not read is not shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from localcloud.arm.protocol.actions import Need, need_of
from localcloud.arm.protocol.rights import RightsError
from packages.localcloud.tests.arm.driving import Driver, error

READER, DELETER = "11111111-0000-0000-0000-000000000000", "22222222-0000-0000-0000-000000000000"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
S = "/subscriptions/s"
G = f"{S}/resourceGroups/g"
C = "Microsoft.Compute"
NEEDS = [
    ("GET", S, "Microsoft.Resources/subscriptions/read", S),
    ("GET", f"{S}/locations", "Microsoft.Resources/subscriptions/locations/read", S),
    ("GET", f"{S}/resources", "Microsoft.Resources/subscriptions/resources/read", S),
    ("GET", f"{S}/resourcegroups", "Microsoft.Resources/subscriptions/resourceGroups/read", S),
    ("GET", G, "Microsoft.Resources/subscriptions/resourceGroups/read", G),
    (
        "GET",
        f"{G}/resources",
        "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
        G,
    ),
    (
        "HEAD",
        f"{G}/providers/{C}/images/i?api-version=x",
        f"{C}/images/read",
        f"{G}/providers/{C}/images/i",
    ),
    ("PUT", f"{G}/providers/{C}/images/i", f"{C}/images/write", f"{G}/providers/{C}/images/i"),
    ("PATCH", f"{G}/providers/{C}/images/i", f"{C}/images/write", f"{G}/providers/{C}/images/i"),
    ("DELETE", f"{G}/providers/{C}/images/i", f"{C}/images/delete", f"{G}/providers/{C}/images/i"),
    (
        "POST",
        f"{G}/providers/{C}/galleries/x/share",
        f"{C}/galleries/share/action",
        f"{G}/providers/{C}/galleries/x",
    ),
    (
        "GET",
        f"{S}/providers/{C}/locations/eastus/capsOperations/1",
        f"{C}/locations/capsOperations/read",
        f"{S}/providers/{C}/locations/eastus/capsOperations/1",
    ),
    (
        "GET",
        f"{G}/providers/{C}/images/i/providers/Microsoft.Authorization/locks",
        "Microsoft.Authorization/locks/read",
        f"{G}/providers/{C}/images/i",
    ),
    ("POST", GRAPH, "Microsoft.ResourceGraph/resources/read", "/"),
]


@pytest.mark.parametrize(("method", "path", "action", "scope"), NEEDS)
def test_a_call_needs_a_right(method: str, path: str, action: str, scope: str) -> None:
    """The action as Azure's roles spell it, at the scope of the resource or of what is listed."""
    assert need_of(method, path) == Need(action, scope)


@pytest.mark.parametrize("path", ["/subscriptions", "/tenants", "/subscriptions/?api-version=x"])
def test_what_one_sees_may_be_listed(path: str) -> None:
    """Subscriptions and tenants need no right."""
    assert need_of("GET", path) is None


@pytest.fixture
def as_client(arm: Driver) -> Callable[..., requests.Response]:
    """A call by an identity, by its client id."""

    def call(client: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        token = arm.cloud.tokens.issue(arm.cloud.url, client=client)[0]
        headers = {"Authorization": f"Bearer {token}"}
        return arm.call(method, path, body, headers=headers, **more)

    return call


def a_role(scope: str, *actions: str) -> list[dict[str, Any]]:
    return [{"scope": scope, "actions": list(actions)}]


def test_only_what_a_role_has_is_allowed(
    arm: Driver, as_client: Callable[..., requests.Response]
) -> None:
    """A reader cannot delete, a deleter cannot read; one without any role may do everything."""
    arm.image()
    arm.cloud.assign(
        {
            READER: a_role("/", "microsoft.compute/IMAGES/read"),
            DELETER: a_role("/", "Microsoft.Compute/images/delete"),
        }
    )
    assert as_client(READER, "GET", "images/web").status_code == 200
    refused = as_client(READER, "DELETE", "images/web")
    assert error(refused) == (403, "AuthorizationFailed")
    assert "action 'Microsoft.Compute/images/delete'" in refused.json()["error"]["message"]
    assert error(as_client(DELETER, "GET", "images/web")) == (403, "AuthorizationFailed")
    assert as_client(DELETER, "DELETE", "images/web").status_code == 202
    assert arm.call("GET", "images").status_code == 200


def test_a_role_holds_at_its_scope_and_below(
    arm: Driver, as_client: Callable[..., requests.Response]
) -> None:
    """A group's is none for the subscription, nor for a group whose name begins as its does."""
    arm.image()
    arm.cloud.assign({READER: a_role(arm.group.upper(), "*/read")})
    assert as_client(READER, "GET", "images/web").status_code == 200
    other = arm.group + "2/providers/Microsoft.Compute/images/web"
    assert error(as_client(READER, "GET", other)) == (403, "AuthorizationFailed")
    subscription = arm.group.rpartition("/resourceGroups/")[0]
    everywhere = f"{subscription}/providers/Microsoft.Compute/images"
    assert error(as_client(READER, "GET", everywhere)) == (403, "AuthorizationFailed")


def test_resource_graph_leaves_out_what_may_not_be_read(
    arm: Driver, as_client: Callable[..., requests.Response]
) -> None:
    """Without a word, by the type of each row."""
    arm.image()
    arm.machine(image=arm.id("images/web"))
    graph, images = "Microsoft.ResourceGraph/resources/read", "Microsoft.Compute/images/read"
    arm.cloud.assign({READER: a_role("/", graph, images)})
    body = {"query": "resources | project id, type"}
    answer = as_client(READER, "POST", GRAPH, body, api="2024-04-01").json()
    assert {row["type"] for row in answer["data"]} == {"microsoft.compute/images"}
    assert answer["resultTruncated"] == "false"
    arm.cloud.assign({READER: a_role("/", images)})
    assert error(as_client(READER, "POST", GRAPH, body, api="2024-04-01"))[0] == 403


def test_an_empty_list_of_roles_takes_the_limits_away(
    arm: Driver, as_client: Callable[..., requests.Response]
) -> None:
    """As before anything was assigned."""
    arm.image()
    arm.cloud.assign({READER: a_role("/", "Microsoft.Compute/disks/read")})
    assert as_client(READER, "GET", "images/web").status_code == 403
    arm.cloud.assign({READER: []})
    assert as_client(READER, "GET", "images/web").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {READER: {}},
        {READER: [{"scope": "/"}]},
        {READER: [{"scope": "subscriptions", "actions": []}]},
        {READER: [{"scope": "/", "actions": "*"}]},
        {READER: [{"scope": "/", "actions": [1]}]},
        {READER: [{"scope": "/", "actions": [], "notActions": []}]},
    ],
)
def test_assignments_that_cannot_be_read_are_refused(arm: Driver, wrong: Any) -> None:
    """Nothing of them is taken."""
    before = arm.cloud.rights.as_json()
    with pytest.raises(RightsError):
        arm.cloud.assign(wrong)
    assert arm.cloud.rights.as_json() == before
