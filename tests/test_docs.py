"""The documents tell the truth: settings, routes, values and dependencies as they are, commands that run.

That each name in them is one of the project, tests/documents holds.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import requests

from demo import callers as demo_callers
from demo.examples import gallery_id
from domain.settings import Settings
from domain.values import iso_duration
from localcloud.host.app import App
from tests.scenarios.process import LocalCloudProcess
from tests.test_architecture import FOLDERS, MAY_IMPORT

ROOT = Path(__file__).resolve().parent.parent
AT_THE_ROOT = ("README.md", "CONTRIBUTING.md")
DOCS = {p.name: p.read_text() for p in [*(ROOT / n for n in AT_THE_ROOT), *ROOT.glob("docs/*.md")]}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _rows(text: str) -> dict[str, list[str]]:
    """The cells of every table row, by what is in backticks in its first cell."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {name.strip("`"): cells for name, *cells in rows}


def _section(text: str, title: str) -> str:
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


# ---- settings --------------------------------------------------------------------------------------


def _written(default: Any) -> str:
    """Return a default as docs/configuration.md writes it."""
    match default:
        case timedelta():
            text = iso_duration(default)
        case Enum():
            text = str(default.value)
        case bool():
            text = str(default).lower()
        case (timedelta(), *_):
            text = ",".join(map(iso_duration, default))
        case _:
            text = str(default or "")
    return f"`{text}`" if text else "empty"


def test_every_setting_is_documented_with_its_default() -> None:
    """docs/configuration.md lists what domain/settings.py reads, and nothing else."""
    documented = _rows(DOCS["configuration.md"].partition("\n## ")[0])

    defaults = {name.upper(): _written(f.default) for name, f in Settings.model_fields.items()}

    assert {name: cells[1] for name, cells in documented.items()} == defaults


def test_the_example_of_a_mapping_is_one() -> None:
    """The example in docs/configuration.md can be pasted into EVENT_GRID_MAPPING."""
    section = _section(DOCS["configuration.md"], "Event Grid mapping")
    (example,) = [body for language, body in FENCE.findall(section) if language == "json"]

    settings = Settings.from_environ({"EVENT_GRID_MAPPING": example})

    assert len(settings.event_grid_mapping) == 1


def test_the_example_of_policies_is_one() -> None:
    """The example in docs/configuration.md can be pasted into APPROVAL_POLICIES."""
    section = _section(DOCS["configuration.md"], "Who approves")
    (example,) = [body for found, body in FENCE.findall(section) if found == "json"]

    settings = Settings.from_environ({"APPROVAL_POLICIES": example})

    assert len(settings.approval_policies) == 2


def test_the_example_of_a_named_key_is_one() -> None:
    """The example in docs/configuration.md can be pasted into NAMED_KEYS, with a hash of one's own."""
    section = _section(DOCS["configuration.md"], "Who may ask")
    (example,) = [body for found, body in FENCE.findall(section) if found == "json"]

    settings = Settings.from_environ({"NAMED_KEYS": example})

    assert settings.configured


def test_the_example_settings_are_read() -> None:
    """local.settings.example.json has no secret, and names only what is documented."""
    values = json.loads((ROOT / "local.settings.example.json").read_text())["Values"]

    unknown = [name for name in values if f"`{name}" not in DOCS["configuration.md"]]

    assert unknown == []
    assert Settings.from_environ(values).records_store == "table"


# ---- routes ----------------------------------------------------------------------------------------


def _routes() -> set[str]:
    worker = App.load(ROOT)
    worker.stop()
    triggers = [f.trigger for f in worker.functions if f.kind == "httpTrigger"]
    return {f"{method} /api/{t['route']}" for t in triggers for method in t["methods"]}


def test_every_route_is_documented() -> None:
    """README and docs/http.md have each route of function_app.py, and no other."""
    titles = re.findall(r"^## ((?:GET|POST|PUT|DELETE|PATCH) \S+)$", DOCS["http.md"], re.MULTILINE)
    table = _rows(_section(DOCS["README.md"], "HTTP surface"))

    assert set(titles) == _routes()
    assert set(table) == _routes()


# ---- commands --------------------------------------------------------------------------------------


def _blocks(name: str, language: str) -> list[str]:
    return [body for tag, body in FENCE.findall(DOCS[name]) if tag == language]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloudProcess]:
    """A fresh local cloud; its clock stands still."""
    process = LocalCloudProcess(tmp_path_factory.mktemp("readme"))
    process.start()
    yield process
    process.stop()


def test_the_lines_of_the_readme_work_as_pasted(cloud: LocalCloudProcess) -> None:
    """Every sh block of "Trying it", in order, in one shell: it ends with an image that is gone."""
    blocks = [body for _, body in FENCE.findall(_section(DOCS["README.md"], "Trying it"))]
    script = "\n".join(["set -e", *blocks]).replace(".venv/bin/python", sys.executable)
    environment = {**os.environ, "STATE": str(cloud.state), "NO_PROXY": "127.0.0.1"}

    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert len(blocks) == 5
    assert "HTTP/1.1 202 Accepted" in ran.stdout
    assert '"stage": "approval"' in ran.stdout
    assert '"rule": "ownRequest"' in ran.stdout
    assert '"verdict": "accepted"' in ran.stdout
    assert '"outcome": "completed"' in ran.stdout
    assert '"status": 409' in ran.stdout
    assert "migration.finished" in ran.stdout


def _waiting(cloud: LocalCloudProcess) -> str:
    """A migration of another image than the README has, which waits for its approval."""
    connection = json.loads((cloud.state / "connection.json").read_text())
    app = demo_callers.App(connection, "ada")
    image = next(i for i in app.get("images")["images"] if i["name"] == "ubuntu-base")
    definition = {"name": "signed", "publisher": "contoso", "offer": "signed", "sku": "1"}
    gallery = gallery_id(connection["arm"]["subscriptionIds"][0])
    request = {"sourceImageId": image["id"], "galleryId": gallery, "imageDefinition": definition}
    migration = str(app.start({**request, "deletion": {"enabled": True}})["id"])
    requests.post(connection["control"]["url"] + "/clock", json={"advance": "PT3H"}, timeout=60)
    assert app.get(f"migrations/{migration}")["stage"] == "approval"
    return migration


def test_the_signed_decision_of_the_docs_works_as_pasted(cloud: LocalCloudProcess) -> None:
    """The sh block of docs/http.md, for another image that waits: its signature holds."""
    begin = _blocks("README.md", "sh")[1]
    (signed,) = _blocks("http.md", "sh")
    lines = ["set -e", begin, 'SECRET_TEXT="$WEBHOOK_SECRET"', "ID=$1", signed]
    script = "\n".join(lines).replace(".venv/bin/python", sys.executable)
    migration = _waiting(cloud)

    ran = subprocess.run(
        ["bash", "-c", script, "bash", migration],
        cwd=ROOT,
        env={**os.environ, "STATE": str(cloud.state), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert '"verdict": "accepted"' in ran.stdout


def test_the_other_way_to_approve_works_too(cloud: LocalCloudProcess) -> None:
    """`python -m demo approve` says what is wrong with an id that nobody knows."""
    ran = subprocess.run(
        [sys.executable, "-m", "demo", "approve", "no-such-id", "--approver", "ada"],
        cwd=ROOT,
        env={**os.environ, "STATE": str(cloud.state)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 1
    assert "404" in ran.stderr


# ---- values ----------------------------------------------------------------------------------------


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}".strip("."))
    else:
        yield path, json.dumps(value).strip('"')


def test_every_value_of_host_json_has_its_reason() -> None:
    """docs/operations.md names each with its value; the two that only say what the file is are left out."""
    section = _section(DOCS["operations.md"], "host.json, value by value")
    host = json.loads((ROOT / "host.json").read_text())
    leaves = dict(_leaves(host))
    trivial = {"version", "extensionBundle.id"}

    untold = [
        path
        for path, value in leaves.items()
        if path not in trivial and not _told(section, path, value)
    ]

    assert untold == []


def _told(text: str, path: str, value: str) -> bool:
    for line in text.splitlines():
        name, _, rest = line.strip("| ").partition(" | ")
        keys = [part.strip("` .") for part in name.split(", ")]
        if any(path.endswith(f".{key}") or path == key for key in keys):
            return rest.startswith(f"`{value}` |")
    return False


def test_threads_match_the_limits() -> None:
    """As many threads as host.json lets activities and orchestrators run at once."""
    durable = json.loads((ROOT / "host.json").read_text())["extensions"]["durableTask"]
    threads = int(_rows(DOCS["configuration.md"])["PYTHON_THREADPOOL_THREAD_COUNT"][0].strip("`"))
    both = durable["maxConcurrentActivityFunctions"] + durable["maxConcurrentOrchestratorFunctions"]

    assert threads == both


def test_every_dependency_has_its_reason() -> None:
    """docs/architecture.md names each direct dependency, and none that is not installed."""
    section = _section(DOCS["architecture.md"], "Dependencies")
    direct = (ROOT / "requirements.txt").read_text().partition("# Pulled in by the above")[0]
    for name in ("requirements-local.txt", "requirements-dev.txt"):
        direct += (ROOT / name).read_text()
    pinned = set(re.findall(r"^([A-Za-z0-9_-]+)==", direct, re.MULTILINE))
    node = json.loads((ROOT / "package.json").read_text())["devDependencies"]

    in_tables = {
        name
        for line in section.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([^`]+)`", line.split(" | ")[0])
    }

    assert in_tables == pinned
    assert [name for name in node if f"`{name}`" not in section] == []


def test_the_clients_are_told_in_their_pinned_versions() -> None:
    """docs/local-cloud.md names what `make clients` installs: the versions in its lists, no others."""
    folder = ROOT / "packages" / "localcloud" / "tests" / "clients"
    node = json.loads((folder / "javascript" / "package.json").read_text())["devDependencies"]
    table = _section(DOCS["local-cloud.md"].replace("\n### ", "\n## "), "Which clients run")
    told = set(re.findall(r"\b\d+\.\d+\.\d+\b", table))

    pinned = {version.rpartition("@")[2] for name, version in node.items() if "compute" in name}
    pinned |= set(re.findall(r"armcompute/v\d+ v([\d.]+)", (folder / "go" / "go.mod").read_text()))
    for name, package in (("az", "azure-cli"), ("ansible", "ansible")):
        listed = (folder / f"requirements-{name}.txt").read_text()
        pinned |= set(re.findall(rf"^(?:{package}==|.*azcollection )(\d\S+)", listed, re.MULTILINE))
    assert told == pinned


def test_every_link_leads_somewhere() -> None:
    """To a file or a folder of the repository."""
    missing = []
    for name, text in DOCS.items():
        folder = ROOT if name in AT_THE_ROOT else ROOT / "docs"
        links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
        missing += [link for link in links if not (folder / link).exists()]

    assert missing == []


def test_the_layers_are_told_as_they_are() -> None:
    """CONTRIBUTING.md has each folder of test_architecture.py, and of the deployed ones what they may import."""
    rows = _rows(_section(DOCS["CONTRIBUTING.md"], "Layers"))
    documented = {
        name.removeprefix("packages/").rstrip("/"): cells[-1] for name, cells in rows.items()
    }
    deployed = {name for name in MAY_IMPORT if (ROOT / name).is_dir()} - {"demo", "tools"}

    imports = {name: set(re.findall(r"`(\w+)`", documented[name])) for name in deployed}

    assert set(documented) == {*MAY_IMPORT, "benchmarks", "tests"}
    assert imports == {name: MAY_IMPORT[name] for name in deployed}


def test_every_folder_is_in_the_tree_of_the_readme() -> None:
    """Its last block shows a newcomer where to look."""
    tree = FENCE.findall(_section(DOCS["README.md"], "More"))[0][1]
    named = re.findall(r"(?:^|  )([a-z_]+(?:/localcloud/|/|\.py))(?=\s)", tree, re.MULTILINE)

    assert {*(f"{name}/" for name in FOLDERS), "demo/", "packages/localcloud/"} <= set(named)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_what_architecture_names_is_in_the_file_it_names() -> None:
    """Each "`name` in `file`" is a function or class there."""
    named = re.findall(r"`(\w+)`\s+in\s+`([a-z_/]+\.py)`", DOCS["architecture.md"])

    gone = [
        f"{name} in {path}"
        for name, path in named
        if not re.search(
            rf"^ *(?:async )?(?:def|class) {name}\b", (ROOT / path).read_text(), re.MULTILINE
        )
    ]

    assert len(named) > 10
    assert gone == []


def test_no_tracked_file_names_this_machine() -> None:
    """No path of anybody's machine, no registry's host, in anything that is committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no git repository here")
    # In two parts each, so that this file does not name them either.
    parts = ["/root /", "/work /", "/home/ runner", "/tmp/ brief", "registry.npmjs .org"]
    words = [part.replace(" ", "") for part in [*parts, "pypi .org", "files.pythonhosted .org"]]

    hits = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        text = path.read_text(errors="replace") if path.is_file() else ""
        hits += [f"{name}: {word}" for word in words if word in text]

    assert hits == []
