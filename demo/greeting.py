"""The greeting of `make up`: where everything is, and commands to paste."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demo.examples import example_request


def greeting(connection: Mapping[str, Any], state: Path) -> str:
    url, key = connection["app"]["url"], connection["namedKey"]
    subscription = connection["arm"]["subscriptionIds"][0]
    body = json.dumps(example_request(subscription))
    python = f"{shlex.quote(sys.executable)} -m"
    where = f"--state {shlex.quote(str(state))}"

    def curl(path: str, extra: str = "") -> str:
        return f"  curl -s {extra}{shlex.quote(f'{url}/api/{path}')} -H 'X-API-Key: {key}'"

    return "\n".join(
        [
            f"The local cloud is ready at {url}; Ctrl-C stops it, its state stays in {state}.",
            "",
            "What there is, and a migration of it:",
            curl("images"),
            curl("galleries"),
            f"{curl('migrations')} -d {shlex.quote(body)}",
            curl("migrations"),
            "",
            "The people: Ada asks, Grace approves; in a browser the sign-in is the first of these.",
            f"  {url}/.auth/login/aad?post_login_redirect_uri=/api/migrations",
            f"  {python} demo sign-in ada {where}",
            f"  {python} demo sign-in grace {where}",
            f"  {python} demo approve MIGRATION --approver you {where}",
            "",
            "Time, and what Azure and the app did:",
            f"  {python} localcloud clock --advance PT2H {where}",
            f"  {python} localcloud clock --speed 3600 {where}",
            f"  {python} localcloud requests {where}",
            f"  {python} localcloud notifications {where}",
            f"  {python} localcloud --help",
            "",
            f"For scripts: {state / 'connection.json'}",
        ]
    )
