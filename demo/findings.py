"""ARM's state when the migration has ended, held against what the request asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from demo.callers import Json
from demo.failure import DemoFailedError


@dataclass(frozen=True)
class Findings:
    """`exists`: pairs of a resource's kind and its description; `tested`: the boot tests in words; `gone`: pairs of a
    kind and the id of what was deleted."""

    exists: list[tuple[str, str]]
    tested: list[tuple[str, str]]
    gone: list[tuple[str, str]]


class Reader(Protocol):
    """A client that reads resources of ARM, as `callers.Azure` does."""

    def read(self, resource_id: str, expand: str = "") -> Json | None: ...


def findings(azure: Reader, request: Json, status: Json) -> Findings:
    """Return what exists and what is gone. Raises DemoFailedError with every difference at once."""
    definition_id = f"{request['galleryId']}/images/{request['imageDefinition']['name']}"
    version_id = f"{definition_id}/versions/{request['imageVersion']}"
    gallery = azure.read(request["galleryId"])
    definition = azure.read(definition_id)
    version = azure.read(version_id, expand="ReplicationStatus")
    image = azure.read(request["sourceImageId"])
    wrong = [f"the outcome is {status['outcome']}: {status['reason']}"]
    wrong = wrong if status["outcome"] != "completed" else []
    wrong += [] if image is None else ["the managed image still exists"]
    wrong += _wrong_tests(azure, status)
    if gallery is None or definition is None or version is None:
        raise DemoFailedError(
            "; ".join([*wrong, "the gallery, the definition or the version is missing"])
        )
    wrong += _wrong_version(version, request)
    if wrong:
        raise DemoFailedError("; ".join(wrong))
    tests = status.get("bootTests", [])
    tested = [
        ("boot test", f"{test['outcome']} in {test['region']}: {test['reason']}") for test in tests
    ]
    machines = [("machine", test["machineId"]) for test in tests]
    gone = [("image", request["sourceImageId"]), *machines]
    return Findings(_rows(gallery, definition, version), tested, gone)


def _wrong_tests(azure: Reader, status: Json) -> list[str]:
    """Whatever a boot test was to be, and is not."""
    tests = status.get("bootTests", [])
    failed = [
        f"the boot test {t['outcome']}: {t['reason']}" for t in tests if t["outcome"] != "passed"
    ]
    left = [t["machineId"] for t in tests if azure.read(t["machineId"]) is not None]
    return [*failed, *(f"the machine {machine} still exists" for machine in left)]


def _wrong_version(version: Json, request: Json) -> list[str]:
    inner = version["properties"]
    regions = {_short(r["region"]): r["state"] for r in _regions(version)}
    asked = {_short(r["name"]) for r in request["targetRegions"]}
    source = version["tags"].get("gallery-migrator.source", "")
    checks = {
        f"the version is {inner['provisioningState']}": inner["provisioningState"] == "Succeeded",
        f"the version's regions are {regions}": regions == dict.fromkeys(asked, "Completed"),
        "the version is still hidden from latest": not inner["publishingProfile"][
            "excludeFromLatest"
        ],
        f"the version's source tag is {source!r}": source.lower()
        == request["sourceImageId"].lower(),
    }
    return [text for text, holds in checks.items() if not holds]


def _rows(gallery: Json, definition: Json, version: Json) -> list[tuple[str, str]]:
    inner, identifier = definition["properties"], definition["properties"]["identifier"]
    offer = "/".join(identifier[name] for name in ("publisher", "offer", "sku"))
    kind = f"{inner['osType']}, {inner['osState']}, generation {inner['hyperVGeneration']}"
    regions = [f"{r['region']} {r['state']} {r['progress']} %" for r in _regions(version)]
    return [
        ("gallery", f"{gallery['name']} in {gallery['location']}"),
        ("definition", f"{definition['name']} ({offer}; {kind})"),
        ("version", f"{version['name']} {version['properties']['provisioningState']}"),
        *(("region", text) for text in regions),
        *(("tag", f"{name} = {value}") for name, value in sorted(version["tags"].items())),
    ]


def _regions(version: Json) -> list[dict[str, Any]]:
    return list(version["properties"]["replicationStatus"]["summary"])


def _short(region: str) -> str:
    return region.replace(" ", "").lower()
