"""The keys of the Functions host, kept in the state folder, and what each of them opens.

As in Azure: a host key opens every function, a function's own key that function, a system key one
extension's webhooks, the master key (`_master`) everything.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.files import write_whole

SYSTEM_KEYS = ("durabletask", "eventgrid")


@dataclass(frozen=True)
class Keys:
    master: str
    host: str
    system: Mapping[str, str]
    functions: Mapping[str, str]

    def opens_function(self, level: str, function: str, offered: str | None) -> bool:
        """`level` is the function's authLevel: anonymous, function or admin, in any case."""
        level = level.lower()
        if level == "anonymous":
            return True
        fitting = [self.master]
        if level == "function":
            fitting += [self.host, self.functions.get(function, self.master)]
        return _is_one_of(offered, fitting)

    def opens_extension(self, extension: str, offered: str | None) -> bool:
        return _is_one_of(offered, [self.master, self.system[extension]])


def load_keys(path: Path, functions: Iterable[str]) -> Keys:
    """The keys kept in `path`, made and written (mode 600) where they are missing."""
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    names = ["master", "host", *(f"system:{name}" for name in SYSTEM_KEYS)]
    names += [f"function:{name}" for name in functions]
    complete = {name: kept.get(name) or new_key() for name in names}
    write_whole(path, json.dumps({**kept, **complete}, indent=1), private=True)
    return Keys(
        master=complete["master"],
        host=complete["host"],
        system={name: complete[f"system:{name}"] for name in SYSTEM_KEYS},
        functions={name: complete[f"function:{name}"] for name in functions},
    )


def new_key() -> str:
    """Safe in a query as it is, unlike Azure's, which need percent-encoding."""
    return secrets.token_hex(32)


def _is_one_of(offered: str | None, fitting: Iterable[str]) -> bool:
    given = (offered or "").encode(errors="replace")  # a header's bytes need not be UTF-8
    return any(hmac.compare_digest(given, key.encode()) for key in fitting)
