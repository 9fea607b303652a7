"""The function for an HTTP path and method, as the Functions host's router decides.

Templates are those of ASP.NET: a segment is a literal, `{b}`, `{c?}`, `{d:int}` or, as the last one, `{*rest}`;
what else ASP.NET knows is refused at the start. Literals match in any case; of several templates that match,
the more literal one wins. A method that no function takes is 404, not 405.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from localcloud.host.indexing import Function, LoadError

SEGMENT = re.compile(
    r"\{(?P<star>\*{0,2})(?P<name>[a-z_]\w*)(:(?P<constraint>\w+))?(?P<optional>\??)\}|[^{}]*",
    re.IGNORECASE | re.ASCII,
)
CONSTRAINTS = {
    None: "[^/]+",
    "alpha": "[a-z]+",
    "bool": "true|false",
    "guid": "[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}",
    "int": r"[+-]?\d+",
}


@dataclass(frozen=True)
class Route:
    """A compiled template; `rank` sorts the more specific templates first."""

    function: Function
    pattern: re.Pattern[str]
    rank: tuple[int, ...]

    def takes(self, method: str) -> bool:
        methods = self.function.trigger.get("methods")
        return not methods or method.lower() in (str(name).lower() for name in methods)


class Router:
    """The HTTP functions of an app under their route prefix; LoadError for a template not served."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        routes = [_route(f, prefix) for f in functions if f.kind == "httpTrigger"]
        self._routes = sorted(routes, key=lambda route: route.rank)

    def find(self, method: str, path: str) -> tuple[Function, Mapping[str, str]] | None:
        """The function and its route parameters; `path` is decoded, but for encoded slashes."""
        for route in self._routes:
            match = route.pattern.fullmatch(path.removesuffix("/"))
            if match and route.takes(method):
                given = {name: value for name, value in match.groupdict().items() if value}
                return route.function, given
        return None


def _route(function: Function, prefix: str) -> Route:
    template = "/".join([prefix.strip("/"), str(function.trigger.get("route") or function.name)])
    try:
        segments = [_segment(text) for text in template.strip("/").split("/")]
        pattern = re.compile("".join(text for text, _ in segments), re.IGNORECASE)
    except (ValueError, re.error) as error:
        raise LoadError([f"function {function.name}: {error}"]) from error
    return Route(function, pattern, tuple(rank for _, rank in segments))


def _segment(text: str) -> tuple[str, int]:
    """The pattern of a segment with the slash before it, and its rank."""
    match = SEGMENT.fullmatch(text)
    if match is None or match["constraint"] not in CONSTRAINTS:
        raise ValueError(f"route segment {text!r} is not served by the local cloud")
    name, constraint = match["name"], match["constraint"]
    if name is None:
        return "/" + re.escape(text), 0
    if match["star"]:
        return f"(?:/(?P<{name}>.*))?", 3
    pattern = f"/(?P<{name}>{CONSTRAINTS[constraint]})"
    return f"(?:{pattern})?" if match["optional"] else pattern, 1 if constraint else 2
