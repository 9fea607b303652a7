"""The story of `make demo`.

1. Start a local cloud, look at the managed image, ask the app to migrate it and delete it afterwards.
2. Follow the status to its outcome: each line of the timeline as it comes, replication as bars; a machine is made from
   the version, comes up, and is deleted again.
3. When the app asks, Ada may not approve what she asked for; Grace does, signed in.
4. Ask ARM itself what exists now and what is gone; whatever differs from the promise is an error.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from demo.bars import Bars
from demo.callers import App, Azure, CallFailedError, Json
from demo.cloud import SPEED, temporary_cloud
from demo.failure import DemoFailedError
from demo.findings import Findings, findings

IMAGE = "web-2019"
REQUESTER, APPROVER = "ada", "grace"
REGIONS: list[Json] = [
    {"name": "East US 2"},
    {"name": "West Europe", "replicaCount": 2},
    {"name": "South Central US", "storageAccountType": "Standard_ZRS"},
]
PATIENCE_SECONDS, LOOK_SECONDS = 120.0, 0.25


def tell(console: Console) -> None:
    """Run the whole demo and print it. Raises DemoFailedError if anything is not as promised."""
    began = time.monotonic()
    console.print("[bold]A managed image moves into an Azure Compute Gallery[/bold]")
    console.print("Azure is played by a local cloud on this machine; nothing leaves it.\n")
    console.print("Starting the local cloud ...")
    with temporary_cloud() as connection:
        console.print(f"  ready; its clock runs {SPEED} times faster than yours\n")
        ada, grace = App(connection, REQUESTER), App(connection, APPROVER)
        request = _request(ada)
        status = _follow(console, ada, grace, _start(console, ada, request))
        checked = findings(Azure(connection), request, status)
    _summary(console, checked, status)
    console.print(
        f"\nDone in {time.monotonic() - began:.0f} s. The local cloud is stopped and removed."
    )


def _request(app: App) -> Json:
    images = app.get("images")["images"]
    image = next((i for i in images if i["name"] == IMAGE), None)
    gallery = next((g for g in app.get("galleries")["galleries"] if g["path"] == "myGallery"), None)
    if image is None or gallery is None:
        raise DemoFailedError(f"the local cloud has no image {IMAGE} or no gallery myGallery")
    return {
        "sourceImageId": image["id"],
        "galleryId": gallery["id"],
        "imageDefinition": {"name": "web", "publisher": "contoso", "offer": "web", "sku": "2019"},
        "imageVersion": "1.0.0",
        "targetRegions": REGIONS,
        "deletion": {"enabled": True},
        "bootTest": {"enabled": True},
    }


def _start(console: Console, app: App, request: Json) -> Json:
    places = ", ".join(region["name"] for region in REGIONS)
    console.print(f"Ada asks the app (POST /api/migrations) to migrate the managed image {IMAGE}")
    console.print(f"  to myGallery/web/1.0.0 in {places},")
    console.print("  to boot a machine from it,")
    console.print("  and to delete the managed image afterwards, once somebody else approves.")
    status = app.start(request)
    console.print(f"  accepted as migration {status['id']}\n")
    return status


def _follow(console: Console, app: App, approver: App, accepted: Json) -> Json:
    """Follow the status to its end, and return the final one."""
    status = accepted
    shown, approved = 0, False
    with Bars(console) as bars:
        for status in _statuses(app, accepted["id"]):
            for entry in status["timeline"][shown:]:
                _line(console, f"  {entry['at'][11:16]} {_plain(entry['text'], status)}")
            shown = len(status["timeline"])
            bars.show(status["regions"])
            if status["approval"]["state"] == "waiting" and not approved:
                _approve(console, app, approver, status)
                approved = True
    return status


def _statuses(app: App, migration: str) -> Iterator[Json]:
    """Looks at the migration until it has an outcome."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < patience:
        status = app.get(f"migrations/{migration}")
        yield status
        if status["outcome"]:
            return
        time.sleep(LOOK_SECONDS)
    raise DemoFailedError(
        f"no outcome after {PATIENCE_SECONDS:.0f} s; the stage is {status['stage']}"
    )


def _approve(console: Console, requester: App, approver: App, status: Json) -> None:
    _line(console, "        `latest` does not show the version yet; this would test it:")
    _line(console, f"        {status['tryCommand']}", style="dim")
    _line(console, "        Ada tries to approve what she asked for herself ...")
    try:
        requester.decide_signed_in(status["id"], "approve")
    except CallFailedError as refused:
        if '"rule": "ownRequest"' not in str(refused):
            raise
        _line(console, "        403: nobody approves their own request. Grace approves ...")
    else:
        raise DemoFailedError("Ada's approval of her own request was taken")
    approver.decide_signed_in(status["id"], "approve", "tested")


def _plain(text: str, status: Json) -> str:
    """Resource ids as their last part: a line of the demo fits on the screen."""
    version = str(status["versionId"])
    return text.replace(version, "/".join(version.split("/")[-5::2]))


def _summary(console: Console, checked: Findings, status: Mapping[str, Any]) -> None:
    console.print(f"\n[bold green]Completed[/bold green]: {status['reason']}.")
    console.print("\nWhat exists now, as Azure Resource Manager itself tells:")
    for name, value in checked.exists:
        _line(console, f"  {name:<12} {value}")
    console.print("What was tested:")
    for name, value in checked.tested:
        _line(console, f"  {name:<12} {value}")
    console.print("What is gone:")
    for name, value in checked.gone:
        _line(console, f"  {name:<12} {value} (404)")


def _line(console: Console, text: str, style: str | None = None) -> None:
    """One line, whatever its length: ids stay whole for copying."""
    console.print(text, style=style, markup=False, soft_wrap=True)
