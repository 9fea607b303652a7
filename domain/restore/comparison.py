"""The restored image beside its recipe: everything but what it was made from, and what Azure alone writes."""

from collections.abc import Iterator
from typing import Any

from domain.facts import DEFAULT_GENERATION
from domain.regions import normalise_region
from domain.restore.bodies import SOURCES
from domain.values import Json

_TOP = ("location", "tags", "extendedLocation", "properties")
_LEFT_OUT = frozenset({"provisioningState", "sourceVirtualMachine", *SOURCES})
_ABSENT = "nothing"


def differences(recipe: Json, image: Json) -> tuple[str, ...]:
    """Return in words what differs; nothing when the image is what the recipe says."""
    was, now = dict(_told(recipe)), dict(_told(image))
    return tuple(
        f"{path}: was {was.get(path, _ABSENT)}, is {now.get(path, _ABSENT)}"
        for path in sorted(was.keys() | now.keys())
        if was.get(path) != now.get(path)
    )


def _told(image: Json) -> Iterator[tuple[str, str]]:
    """Yield every value of an image, by its path, as it is compared."""
    for key in _TOP:
        yield from _leaves(key, image.get(key))
    if not (image.get("properties") or {}).get("hyperVGeneration"):
        yield "properties.hyperVGeneration", DEFAULT_GENERATION


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield what lies below a path. Nothing, an empty object and an empty list are the same to Azure."""
    name = path.rpartition(".")[2]
    if name in _LEFT_OUT or value is None:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(f"{path}[{_name_of(inner, number)}]", inner)
    else:
        yield path, normalise_region(value) if path == "location" else _text(path, value)


def _name_of(element: Any, number: int) -> str:
    """A data disk is known by its LUN, whatever its place in the list."""
    lun = element.get("lun") if isinstance(element, dict) else None
    return str(number) if lun is None else f"LUN {lun}"


def _text(path: str, value: Any) -> str:
    """Ids are compared without case."""
    return str(value).lower() if path.endswith(".id") else str(value)
