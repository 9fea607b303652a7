"""Plays a recording against the emulator as its client and says where the two disagree.

1. Resource groups that the recording reads before it creates them are seeded, as its test did.
2. Every exchange is sent with the recorded body; ids of subscriptions and operations are replaced
   by the emulator's own.
3. They come in the order of their dates. Time moves when the recording shows that something has
   ended: before such a read an hour passes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from localcloud.arm.server.arm_cloud import ArmCloud
from packages.localcloud.tests.arm.replay.comparing import differences, without_tags
from packages.localcloud.tests.arm.replay.left_out import OF_LEFT_OUT, Row, left_out
from packages.localcloud.tests.arm.replay.recordings import Interaction, read

_SUBSCRIPTION = re.compile(r"/subscriptions/([0-9a-f-]{36})", re.IGNORECASE)
_OPERATION = re.compile(r"/locations/[^/]+/\w+Operations/([0-9a-f-]{36})", re.IGNORECASE)
_COMPUTE_OPERATION = re.compile(r"/locations/[^/]+/operations/([0-9a-f-]{36})", re.IGNORECASE)
_GROUP = re.compile(r"^/subscriptions/[^/]+/resourcegroups/([^/?]+)(?=\?|$)", re.IGNORECASE)
_DISK = re.compile(r"GET /.*/Microsoft\.Compute/(disks|snapshots)/[^/?]+(\?|$)", re.IGNORECASE)
_MACHINE = re.compile(r"GET /.*/Microsoft\.Compute/virtualMachines/[^/?]+(\?|$)", re.IGNORECASE)
_RUNNING = {"Creating", "Updating", "Deleting", "InProgress", "Running", "Accepted"}


@dataclass
class Outcome:
    """The counts and differences of the exchanges of one recording."""

    recording: str
    compared: int = 0
    disagreements: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    # Left out, but later exchanges may miss it.
    refused: list[str] = field(default_factory=list)
    disks: list[list[str]] = field(
        default_factory=list
        # The differences of each disk that was read.
    )
    # The differences of each machine that was read, in what tells which image it was made from.
    machines: list[list[str]] = field(default_factory=list)

    @property
    def agreeing(self) -> int:
        """Compared exchanges without any difference."""
        return self.compared - len(self.disagreements)


@dataclass
class _Urls:
    """Our operation URLs for the recorded ones: by operation, with and without monitor."""

    known: dict[tuple[str, bool], str] = field(default_factory=dict)
    uncompared: set[str] = field(default_factory=set)

    def learn(self, recorded: Interaction, ours: requests.Response, *, compared: bool) -> None:
        """The answer of a write names both."""
        for header in ("azure-asyncoperation", "location"):
            theirs, url = recorded.headers.get(header), ours.headers.get(header)
            operation = operation_of(theirs or "")
            if theirs and operation:
                if not compared:
                    self.uncompared.add(operation)
                if url:
                    self.known[operation, _monitors(theirs)] = url


def operation_of(path: str) -> str | None:
    """The guid of the operation a URL reports on."""
    match = _OPERATION.search(path) or _COMPUTE_OPERATION.search(path)
    return match.group(1) if match else None


def _monitors(path: str) -> bool:
    return "monitor=true" in path


class Player:
    """Sends the exchanges of one recording."""

    def __init__(self, cloud: ArmCloud, advance: Callable[[float], None]) -> None:
        self._cloud = cloud
        self._advance = advance
        self._subscription = cloud.subscription_ids[0]
        self._session = requests.Session()
        # REQUESTS_CA_BUNDLE would win over verify.
        self._session.trust_env = False
        self._session.verify = str(cloud.ca_file)
        token, _ = cloud.tokens.issue(cloud.url)
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._urls = _Urls()

    def play(self, path: Path) -> Outcome:
        """All of it, in order."""
        outcome = Outcome(path.name)
        interactions = read(path)
        self._seed_groups(interactions)
        for interaction in interactions:
            row = left_out(interaction) or self._of_left_out(interaction)
            if row is not None:
                outcome.left_out[row.reason] += 1
                if row.sent:
                    ours = self._send(interaction, compared=False)
                    if _DISK.match(f"{interaction.method} {interaction.path}"):
                        outcome.disks.append(list(self._differences(interaction, ours)))
                    if _MACHINE.match(f"{interaction.method} {interaction.path}"):
                        machine = differences(_use(interaction.body), _use(ours.json()))
                        outcome.machines.append(list(machine))
                    if interaction.method != "GET" and ours.status_code >= 400 > interaction.status:
                        outcome.refused.append(f"{interaction.label} {ours.text[:200]}")
                self._know_disks(interaction)
                continue
            outcome.compared += 1
            different = list(self._differences(interaction, self._send(interaction, compared=True)))
            if different:
                outcome.disagreements.append(
                    f"{interaction.label}\n    " + "\n    ".join(different)
                )
        return outcome

    def _know_disks(self, interaction: Interaction) -> None:
        """Disks that a left-out answer about a machine names, with their sizes: sources later."""
        body = interaction.body if isinstance(interaction.body, dict) else {}
        profile = (body.get("properties") or {}).get("storageProfile") or {}
        disks = [profile.get("osDisk") or {}, *(profile.get("dataDisks") or [])]
        self._cloud.seed(
            {
                "id": self._own(disk["managedDisk"]["id"]),
                "location": body.get("location"),
                "properties": {"diskSizeGB": disk["diskSizeGB"]},
            }
            for disk in disks
            if disk.get("diskSizeGB") and (disk.get("managedDisk") or {}).get("id")
        )

    def _of_left_out(self, interaction: Interaction) -> Row | None:
        operation = operation_of(interaction.path)
        known = operation is None or (operation, _monitors(interaction.path)) in self._urls.known
        if operation in self._urls.uncompared:
            return Row("", OF_LEFT_OUT.reason, sent=known)
        return None

    def _seed_groups(self, interactions: list[Interaction]) -> None:
        created: set[str] = set()
        for interaction in interactions:
            match = _GROUP.match(interaction.path)
            if not match or match.group(1).lower() in created:
                continue
            created.add(match.group(1).lower())
            if interaction.method == "GET" and interaction.status == 200:
                self._seed(match.group(1), interaction.body["location"])
        paths = "\n".join(i.path for i in interactions if i.status < 400)
        for name in re.findall(r"/resourcegroups/([^/?\s]+)", paths, re.IGNORECASE):
            if name.lower() not in created:
                created.add(name.lower())
                self._seed(name, "eastus2")

    def _seed(self, name: str, location: str) -> None:
        group = f"/subscriptions/{self._subscription}/resourceGroups/{name}"
        self._cloud.seed([{"id": group, "location": location}])

    def _send(self, interaction: Interaction, *, compared: bool) -> requests.Response:
        self._advance(3600.0 if _has_ended(interaction) else 0.001)
        operation = operation_of(interaction.path)
        url = self._urls.known.get((operation or "", _monitors(interaction.path)))
        sent = None if interaction.sent is None else self._own(json.dumps(interaction.sent))
        ours = self._session.request(
            interaction.method,
            url or self._cloud.url + self._own(interaction.path),
            data=sent,
            headers={"Content-Type": "application/json"} if sent else {},
            allow_redirects=False,
            timeout=30,
        )
        self._urls.learn(interaction, ours, compared=compared)
        return ours

    def _own(self, text: str) -> str:
        return _SUBSCRIPTION.sub(f"/subscriptions/{self._subscription}", text)

    def _differences(self, recorded: Interaction, ours: requests.Response) -> Iterator[str]:
        if recorded.status != ours.status_code:
            yield f"status: recorded {recorded.status}, ours {ours.status_code} {ours.text[:200]}"
        for name in ("azure-asyncoperation", "location"):
            if (name in recorded.headers) != (name in ours.headers):
                yield f"header {name}: recorded {name in recorded.headers}, ours otherwise"
        retry = ("retry-after",) if recorded.keeps_retry_after else ()
        for name in (*retry, "x-ms-failure-cause"):
            if recorded.headers.get(name) != ours.headers.get(name):
                yield f"{name}: {recorded.headers.get(name)}, ours {ours.headers.get(name)}"
        theirs, body = recorded.body, ours.json() if ours.content else None
        if _GROUP.match(recorded.path):
            theirs, body = without_tags(theirs), without_tags(body)
        yield from differences(theirs, body)


def _use(machine: Any) -> Any:
    """The part of a machine that a search for users of an image reads; which of the marketplace's is not told."""
    if "error" in machine:
        return machine
    inner = machine["properties"]
    storage = inner["storageProfile"]
    reference = storage["imageReference"]
    return {
        "image": reference if "id" in reference else None,
        "ephemeral": storage["osDisk"].get("diffDiskSettings"),
        "set": inner.get("virtualMachineScaleSet"),
        **{name: inner.get(name) for name in ("timeCreated", "provisioningState", "vmId")},
        **{name: machine[name] for name in ("id", "name", "type", "location")},
    }


def _has_ended(interaction: Interaction) -> bool:
    """Return True if this exchange shows that no operation of its resource is running any more."""
    if interaction.method != "GET":
        return False
    return not any(state in _RUNNING for state in _states(interaction.body))


def _states(body: Any) -> Iterator[str]:
    if isinstance(body, dict):
        for key, value in body.items():
            if key in ("provisioningState", "status") and isinstance(value, str):
                yield value
            else:
                yield from _states(value)
    elif isinstance(body, list):
        for value in body:
            yield from _states(value)
