"""Which functions a `function_app.py` declares, and what the Python worker would refuse about them.

The rules are those of azure_functions_worker's loader.py and functions.py (parameters must equal
bindings, `context` is the only extra, an annotation must be a class and fit its binding) and of the
Functions host (names, one owner per durable name). All problems of an app are told at once.
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
DURABLE_NAME_FIELDS = {
    "orchestrationTrigger": "orchestration",
    "activityTrigger": "activity",
    "entityTrigger": "entityName",
}
TRIGGERS = ("httpTrigger", "timerTrigger", "eventGridTrigger", *DURABLE_NAME_FIELDS)
OTHER_BINDINGS = ("http", "durableClient")
# What the SDK registers for each binding type (untyped upstream).
CONVERTERS: Any = typing.cast("Any", meta).get_binding_registry()
_is_generic: Callable[[Any], bool] = typing.cast("Any", typing_inspect).is_generic_type
Datum = meta.Datum
FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_-]{0,127}", re.IGNORECASE)


class LoadError(Exception):
    """The app cannot be served; `problems` has a line for each reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(["the function app cannot be loaded:", *problems]))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Function:
    """A function as the worker sees it after indexing."""

    name: str
    kind: str
    trigger: Mapping[str, Any]
    durable_name: str
    handler: Callable[..., Any]
    is_async: bool
    wants_context: bool
    inputs: Mapping[str, str]  # parameter -> type of its converter ("generic" for str and bytes)
    returns: str | None  # type of the converter of the return value


def index(module: ModuleType) -> list[Function]:
    """The functions of the one app object of `module`; LoadError tells all that is wrong."""
    apps = {id(item): item for item in vars(module).values() if isinstance(item, FunctionRegister)}
    if len(apps) != 1:
        found = "no" if not apps else "more than one"
        raise LoadError([f"function_app.py: {found} top-level FunctionApp or DFApp object"])
    try:
        declared = next(iter(apps.values())).get_functions()
    except Exception as error:
        raise LoadError([f"function_app.py: {error}"]) from error
    problems: list[str] = []
    functions: list[Function] = []
    for item in declared:
        name = str(item.get_function_name())
        bindings = [json.loads(text) for text in item.get_raw_bindings()]
        handler = item.get_user_function()
        wrong = [f"function {name}: {text}" for text in _problems(name, bindings, handler)]
        problems += wrong
        if not wrong:
            functions.append(_function(name, bindings, handler))
    problems += _clashes(functions)
    if problems:
        raise LoadError(problems)
    return functions


def _function(name: str, bindings: list[dict[str, Any]], handler: Callable[..., Any]) -> Function:
    hints = typing.get_type_hints(handler)
    trigger = next(b for b in bindings if b["type"] in TRIGGERS)
    returning = next((b["type"] for b in bindings if b["name"] == "$return"), None)
    if returning is None and _implicit_output(trigger["type"]):
        returning = trigger["type"]
    return Function(
        name=name,
        kind=trigger["type"],
        trigger=trigger,
        durable_name=trigger.get(DURABLE_NAME_FIELDS.get(trigger["type"], ""), None) or name,
        handler=handler,
        is_async=inspect.iscoroutinefunction(handler),
        wants_context="context" in inspect.signature(handler).parameters
        and all(b["name"] != "context" for b in bindings),
        inputs={
            b["name"]: _converter_name(b, hints.get(b["name"]))
            for b in bindings
            if b["name"] != "$return"
        },
        returns=returning,
    )


def _problems(
    name: str, bindings: list[dict[str, Any]], handler: Callable[..., Any]
) -> Iterator[str]:
    if not FUNCTION_NAME.fullmatch(name):
        yield "the name must be a letter, then up to 127 letters, digits, '_' or '-'"
    for binding in bindings:
        if binding["type"] not in (*TRIGGERS, *OTHER_BINDINGS):
            yield f"binding type {binding['type']!r} is not served by the local cloud"
    try:
        hints = typing.get_type_hints(handler)
    except Exception as error:  # noqa: BLE001 - an annotation is any expression
        yield f"its annotations cannot be read: {error}"
        return
    parameters = set(inspect.signature(handler).parameters)
    bound = {b["name"]: b for b in bindings if b["name"] != "$return"}
    if "context" in parameters and "context" not in bound:
        parameters.remove("context")
        yield from _context_problem(hints.get("context"))
    if extra := sorted(parameters - set(bound)):
        yield f"parameters without a binding: {', '.join(extra)}"
    if missing := sorted(set(bound) - parameters):
        yield f"bindings without a parameter: {', '.join(missing)}"
    for parameter in sorted(parameters & set(bound) & set(hints)):
        yield from _annotation_problem(bound[parameter], hints[parameter])
    yield from _return_problem(bindings, hints)
    yield from _client_problem(bindings, handler)


def _context_problem(hint: object) -> Iterator[str]:
    if hint is not None and not (isinstance(hint, type) and hint.__name__ == "Context"):
        yield f"parameter context must be annotated azure.functions.Context, not {hint!r}"


def _annotation_problem(binding: Mapping[str, Any], hint: Any) -> Iterator[str]:
    """`dict[str, Any]` and `X | None` are no classes: the real worker refuses them as well
    (Azure/azure-functions-durable-python#468)."""
    name = binding["name"]
    if not isinstance(hint, type) and not _is_generic(hint):
        yield f"parameter {name}: the annotation {hint!r} is not a class (write dict for dict[...])"
        return
    converter = _converter(_converter_name(binding, hint))
    try:
        fits = converter is None or converter.check_input_type_annotation(hint)
    except TypeError:  # the converters call issubclass with what is no class
        fits = False
    if not fits:
        yield f"parameter {name}: a {binding['type']} cannot be given as {hint.__name__}"


def _return_problem(bindings: list[dict[str, Any]], hints: Mapping[str, Any]) -> Iterator[str]:
    binding = next((b for b in bindings if b["name"] == "$return"), None)
    if binding is None or "return" not in hints:
        return
    hint = hints["return"]
    if not isinstance(hint, type):
        yield f"the return annotation {hint!r} is not a class"
    elif not _converter(binding["type"]).check_output_type_annotation(hint):
        yield f"the return annotation {hint.__name__} does not fit the binding {binding['type']}"


def _client_problem(bindings: list[dict[str, Any]], handler: Callable[..., Any]) -> Iterator[str]:
    """The SDK awaits a function with a rich client (durable.md A5): a plain one always fails."""
    plain = getattr(handler, "client_function", None)
    if plain is not None and not inspect.iscoroutinefunction(plain):
        clients = [b["name"] for b in bindings if b["type"] == "durableClient"]
        yield f"it must be 'async def' because of its durable client {', '.join(clients)}"


def _clashes(functions: Sequence[Function]) -> Iterator[str]:
    owners: dict[tuple[str, str], str] = {}
    for function in functions:
        key = (function.kind, function.durable_name.lower())
        if function.kind in DURABLE_NAME_FIELDS and owners.setdefault(key, function.name) != (
            function.name
        ):
            yield f"function {function.name}: {owners[key]} has the name {function.durable_name!r}"


def _converter_name(binding: Mapping[str, Any], hint: object) -> str:
    plain = hint in (str, bytes) and not _implicit_output(binding["type"])
    return "generic" if plain else str(binding["type"])


def _converter(kind: str) -> Any:
    return None if kind == "generic" else CONVERTERS.get(kind)


def _implicit_output(kind: str) -> bool:
    check = getattr(_converter(kind), "has_implicit_output", None)
    return bool(check and check())


def decode(kind: str, datum: meta.Datum) -> Any:
    """What the worker hands to a parameter for `datum`."""
    if kind == "generic":
        return datum.value
    try:
        return _converter(kind).decode(datum, trigger_metadata={})
    except NotImplementedError:
        raise TypeError(f"cannot decode a {datum.type} for the binding {kind}") from None


def encode(kind: str, value: Any) -> meta.Datum:
    """What the worker sends to the host for a returned `value`."""
    try:
        return typing.cast("meta.Datum", _converter(kind).encode(value, expected_type=None))
    except NotImplementedError:
        text = f"cannot encode a {type(value).__name__} for the binding {kind}"
        raise TypeError(text) from None
