"""Threat 22: what a deployment publishes, by `.funcignore`, from a checkout that was worked in."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_architecture import DEPLOYED

ROOT = Path(__file__).resolve().parents[1]
# What is left behind by whoever tries the app; none of it has a place in a package.
LEFT_BEHIND = (
    ".env",
    ".env.production",
    ".azurite/AzuriteConfig",
    "__azurite_db_table__.json",
    "records.sqlite",
    "records.sqlite-wal",
    "local.settings.json",
    ".localcloud/connection.json",
    "state-of-mine/arm.jsonl",
    "backup.zip",
    "id_rsa",
    "domain/.env",
    "services/notes.txt",
    "records/records.sqlite",
    "activities/__pycache__/x.cpython-311.pyc",
    "arm/token.json",
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a deployment of such a checkout is."""
    checkout, built = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("package")
    tracked = _git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    for name in tracked:
        if (ROOT / name).is_file():
            _copy(ROOT / name, checkout / name)
    for name in LEFT_BEHIND:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("a secret")
    shutil.copy(checkout / ".funcignore", checkout / ".gitignore")
    _git(checkout, "init", "--quiet")
    for name in _git(checkout, "ls-files", "--others", "--exclude-standard").splitlines():
        _copy(checkout / name, built / name)
    return built


@pytest.fixture(scope="module")
def deployed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The package unpacked, with what it needs installed beside it as Azure's build does; and a Python without any
    packages."""
    unpacked = shutil.copytree(package, tmp_path_factory.mktemp("deployed") / "wwwroot")
    packages = unpacked / ".python_packages" / "lib" / "site-packages"
    uv = Path(sys.executable).with_name("uv")
    folder = tmp_path_factory.mktemp("python")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    wanted = ["--no-deps", "--require-hashes", "-r", str(ROOT / "requirements.lock")]
    target = ["--target", str(packages), "--python", str(python)]
    done = subprocess.run(
        [str(uv), "pip", "install", "--quiet", *target, *wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "error sending request" in done.stderr.lower():
        pytest.skip(f"no package index: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return unpacked, python


# As the worker does: the module is imported by its name, and has one app.
WORKER = """
import importlib, sys
sys.path[:0] = [".", ".python_packages/lib/site-packages"]
from azure.functions.decorators.function_app import FunctionRegister
module = importlib.import_module("function_app")
apps = [value for value in vars(module).values() if isinstance(value, FunctionRegister)]
assert len(apps) == 1, apps
print(sorted(f.get_function_name() for f in apps[0].get_functions()))
print(sorted(name for name in sys.modules if name.split(".")[0] in ("demo", "localcloud", "tests")))
"""


def test_the_package_loads_where_nothing_else_is(deployed: tuple[Path, Path]) -> None:
    """With what the lock installs and no more; every function is there, and nothing that is not deployed."""
    unpacked, python = deployed
    done = subprocess.run(
        [str(python), "-I", "-c", WORKER],
        cwd=unpacked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    functions, foreign = done.stdout.splitlines()
    assert "image_written" in functions
    assert functions == _functions(ROOT)
    assert foreign == "[]"


def _functions(folder: Path) -> str:
    """The names of the functions of the app in a folder, with the packages of this Python."""
    script = "import function_app; print(sorted(f.get_function_name() for f in function_app.app.get_functions()))"
    return subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def _git(folder: Path, *arguments: str) -> str:
    """The patterns of `.funcignore` are git's."""
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, to)


def test_22_nothing_is_published_but_the_app(package: Path) -> None:
    """Its modules, host.json and the list of requirements; whatever else lies in the checkout."""
    published = {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()}
    app = {str(path.relative_to(ROOT)) for path in DEPLOYED}
    assert published == app | {"host.json", "requirements.txt"}


def test_what_is_published_is_the_whole_app(package: Path) -> None:
    """It loads from there alone, with every function."""
    loaded = _functions(package)
    assert "start_migration" in loaded
    assert loaded == _functions(ROOT)
