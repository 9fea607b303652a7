"""Which function an HTTP path and method belong to, as the Functions host's router decides.

Templates are those of ASP.NET: `a/{b}`, `{c?}`, `{d:int}`, `{e=default}`, `{*rest}`. Literals match in
any case; of several templates that match, the more literal one wins. A method that no function takes
is 404, not 405.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from localcloud.host.indexing import Function, LoadError

PARAMETER = re.compile(r"\{(?P<star>\*{0,2})(?P<name>\w+)(?P<rest>[^{}]*)\}")
GUID = r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}"
# Constraint -> test of (value, argument); those of ASP.NET that are not here are refused.
CONSTRAINTS: Mapping[str, Callable[[str, str], bool]] = {
    "alpha": lambda value, _: re.fullmatch(r"[a-z]*", value, re.IGNORECASE) is not None,
    "bool": lambda value, _: value.lower() in ("true", "false"),
    "guid": lambda value, _: re.fullmatch(GUID, value, re.IGNORECASE) is not None,
    "int": lambda value, _: _is_integer(value, 31),
    "long": lambda value, _: _is_integer(value, 63),
    "length": lambda value, size: _within(len(value), size, exact=True),
    "minlength": lambda value, size: len(value) >= int(size),
    "maxlength": lambda value, size: len(value) <= int(size),
    "min": lambda value, bound: _is_integer(value, 63) and int(value) >= int(bound),
    "max": lambda value, bound: _is_integer(value, 63) and int(value) <= int(bound),
    "range": lambda value, bounds: _is_integer(value, 63) and _within(int(value), bounds),
    "regex": lambda value, pattern: re.search(pattern, value, re.IGNORECASE) is not None,
}


class RouteError(ValueError):
    """A route template that the local cloud cannot serve."""


@dataclass(frozen=True)
class Match:
    function: Function
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Route:
    """A compiled template; `rank` sorts the more specific templates first."""

    function: Function
    methods: frozenset[str]
    pattern: re.Pattern[str]
    constraints: tuple[tuple[str, str, str], ...]
    defaults: Mapping[str, str]
    rank: tuple[int, ...]

    def match(self, method: str, path: str) -> Match | None:
        found = self.pattern.fullmatch(path)
        if found is None or (self.methods and method not in self.methods):
            return None
        values = {name: value for name, value in found.groupdict().items() if value}
        values = {**self.defaults, **values}
        for name, constraint, argument in self.constraints:
            if name in values and not CONSTRAINTS[constraint](values[name], argument):
                return None
        return Match(self.function, values)


class Router:
    """The HTTP functions of an app under their route prefix; LoadError for templates not served."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        self._prefix = prefix.strip("/").lower()
        routes: list[Route] = []
        problems: list[str] = []
        for function in functions:
            if function.kind == "httpTrigger":
                try:
                    routes.append(_compiled(function))
                except (RouteError, re.error) as error:
                    problems.append(f"function {function.name}: {error}")
        if problems:
            raise LoadError(problems)
        self.routes = sorted(routes, key=lambda route: route.rank)

    def find(self, method: str, raw_path: str) -> Match | None:
        """`raw_path` as it came: an encoded slash stays encoded in the parameter."""
        path = unquote(re.sub("%2f", "%252F", raw_path, flags=re.IGNORECASE)).strip("/")
        if self._prefix:
            if not path.lower().startswith(self._prefix + "/"):
                return None
            path = path[len(self._prefix) + 1 :]
        found = (route.match(method, path) for route in self.routes)
        return next((match for match in found if match), None)


def _compiled(function: Function) -> Route:
    template = str(function.trigger.get("route") or function.name).strip("/")
    constraints: list[tuple[str, str, str]] = []
    defaults: dict[str, str] = {}
    pattern, rank = "", []
    for segment in template.split("/"):
        text, weight, optional = _segment(segment, constraints, defaults)
        slash = "/" if pattern else ""
        pattern += f"(?:{slash}{text})?" if optional else slash + text
        rank.append(weight)
    methods = frozenset(str(m).upper() for m in function.trigger.get("methods") or ())
    return Route(
        function,
        methods,
        re.compile(pattern, re.IGNORECASE),
        tuple(constraints),
        defaults,
        tuple(rank),
    )


def _segment(
    segment: str, constraints: list[tuple[str, str, str]], defaults: dict[str, str]
) -> tuple[str, int, bool]:
    """Pattern of one path segment, its rank, and whether it may be absent."""
    pattern, end, optional, weight = "", 0, False, 0
    for found in PARAMETER.finditer(segment):
        name, rest = found["name"], found["rest"]
        pattern += re.escape(segment[end : found.start()])
        end = found.end()
        rest, has_default, default = rest.partition("=")
        optional = optional or bool(found["star"] or has_default) or rest.endswith("?")
        if has_default:
            defaults[name] = default
        own = [_constraint(name, text) for text in rest.rstrip("?").split(":") if text]
        constraints += own
        pattern += f"(?P<{name}>.*)" if found["star"] else f"(?P<{name}>[^/]+)"
        weight = max(weight, 3 if found["star"] else 1 if own else 2)
    tail = segment[end:]
    if "{" in tail or "}" in tail:
        raise RouteError(f"route segment {segment!r} is not understood")
    return pattern + re.escape(tail), weight, optional


def _constraint(name: str, text: str) -> tuple[str, str, str]:
    kind, _, argument = text.partition("(")
    if kind not in CONSTRAINTS:
        raise RouteError(f"route constraint {text!r} of {name!r} is not served by the local cloud")
    return name, kind, argument.removesuffix(")")


def _is_integer(value: str, bits: int) -> bool:
    if re.fullmatch(r"[+-]?\d{1,19}", value) is None:
        return False
    return -(1 << bits) <= int(value) < (1 << bits)


def _within(value: int, bounds: str, *, exact: bool = False) -> bool:
    low, _, high = bounds.partition(",")
    top = int(high) if high else int(low) if exact else value
    return int(low) <= value <= top
