"""The rules of CONTRIBUTING.md that a parser can hold: who may import whom, sizes, names, no assert where it runs."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from localcloud.testing.figures import tell

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("domain", "records", "arm", "services", "orchestrators", "activities", "triggers")
DEPLOYED = sorted(
    [ROOT / "function_app.py", ROOT / "clock.py", ROOT / "startup.py"]
    + [path for folder in FOLDERS for path in (ROOT / folder).glob("**/*.py")]
)
PACKAGE = ROOT / "packages" / "localcloud"
SOURCE = PACKAGE / "src"
CLOUD = SOURCE / "localcloud"
LOCAL = sorted(
    path for folder in (CLOUD, ROOT / "demo", ROOT / "tools") for path in folder.glob("**/*.py")
)
TOP = {"clock", "function_app", "startup"}
OURS = {*FOLDERS, *TOP, "localcloud", "packages", "demo", "tools", "tests", "benchmarks"}
TESTS = sorted(
    path
    for folder in (ROOT / "tests", PACKAGE / "tests", ROOT / "benchmarks")
    for path in folder.glob("**/*.py")
)

# Of our own folders each may import itself and these; CONTRIBUTING.md, "Layers".
MAY_IMPORT = {
    "domain": set[str](),
    "orchestrators": {"domain"},
    "records": {"domain"},
    "arm": {"domain", "clock"},
    "services": {"domain", "records", "arm", "clock"},
    "activities": {"domain", "records", "arm", "services", "clock"},
    "triggers": {"domain", "records", "arm", "services", "clock"},
    "clock.py": set[str](),
    "startup.py": set[str](),
    "function_app.py": {*FOLDERS, "clock", "startup"},
    "demo": {"localcloud"},
    "tools": {"domain", "records", "services"},
    "localcloud": set[str](),
}
# Of everything else, these folders may import this and the standard library.
THIRD_PARTY = {"domain": {"pydantic"}, "orchestrators": {"azure.durable_functions"}}
IMPURE = {"os", "random", "logging", "time", "socket", "subprocess", "asyncio", "uuid", "secrets"}
NOT_DEPLOYED = {"localcloud", "packages", "demo", "tools", "tests", "benchmarks"}
HEAVY = (
    "azure.mgmt",
    "azure.identity",
    "azure.data",
    "standardwebhooks",
    "requests",
    "msal",
    "jwt",
    "cryptography",
)
BANNED_NAMES = {"utils", "helpers", "common", "manager", "misc", "util", "helper"}
QUESTIONS = {"Whether", "What", "Why", "How", "Where", "Which", "When", "Who", "Whose"}
MOST_LINES_OF_A_MODULE, MOST_LINES_OF_A_FUNCTION = 300, 40
# Of the local cloud's modules and folders each may import itself and these.
LOCAL_PARTS = {
    "__init__": set[str](),
    "clock": set[str](),
    "files": set[str](),
    "dotnet": set[str](),
    "arm": set[str](),
    "advance": {"clock"},
    "state_folder": {"files"},
    "control": {"advance", "clock"},
    "durable": {"clock", "dotnet", "host.worker"},
    "host": {"clock", "dotnet", "durable", "files"},
    "entra": {"files"},
    "azure": {
        "advance",
        "arm",
        "clock",
        "control",
        "entra",
        "host.front_door",
        "state_folder",
    },
    "process": {"advance", "clock", "control", "host", "state_folder"},
    "arm_process": {"azure", "clock", "control", "entra", "process", "state_folder"},
    "cli": {"arm_process", "azure", "host", "process", "state_folder"},
    "testing": {"arm", "clock", "control", "durable", "entra", "host", "state_folder"},
    "__main__": {"cli"},
}
# Of the ARM emulator's folders; packages/localcloud/README.md, "Finding one's way".
ARM_FOLDERS = {
    "__init__.py": set[str](),
    "state": set[str](),
    "kusto": set[str](),
    "protocol": {"state"},
    "provisioning": {"state", "protocol"},
    "resources": {"state", "kusto", "protocol", "provisioning"},
    "faults": {"state", "protocol"},
    "server": {"state", "protocol", "provisioning", "resources", "faults"},
}
# Lines of code of the embedded Durable extension.
READ_IN_AN_HOUR = 2000
RAISES = re.compile(r"\b[Rr]aises? ((?:`?[A-Z]\w+`?(?:, | and | or |))+)")
# Comments that a tool reads stand on the line that they are about, with their reason.
PRAGMAS = ("# noqa: ", "# type: ignore[", "# fmt: ")
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Everything in a file's syntax tree; each file is parsed once."""
    return tuple(ast.walk(ast.parse(path.read_text())))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def base_of(path: Path) -> Path:
    """The folder that a file's imports start from."""
    return SOURCE if path.is_relative_to(SOURCE) else ROOT


def layer_of(path: Path) -> str:
    return path.relative_to(base_of(path)).parts[0]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*DEPLOYED, *LOCAL], ids=name_of)
def test_a_layer_imports_only_what_is_below_it(path: Path) -> None:
    """Nothing deployed imports packages, demo or tests; the local cloud nothing of the app, nor its demo."""
    layer = layer_of(path)
    own = {name.partition(".")[0] for name in imports(path)} & OURS
    assert own - MAY_IMPORT[layer] - {layer} == set()


@pytest.mark.parametrize("path", [p for p in DEPLOYED if layer_of(p) in THIRD_PARTY], ids=name_of)
def test_the_pure_layers_import_nothing_else(path: Path) -> None:
    """Standard library and pydantic for decisions; the durable SDK for orchestrators."""
    allowed = THIRD_PARTY[layer_of(path)]
    foreign = {
        name
        for name in imports(path)
        if name.partition(".")[0] not in sys.stdlib_module_names | OURS
        and not any(name == top or name.startswith(top + ".") for top in allowed)
        and name != "azure"
    }
    assert foreign == set()
    assert {name.partition(".")[0] for name in imports(path)} & IMPURE == set()


@pytest.mark.parametrize("path", [p for p in DEPLOYED if layer_of(p) in THIRD_PARTY], ids=name_of)
def test_the_pure_layers_never_ask_for_the_time(path: Path) -> None:
    """Time is an input."""
    asked = {
        node.attr
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id in ("datetime", "date") and node.attr in ("now", "utcnow", "today")
    }
    assert asked == set()


def test_loading_the_app_loads_no_heavy_sdk() -> None:
    """A cold start waits for every import; the SDKs load on first use."""
    script = "import sys, function_app; print('\\n'.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = run.stdout.split()
    assert "function_app" in loaded
    assert [name for name in loaded if name.startswith(HEAVY)] == []
    assert [name for name in loaded if name.partition(".")[0] in NOT_DEPLOYED] == []


@pytest.mark.parametrize("path", DEPLOYED, ids=name_of)
def test_deployed_code_has_no_assert(path: Path) -> None:
    """`python -O` takes them out, so nothing may depend on one."""
    lines = [n.lineno for n in nodes(path) if isinstance(n, ast.Assert)]
    assert lines == []


@pytest.mark.parametrize("path", [*DEPLOYED, *LOCAL], ids=name_of)
def test_a_module_is_named_after_what_it_decides(path: Path) -> None:
    """No drawers for odds and ends; and no code in `__init__.py`."""
    assert {path.stem, path.parent.name} & BANNED_NAMES == set()
    if path.name == "__init__.py":
        body = ast.parse(path.read_text()).body
        assert all(isinstance(node, ast.Expr) for node in body)


@pytest.mark.parametrize("path", [*DEPLOYED, *LOCAL], ids=name_of)
def test_a_module_and_its_functions_fit_a_reader(path: Path) -> None:
    """300 lines a module, 40 a function; tables as data may be longer than a function."""
    text = path.read_text()
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
        if node.end_lineno - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    }
    assert long == {}
    assert len(text.splitlines()) <= MOST_LINES_OF_A_MODULE


def test_no_two_modules_import_each_other() -> None:
    """An import cycle is one module in two files; imports for types alone count too."""
    modules = {
        ".".join(p.relative_to(base_of(p)).with_suffix("").parts): p for p in [*DEPLOYED, *LOCAL]
    }
    graph = {name: {i for i in imports(path) if i in modules} for name, path in modules.items()}
    while leaves := {name for name, needs in graph.items() if not needs}:
        graph = {n: needs - leaves for n, needs in graph.items() if n not in leaves}
    assert graph == {}


def test_the_app_reads_json_here_as_it_does_in_azure() -> None:
    """azure.functions uses orjson where it is installed, and then refuses what it takes in Azure."""
    assert importlib.util.find_spec("orjson") is None


def names_below(parent: str, path: Path) -> set[str]:
    """The modules and names that a file imports of a package, without the package's own name."""
    return {n.removeprefix(parent + ".") for n in imports(path) if n.startswith(parent + ".")}


def beyond(names: set[str], allowed: set[str]) -> set[str]:
    """The names that are neither allowed nor below one that is."""
    return {n for n in names if not any(n == a or n.startswith(a + ".") for a in allowed)}


@pytest.mark.parametrize("path", [*DEPLOYED, *LOCAL, *TESTS], ids=name_of)
def test_docstrings_are_statements(path: Path) -> None:
    """They say what is done, returned, raised; none opens as a question does."""
    assert [text for text in docstrings(path) if text.partition(" ")[0] in QUESTIONS] == []


def docstrings(path: Path) -> list[str]:
    """The docstrings of a module, its classes and its functions."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [ast.get_docstring(node) or "" for node in nodes(path) if isinstance(node, kinds)]


@pytest.mark.parametrize("path", DEPLOYED, ids=name_of)
def test_docstrings_name_errors_that_there_are(path: Path) -> None:
    """After "raises" comes a class of the app, of Python or of pydantic."""
    raised = {
        name
        for text in docstrings(path)
        for names in RAISES.findall(text)
        for name in re.findall(r"\w+", names)
        if name[0].isupper()
    }
    assert raised - {*vars(builtins), *own_classes(), "ValidationError"} == set()


@cache
def own_classes() -> set[str]:
    """The names of all classes that are deployed."""
    return {n.name for path in DEPLOYED for n in nodes(path) if isinstance(n, ast.ClassDef)}


@pytest.mark.parametrize("path", [*DEPLOYED, *LOCAL, *TESTS], ids=name_of)
def test_comments_stand_above_their_line(path: Path) -> None:
    """Behind code there are pragmas only."""
    with tokenize.open(path) as source:
        comments = [t for t in tokenize.generate_tokens(source.readline) if is_behind_code(t)]
    assert [t.line for t in comments if not t.string.startswith(PRAGMAS)] == []


def is_behind_code(token: tokenize.TokenInfo) -> bool:
    """Return True for a comment that does not begin its line."""
    return token.type == tokenize.COMMENT and bool(token.line[: token.start[1]].strip())


@pytest.mark.parametrize("path", [p for p in LOCAL if p.is_relative_to(CLOUD)], ids=name_of)
def test_a_part_of_the_local_cloud_imports_only_what_it_may(path: Path) -> None:
    """Each emulator is read, tested and used without the others: ARM knows of none."""
    part = path.relative_to(CLOUD).with_suffix("").parts[0]
    assert beyond(names_below("localcloud", path), {part, *LOCAL_PARTS[part]}) == set()


@pytest.mark.parametrize("path", sorted((CLOUD / "arm").glob("**/*.py")), ids=name_of)
def test_a_folder_of_the_arm_emulator_imports_only_what_is_below_it(path: Path) -> None:
    """From what exists to who serves it."""
    folder = path.relative_to(CLOUD / "arm").parts[0]
    assert beyond(names_below("localcloud.arm", path), {folder, *ARM_FOLDERS[folder]}) == set()


@pytest.mark.parametrize("path", sorted((PACKAGE / "tests").glob("**/*.py")), ids=name_of)
def test_the_local_clouds_tests_are_its_own(path: Path) -> None:
    """They need nothing of the app, its demo or its tests."""
    own = {name for name in imports(path) if name.partition(".")[0] in OURS}
    assert beyond(own, {"localcloud", "packages.localcloud"}) == set()


def test_what_is_deployed_is_in_a_deployment() -> None:
    """`.funcignore` names each folder of the app, and no other; tests/test_package.py builds the package."""
    named = re.findall(r"^!/(\w+)/$", (ROOT / ".funcignore").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(FOLDERS)


def test_the_embedded_extension_is_read_in_an_hour() -> None:
    """Lines of code, without blank ones, comments and docstrings."""
    lines = sum(lines_of_code(path) for path in (CLOUD / "durable").glob("*.py"))
    tell(f"the embedded Durable extension: {lines:,} lines of code")
    assert lines < READ_IN_AN_HOUR


def lines_of_code(path: Path) -> int:
    with tokenize.open(path) as source:
        tokens = [t for t in tokenize.generate_tokens(source.readline) if t.type not in LAYOUT]
    code = {line for t in tokens for line in range(t.start[0], t.end[0] + 1) if t.string}
    for node in nodes(path):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            code -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(code)
