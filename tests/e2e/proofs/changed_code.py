"""Other code of this app: what a deployment changes, as data, and a copy of the app in which it is changed."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.scenarios.process import ROOT

SERVED = (
    *("function_app.py", "host.json", "clock.py", "startup.py"),
    *("activities", "arm", "domain", "orchestrators", "records", "services", "triggers"),
    # It serves the folder that it lies in, with the roles of infra.
    *("demo", "infra"),
)
NEXT_VERSION = "2.0"


@dataclass(frozen=True)
class Edit:
    """In this file, this text becomes that one."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """A change of the code that histories begun before it do not fit."""

    name: str
    edits: tuple[Edit, ...]


SWAPPED = Change(
    "two steps swapped",
    (
        Edit(
            "orchestrators/migrate_image.py",
            "        yield from publish_version(run)\n        yield from check_image(run)\n",
            "        yield from check_image(run)\n        yield from publish_version(run)\n",
        ),
        Edit(
            "orchestrators/request_approval.py",
            '    yield from run.record("approval", Stage.APPROVAL, text)\n'
            '    yield from run.notify("approval.requested")\n',
            '    yield from run.notify("approval.requested")\n'
            '    yield from run.record("approval", Stage.APPROVAL, text)\n',
        ),
    ),
)
RENAMED = Change(
    "an activity renamed",
    (Edit("domain/messages.py", '"record_progress"', '"write_progress"'),),
)
OTHER_EVENT = Change(
    "another event name",
    (Edit("domain/ids.py", '"approval-{}".format', '"verdict-{}".format'),),
)
OTHER_REPLY = Change(
    "a reply without a field",
    (
        Edit(
            "domain/messages.py",
            "    at: datetime\n\n\n# -- contracts",
            "    written_at: datetime\n\n\n# -- contracts",
        ),
        Edit(
            "orchestrators/run.py",
            "(RECORD_PROGRESS, request)).at",
            "(RECORD_PROGRESS, request)).written_at",
        ),
        Edit("activities/progress.py", "Written(at=", "Written(written_at="),
    ),
)
# Every start is followed by an event that is waited for; what was started before never gets it.
WAITS_FOR_NEW = Change(
    "a wait for what is sent to newly started ones only",
    (
        Edit(
            "services/migrations.py",
            "        await client.start_new(ORCHESTRATION, accepted.id)\n",
            "        await client.start_new(ORCHESTRATION, accepted.id)\n"
            '        await client.raise_event(accepted.id, "go-ahead", True)\n',
        ),
        Edit(
            "orchestrators/request_approval.py",
            "    verdict = yield from _wait_for_verdict(run, opened.round, opened.deadline)\n",
            "    verdict = yield from _wait_for_verdict(run, opened.round, opened.deadline)\n"
            '    yield run.context.wait_for_external_event("go-ahead")\n',
        ),
    ),
)
CHANGES = (SWAPPED, RENAMED, OTHER_EVENT, OTHER_REPLY)


def copy_of_the_app(folder: Path, change: Change, version: str = "") -> Path:
    """The app with this change, in a folder that is made; `version`: its host.json's, else as it is."""
    folder.mkdir(parents=True)
    for name in SERVED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for edit in change.edits:
        _make(folder / edit.file, edit)
    if version:
        _raise_version(folder / "host.json", version)
    return folder


def _make(path: Path, edit: Edit) -> None:
    text = path.read_text()
    assert text.count(edit.old) == 1, f"{edit.file} has not once: {edit.old}"
    path.write_text(text.replace(edit.old, edit.new))


def _raise_version(path: Path, version: str) -> None:
    settings = json.loads(path.read_text())
    durable = settings["extensions"]["durableTask"]
    assert durable["defaultVersion"] != version
    durable["defaultVersion"] = version
    path.write_text(json.dumps(settings, indent=2))
