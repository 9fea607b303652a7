"""Users of an image, from rows of Resource Graph and items of lists: what either shows counts, what blocks wins."""

from __future__ import annotations

import subprocess
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.references import kinds
from domain.references.kinds import KINDS, Effect
from domain.references.users import ImageUser, Source, merged, type_of, users_of

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
IMAGE = f"{GROUP}/providers/Microsoft.Compute/images/web"
VERSION = f"{GROUP}/providers/Microsoft.Compute/galleries/g/images/web/versions/1.0.0"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm"
SET = f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/set"


def machine(name: str = MACHINE, image: str = IMAGE, **properties: Any) -> dict[str, Any]:
    """A machine as both sources show it."""
    disk = {"diffDiskSettings": {"option": "Local"}} if properties.pop("local", False) else {}
    storage = {"imageReference": {"id": image}, "osDisk": disk}
    return {"id": name, "properties": {"storageProfile": storage, **properties}}


def test_one_resource_is_one_user_whatever_its_case() -> None:
    """With both places where it was seen."""
    users = merged(
        (
            *users_of(IMAGE, [machine(MACHINE.upper())], Source.GRAPH),
            *users_of(IMAGE, [machine()], Source.LISTS),
        )
    )
    assert [user.seen_in for user in users] == [(Source.LISTS, Source.GRAPH)]


def test_evidence_that_blocks_wins_in_any_order() -> None:
    """One source has heard of the ephemeral disk, the other has not."""
    warns = users_of(IMAGE, [machine()], Source.GRAPH)
    blocks = users_of(IMAGE, [machine(local=True)], Source.LISTS)
    for order in permutations((*warns, *blocks)):
        (user,) = merged(order)
        assert user.blocks
        assert user.use == "its OS disk is ephemeral, so reimaging reads the image again"


def test_a_set_was_made_with_the_newest_of_its_machines() -> None:
    """A model has no time of its own."""
    model = {"virtualMachineProfile": machine()["properties"]}
    rows = [
        {"id": SET, "properties": model},
        machine(f"{SET}/virtualMachines/0", timeCreated="2026-01-01T00:00:00Z"),
        machine(f"{SET}/virtualMachines/1", timeCreated="2026-02-01T00:00:00Z"),
    ]
    users = users_of(IMAGE, rows, Source.LISTS)
    assert {user.kind: user.last_made_at for user in users}["scale set"] == "2026-02-01T00:00:00Z"


def test_a_set_has_no_times_of_anothers_machines() -> None:
    """Nor of one whose name only begins like its own."""
    model = {"virtualMachineProfile": machine()["properties"]}
    rows = [
        {"id": SET, "properties": model},
        machine(f"{SET}2/virtualMachines/0", timeCreated="2026-01-01T00:00:00Z"),
    ]
    users = users_of(IMAGE, rows, Source.LISTS)
    assert {user.kind: user.last_made_at for user in users}["scale set"] is None


def a_user(use: str, effect: Effect, command: str | None = None) -> ImageUser:
    return ImageUser(
        id=MACHINE, kind="machine", scope=GROUP, use=use, effect=effect, command=command
    )


def test_all_uses_that_count_are_told() -> None:
    """In the order in which they were seen; one that warns says nothing beside one that blocks."""
    blocking = [a_user("first", Effect.BLOCKS), a_user("second", Effect.BLOCKS)]
    warning = [a_user("third", Effect.WARNS), a_user("fourth", Effect.WARNS)]
    assert [user.use for user in merged(blocking)] == ["first; second"]
    assert [user.use for user in merged(warning)] == ["third; fourth"]
    assert [user.use for user in merged([*warning, *blocking])] == ["first; second"]


@pytest.mark.parametrize(
    ("blocking", "warning", "command"),
    [("b", "w", "b"), ("b", None, "b"), (None, "w", "w"), (None, None, None)],
)
def test_a_user_has_the_command_of_the_use_that_counts(
    blocking: str | None, warning: str | None, command: str | None
) -> None:
    """Or the other's, if that has none."""
    both = (a_user("is", Effect.BLOCKS, blocking), a_user("was", Effect.WARNS, warning))
    for order in permutations(both):
        (user,) = merged(order)
        assert user.command == command


def test_a_users_scope_is_its_group() -> None:
    """Whoever owns it is asked there."""
    (user,) = users_of(IMAGE, [machine()], Source.LISTS)
    assert user.scope == GROUP


@pytest.mark.parametrize(
    ("status", "at"),
    [
        ({"endTime": "2026-02-01", "startTime": "2026-01-01"}, "2026-02-01"),
        ({"startTime": "2026-01-01"}, "2026-01-01"),
        ({}, None),
    ],
)
def test_a_template_was_last_run_when_it_ended_or_else_began(
    status: dict[str, str], at: str | None
) -> None:
    """The first time that is there."""
    template = f"{GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates/t"
    properties = {"source": {"imageId": IMAGE}, "lastRunStatus": status}
    (user,) = users_of(IMAGE, [{"id": template, "properties": properties}], Source.LISTS)
    assert user.last_made_at == at


@pytest.mark.parametrize(
    ("mode", "state", "effect"),
    [
        ("Full", "Succeeded", None),
        (None, "Succeeded", None),
        ("full", "succeeded", None),
        ("Full", "Failed", None),
        ("Full", "Creating", Effect.BLOCKS),
        ("Full", "Updating", Effect.BLOCKS),
        ("Full", None, Effect.BLOCKS),
        ("Shallow", "Succeeded", Effect.BLOCKS),
        ("Something", "Succeeded", Effect.BLOCKS),
    ],
)
def test_versions(mode: str | None, state: str | None, effect: Effect | None) -> None:
    """Only a full one that is done has a copy of its own; what is not known blocks."""
    properties = {
        "storageProfile": {"source": {"id": IMAGE}},
        "publishingProfile": {"replicationMode": mode},
        "provisioningState": state,
    }
    users = users_of(IMAGE, [{"id": VERSION, "properties": properties}], Source.GRAPH)
    assert [user.effect for user in users] == ([effect] if effect else [])


def test_the_image_itself_is_no_user() -> None:
    """The control row of Resource Graph."""
    row = {"id": IMAGE.upper(), "properties": {"note": IMAGE}}
    assert users_of(IMAGE, [row], Source.GRAPH) == ()


def test_a_place_that_the_table_has_not_blocks() -> None:
    """In a known kind as in an unknown one, whose commands name the place."""
    odd = {"id": MACHINE, "properties": {"extra": [{"image": IMAGE}]}}
    rows = [odd, {"id": f"{GROUP}/providers/New.Service/things/t", "properties": {"x": IMAGE}}]
    users = users_of(IMAGE, rows, Source.GRAPH, VERSION)
    assert {(user.kind, user.blocks) for user in users} == {
        ("virtual machine", True),
        ("new.service/things", True),
    }
    told = {user.kind: user.command for user in users}
    assert str(told["new.service/things"]).endswith(f"--set properties.x={VERSION}")


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(KINDS)),
    NAMES,
    st.sampled_from([VERSION, None]),
    st.sampled_from(["virtualMachineProfile.storageProfile.imageReference.id", "x", "vmTemplate"]),
)
def test_a_shell_gets_the_words_that_were_meant(
    kind: str, name: str, version: str | None, path: str
) -> None:
    """Any name and any text come out of it as they went in; variables stand for what is not known."""
    space, *parts = kind.split("/")
    inner = "/".join(part for step in parts for part in (step, name))
    resource_id = f"{GROUP}/providers/{space}/{inner}"
    resource = {"id": resource_id, "properties": {path: f"{IMAGE} '$(x)\" & \\"}}
    (user,) = users_of(IMAGE, [resource], Source.GRAPH, version)
    if user.command is None:
        assert kind in {kinds.MACHINE, kinds.DISK}
        return
    words = _through_a_shell(user.command)
    assert any(name.lower() in word.lower() for word in words)
    assert (version or "the version") in "\n".join(words) or kind in {
        kinds.SCALE_SET_MACHINE,
        kinds.VERSION,
        kinds.LAB_IMAGE,
        kinds.TEMPLATE,
    }
    if "--vm-template" in words and path == "vmTemplate":
        assert words[-1] == f"{version or 'the version'} '$(x)\" & \\"
    if "--ids" in words and kind != kinds.SCALE_SET_MACHINE:
        assert words[words.index("--ids") + 1] == resource_id


def _through_a_shell(command: str) -> list[str]:
    """The words that az is called with."""
    script = f"az() {{ printf '%s\\0' \"$@\"; }}\n{command}"
    shell = ["sh", "-c", script]
    known = {"VERSION_ID": "the version"}
    run = subprocess.run(shell, capture_output=True, check=True, env=known)
    assert run.stderr == b""
    return run.stdout.decode().split("\0")[:-1]


def test_every_kind_is_read_from_ids_as_azure_writes_them() -> None:
    """The table's types are in lower case, children with their parents' types."""
    assert type_of({"id": f"{SET}/virtualMachines/0"}) == kinds.SCALE_SET_MACHINE
    assert type_of({"id": VERSION}) == kinds.VERSION
    assert all(kind == kind.lower() for kind in KINDS)
