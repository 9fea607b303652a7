"""The functions that a `function_app.py` declares, and what the Python worker would refuse about them.

The rules are those of azure_functions_worker's loader.py and functions.py (parameters must equal
bindings, `context` is the only extra, an annotation must be a class and fit its binding), which the
worker for Python 3.13 and newer (azure_functions_runtime) has kept, and of the Functions host (names,
one owner per durable name). All problems of an app are reported at once, but for
annotations that cannot be read, which come first.
"""

from __future__ import annotations

import inspect
import json
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from azure.functions import meta
from azure.functions._thirdparty import typing_inspect
from azure.functions.decorators.function_app import FunctionRegister

# The field of a trigger that overrides the name of an orchestrator, activity or entity.
DURABLE_NAMES = {
    "orchestrationTrigger": "orchestration",
    "activityTrigger": "activity",
    "entityTrigger": "entityName",
}
# Their converters are used for `str` and `bytes` as well, and for a result without a binding of its own.
IMPLICIT = {"durableClient", *DURABLE_NAMES}
SERVED = {"httpTrigger", "timerTrigger", "eventGridTrigger", "http", *IMPLICIT}
FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_-]{0,127}", re.IGNORECASE)
# What the SDK registers for each binding type (untyped upstream).
CONVERTERS: Any = typing.cast("Any", meta).get_binding_registry()
_is_generic: Callable[[Any], bool] = typing.cast("Any", typing_inspect).is_generic_type
Datum = meta.Datum


class LoadError(Exception):
    """The app cannot be served; `problems` has a line for each reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(["the function app cannot be loaded:", *problems]))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Function:
    """A function as its decorators declare it, which is all that the host knows of it."""

    name: str
    trigger: Mapping[str, Any]
    # By the name of their parameter, without the binding of the result.
    bindings: Mapping[str, Mapping[str, Any]]
    # The binding type that the result is encoded for.
    returns: str | None

    @property
    def kind(self) -> str:
        return str(self.trigger["type"])

    @property
    def durable_name(self) -> str:
        return str(self.trigger.get(DURABLE_NAMES.get(self.kind, "")) or self.name)


@dataclass(frozen=True)
class LoadedFunction(Function):
    """A function with the code behind it."""

    handler: Callable[..., Any]
    hints: Mapping[str, Any]

    @property
    def declared(self) -> Function:
        """The function without its code, for the host."""
        return Function(self.name, self.trigger, self.bindings, self.returns)

    @property
    def wants_context(self) -> bool:
        """True if the worker's own context is asked for, which no binding is needed for."""
        return "context" not in self.bindings and "context" in self.parameters

    @property
    def parameters(self) -> set[str]:
        return set(inspect.signature(self.handler).parameters)

    def converter(self, parameter: str) -> Any:
        """Return what decodes the parameter's datum; None: the parameter gets it as it is."""
        kind = self.bindings[parameter]["type"]
        raw = self.hints.get(parameter) in (str, bytes) and kind not in IMPLICIT
        return None if raw else CONVERTERS.get(kind)

    def decoded(self, parameter: str, datum: Datum) -> Any:
        """Return what the worker hands to `parameter` for `datum`."""
        converter = self.converter(parameter)
        return converter.decode(datum, trigger_metadata={}) if converter else datum.value

    def encoded(self, result: Any) -> Datum:
        """Return what the worker sends to the host for what the function has returned."""
        try:
            datum: Datum = CONVERTERS.get(self.returns).encode(result, expected_type=None)
        except NotImplementedError:
            text = f"cannot encode a {type(result).__name__} for the binding {self.returns}"
            raise TypeError(text) from None
        return datum


def index(module: ModuleType) -> list[LoadedFunction]:
    """The functions of the one app object of `module`; LoadError tells all that is wrong."""
    apps = {id(item): item for item in vars(module).values() if isinstance(item, FunctionRegister)}
    if len(apps) != 1:
        count = "no" if not apps else "more than one"
        raise LoadError([f"function_app.py: {count} top-level FunctionApp or DFApp object"])
    try:
        declared = next(iter(apps.values())).get_functions()
    except Exception as error:
        raise LoadError([f"function_app.py: {error}"]) from error
    functions = [_function(item) for item in declared]
    problems = [
        f"function {f.name}: {text}" for f in functions for rule in RULES for text in rule(f)
    ]
    problems += _clashes(functions)
    if problems:
        raise LoadError(problems)
    return functions


def _function(item: Any) -> LoadedFunction:
    name, handler = str(item.get_function_name()), item.get_user_function()
    try:
        hints = typing.get_type_hints(handler)
    except Exception as error:
        raise LoadError([f"function {name}: its annotations cannot be read: {error}"]) from error
    bindings = {b["name"]: b for b in map(json.loads, item.get_raw_bindings())}
    trigger = bindings[item.get_trigger().name]
    returned = bindings.pop("$return", trigger if trigger["type"] in IMPLICIT else {})
    return LoadedFunction(name, trigger, bindings, returned.get("type"), handler, hints)


# ---- what is refused: each rule gives a text for each breach ------------------------------------------
def _name(function: LoadedFunction) -> Iterator[str]:
    if not FUNCTION_NAME.fullmatch(function.name):
        yield "the name must be a letter, then up to 127 letters, digits, '_' or '-'"


def _served(function: LoadedFunction) -> Iterator[str]:
    kinds = {b["type"] for b in function.bindings.values()} | {function.returns or "http"}
    for kind in sorted(kinds - SERVED):
        yield f"binding type {kind!r} is not served by the local cloud"


def _bound(function: LoadedFunction) -> Iterator[str]:
    own = {"context"} if function.wants_context else set()
    bound = set(function.bindings)
    if extra := sorted(function.parameters - bound - own):
        yield f"parameters without a binding: {', '.join(extra)}"
    if missing := sorted(bound - function.parameters):
        yield f"bindings without a parameter: {', '.join(missing)}"


def _annotated(function: LoadedFunction) -> Iterator[str]:
    """Refuse what is no class, such as `dict[str, Any]` and `X | None`, as the real worker does
    (docs/platform-notes.md#annotations-are-classes)."""
    for name, hint in function.hints.items():
        if name == "context" and function.wants_context:
            if getattr(hint, "__name__", None) != "Context":
                yield f"parameter context must be annotated azure.functions.Context, not {hint!r}"
        elif name in function.bindings:
            kind = function.bindings[name]["type"]
            if not isinstance(hint, type) and not _is_generic(hint):
                text = f"the annotation {hint!r} is not a class (write dict for dict[...])"
                yield f"parameter {name}: {text}"
            elif not _fits(function.converter(name), hint):
                yield f"parameter {name}: a {kind} cannot be given as {hint.__name__}"


def _fits(converter: Any, hint: Any) -> bool:
    try:
        return converter is None or converter.check_input_type_annotation(hint)
    except (AttributeError, TypeError):
        # Such a converter is for results only; it asks issubclass of a generic.
        return False


def _returned(function: LoadedFunction) -> Iterator[str]:
    hint = function.hints.get("return")
    if hint is None or function.returns != "http":
        return
    if not isinstance(hint, type):
        yield f"the return annotation {hint!r} is not a class"
    elif not CONVERTERS.get("http").check_output_type_annotation(hint):
        yield f"the return annotation {hint.__name__} does not fit the binding http"


def _awaited(function: LoadedFunction) -> Iterator[str]:
    """Refuse a plain function: docs/platform-notes.md#functions-with-a-durable-client-are-awaited."""
    plain = getattr(function.handler, "client_function", None)
    if plain is not None and not inspect.iscoroutinefunction(plain):
        clients = [name for name, b in function.bindings.items() if b["type"] == "durableClient"]
        yield f"it must be 'async def' because of its durable client {', '.join(clients)}"


Rule = Callable[[LoadedFunction], Iterator[str]]
RULES: Sequence[Rule] = (_name, _served, _bound, _annotated, _returned, _awaited)


def _clashes(functions: Sequence[LoadedFunction]) -> Iterator[str]:
    owners: dict[tuple[str, str], str] = {}
    for function in functions:
        key = (function.kind, function.durable_name.lower())
        owner = owners.setdefault(key, function.name)
        if function.kind in DURABLE_NAMES and owner != function.name:
            yield f"function {function.name}: {owner} has the name {function.durable_name!r}"
