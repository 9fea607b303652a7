"""Every body on its way in: locations get one form, and secrets go no further."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.arm.protocol.redaction import without_secrets
from localcloud.arm.server.observing import Tape
from packages.localcloud.tests.arm.driving import VERSION, Driver, application, definition, driven

SECRET = "Tr0ub4dor&3"
SIGNED = f"https://a.blob.core.windows.net/c/b?sv=2022-11-02&sp=r&sig={SECRET}"
BLOB = {"osType": "Linux", "osState": "Generalized", "blobUri": "https://a.b/c.vhd"}
EMPTY = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4}
NETWORK = "/providers/Microsoft.Network/virtualNetworks/n"
LOCATED: list[tuple[str, dict[str, Any]]] = [
    ("images/i", {"properties": {"storageProfile": {"osDisk": BLOB}}}),
    ("galleries/other", {}),
    ("galleries/g/images/other", definition("other")),
    ("galleries/g/applications/a", application()),
    (VERSION, {}),
    ("disks/d", {"properties": EMPTY}),
    ("snapshots/s", {"properties": EMPTY}),
    ("virtualMachines/m", {"properties": {"storageProfile": {}}}),
    (NETWORK, {"properties": {}}),
    ("", {}),
]


@pytest.mark.parametrize("sent", ["East US 2", "EastUS2", "eastus2"])
@pytest.mark.parametrize(("path", "body"), LOCATED, ids=[path for path, _ in LOCATED])
def test_a_location_is_answered_in_azures_spelling(
    arm: Driver, path: str, body: Any, sent: str
) -> None:
    """Whatever the type of resource and the spelling it was sent in: `eastus2`, at once and later."""
    arm.gallery()
    arm.image()
    whole = arm.group + path if path == NETWORK else path or f"{arm.group}-other"
    body = (arm.version_body() if path == VERSION else body) | {"location": sent}
    made = arm.call(
        "PUT", whole, body, api="2024-07-01" if "galleries" not in path else "2024-03-03"
    )
    assert made.status_code in (200, 201, 202), made.text
    assert made.json()["location"] == "eastus2"
    arm.pass_time(hours=1)
    answer = arm.call("GET", whole, api="2024-07-01" if "galleries" not in path else "2024-03-03")
    assert answer.json()["location"] == "eastus2"


def test_target_regions_keep_display_names(arm: Driver) -> None:
    """They are no locations: `East US 2`, however they were sent."""
    arm.gallery()
    arm.image()
    made = arm.version(regions=("eastus2", "West US 2", "westeurope")).json()["properties"]
    names = [region["name"] for region in made["publishingProfile"]["targetRegions"]]
    assert names == ["East US 2", "West US 2", "West Europe"]


def test_secrets_are_neither_answered_nor_written(state_folder: Path) -> None:
    """Passwords, protected settings and signatures are in no answer and in no file, the tape included."""
    tape = state_folder / "tape.jsonl"
    with driven(state_folder) as arm:
        arm.cloud.observers.append(Tape(tape))
        arm.gallery()
        answers = [arm.call("PUT", path, body, api=api) for path, body, api in _secretive(arm)]
        arm.pass_time(hours=1)
        answers += [arm.call("GET", path, api=api) for path, _, api in _secretive(arm)]
        answers.append(arm.call("GET", "images", query={"sig": SECRET}))
        assert [a.status_code for a in answers if a.status_code >= 400] == []
        assert [a.url for a in answers if SECRET in a.text] == []
        kept = {file.name: file.read_text() for file in state_folder.glob("*.jsonl")}
    assert set(kept) >= {"arm.jsonl", "requests.jsonl", "tape.jsonl"}
    assert [name for name, text in kept.items() if SECRET in text] == []


def _secretive(arm: Driver) -> list[tuple[str, Any, str]]:
    """Bodies with secrets in them, each with its path and api-version."""
    profile = {"adminUsername": "me", "adminPassword": SECRET, "customData": SECRET}
    windows = {"additionalUnattendContent": [{"content": SECRET}]}
    settings = {"settings": {}, "protectedSettings": {"key": SECRET}}
    parameters = {"word": {"value": SECRET}, "adminPassword": {"value": SECRET}}
    template = {"parameters": {"word": {"type": "secureString"}}, "resources": []}
    source = {"source": {"mediaLink": SIGNED}, "manageActions": {"install": "i", "remove": "r"}}
    os_disk = BLOB | {"blobUri": SIGNED}
    group, place = arm.group, {"location": "eastus2"}
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/v"
    return [
        (vault, place | {"properties": {}}, "2023-07-01"),
        (
            "virtualMachines/m",
            place | {"properties": {"osProfile": profile | {"windowsConfiguration": windows}}},
            "2024-07-01",
        ),
        ("virtualMachines/m/extensions/e", place | {"properties": settings}, "2024-07-01"),
        ("images/i", place | {"properties": {"storageProfile": {"osDisk": os_disk}}}, "2024-07-01"),
        (
            f"{vault}/secrets/s",
            {"properties": {"value": SECRET}},
            "2023-07-01",
        ),
        ("galleries/g/applications/a", application(), "2024-03-03"),
        (
            "galleries/g/applications/a/versions/1.0.0",
            place | {"properties": {"publishingProfile": source}},
            "2024-03-03",
        ),
        (
            f"{group}/providers/Microsoft.Resources/deployments/d",
            {"properties": {"parameters": parameters, "template": template}},
            "2024-11-01",
        ),
    ]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"osProfile": {"AdminPassword": "x", "name": "y"}}, {"osProfile": {"name": "y"}}),
        ({"list": [{"accountKey": "x"}, {"keyData": "ssh"}]}, {"list": [{}, {"keyData": "ssh"}]}),
        ({"uri": "https://a/b?sig=x%3D&sp=r"}, {"uri": "https://a/b?sig=&sp=r"}),
        ({"text": "AccountName=a;AccountKey=x=="}, {"text": "AccountName=a;AccountKey="}),
        (
            {"tags": {"password": "p"}, "design=x": "a=b"},
            {"tags": {"password": "p"}, "design=x": "a=b"},
        ),
    ],
)
def test_what_is_no_secret_stays(sent: dict[str, Any], kept: dict[str, Any]) -> None:
    """Names at any depth and in any case; public keys, tags and the rest of a URL are as they were."""
    assert json.loads(json.dumps(without_secrets(sent))) == kept
