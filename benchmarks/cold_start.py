"""Measures the CPU time of importing `function_app`, as a cold start does, against that of the two packages that every
durable app in Python imports. Bytecode is cached, as it is after the first start of a deployed package."""

import os
import resource
import subprocess
import sys
import tempfile

BASE = "import azure.functions, azure.durable_functions"
APP = f"{BASE}\nimport function_app"
RUNS = 15


def cpu_seconds(code: str, cache: str) -> float:
    """User and system time of a fresh interpreter that runs this."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        env={**environment, "PYTHONPYCACHEPREFIX": cache},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """The least of some runs of each, in turns: other work on the machine only adds."""
    with tempfile.TemporaryDirectory() as cache:
        cpu_seconds(APP, cache)
        base, app = [], []
        for _ in range(RUNS):
            base.append(cpu_seconds(BASE, cache))
            app.append(cpu_seconds(APP, cache))
    ratio = min(app) / min(base)
    sys.stdout.write(
        f"cold start: {min(app):.3f} s of CPU, {ratio:.2f} times the two packages alone ({min(base):.3f} s)\n"
    )


if __name__ == "__main__":
    main()
