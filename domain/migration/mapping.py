"""The mapping: a list of entries says which new managed images migrate by themselves, the first match wins.

`match` holds globs, compared without case; what is left out matches everything. The values are templates:
`{imageName}`, `{resourceGroup}`, `{subscriptionId}`, `{location}`, `{osType}`, `{generation}`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from pydantic import Field

from domain.errors import InvalidRequestError, Problem
from domain.facts import ImageFacts
from domain.ids import fold, parse_image_id
from domain.migration.requests import MigrationRequest, parse_request_json
from domain.values import Json, StrictModel

TEMPLATE_NAMES = (
    "imageName",
    "resourceGroup",
    "subscriptionId",
    "location",
    "osType",
    "generation",
)
_TEMPLATE = r"\{(\w*)\}"
# The templates are filled with these to look at the rest of an entry.
_EXAMPLE = {
    "imageName": "web",
    "resourceGroup": "web",
    "subscriptionId": "00000000-0000-0000-0000-000000000000",
    "location": "eastus2",
    "osType": "Linux",
    "generation": "V2",
}
_EXAMPLE_IMAGE = (
    f"/subscriptions/{_EXAMPLE['subscriptionId']}/resourceGroups/web"
    "/providers/Microsoft.Compute/images/web"
)


class Match(StrictModel):
    """Globs that an image must match, all of them; `tags` by tag name."""

    subscription: str = "*"
    resource_group: str = "*"
    name: str = "*"
    tags: dict[str, str] = Field(default_factory=dict)


class MappingEntry(StrictModel):
    """The request for images that match; fields as in a migration request, texts as templates."""

    match: Match = Field(default_factory=Match)
    gallery_id: str
    image_definition: Json
    image_version: str | None = None
    target_regions: list[Json] | None = None
    replication_mode: str | None = None
    end_of_life_date: str | None = None
    exclude_from_latest: bool | None = None
    block_deletion_before_end_of_life: bool | None = None
    deletion: Json | None = None
    approval: Json | None = None
    change_number: str | None = None
    boot_test: Json | None = None


def request_for(image: ImageFacts, mapping: Sequence[MappingEntry]) -> MigrationRequest | None:
    """The request that the first matching entry makes of an image, or None if no entry covers it.

    Raises InvalidRequestError when the entry's values do not make a valid request for this image.
    """
    entry = next((entry for entry in mapping if _covers(entry.match, image)), None)
    if entry is None:
        return None
    body = _fill(_values_of(entry), _names_of(image))
    return parse_request_json({**body, "sourceImageId": image.id})


def unknown_templates(entry: MappingEntry) -> list[str]:
    """The template names in an entry that nothing fills."""
    names = {name for text in _texts(_values_of(entry)) for name in re.findall(_TEMPLATE, text)}
    return sorted(names - set(TEMPLATE_NAMES))


def certain_problems(entry: MappingEntry) -> list[Problem]:
    """Return what is wrong with an entry whatever the image: all problems but those of values that hold a template."""
    values = _values_of(entry)
    try:
        parse_request_json({**_fill(values, _EXAMPLE), "sourceImageId": _EXAMPLE_IMAGE})
    except InvalidRequestError as invalid:
        return [
            problem
            for problem in invalid.problems
            if not any(
                re.search(_TEMPLATE, text) for text in _texts(_value_at(values, problem.field))
            )
        ]
    return []


def _values_of(entry: MappingEntry) -> Json:
    return entry.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"match"})


def _texts(value: Any) -> Iterator[str]:
    """Every text within a value."""
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inner:
        yield from _texts(part)


def _value_at(value: Any, path: str) -> Any:
    """Return the value at a problem's field, or None where there is none."""
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, list) and part.isdigit():
            value = value[int(part)]
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _covers(match: Match, image: ImageFacts) -> bool:
    where = parse_image_id(image.id)
    pairs = (
        (where.subscription, match.subscription),
        (where.resource_group, match.resource_group),
        (where.name, match.name),
    )
    tags = {fold(name): value for name, value in image.tags.items()}
    return all(_matches(text, glob) for text, glob in pairs) and all(
        fold(name) in tags and _matches(tags[fold(name)], glob) for name, glob in match.tags.items()
    )


def _matches(text: str, glob: str) -> bool:
    return fnmatchcase(fold(text), fold(glob))


def _names_of(image: ImageFacts) -> dict[str, str]:
    where = parse_image_id(image.id)
    return {
        "imageName": where.name,
        "resourceGroup": where.resource_group,
        "subscriptionId": where.subscription,
        "location": image.location,
        "osType": image.os_type,
        "generation": image.hyper_v_generation,
    }


def _fill(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(
            _TEMPLATE, lambda placeholder: names.get(placeholder[1], placeholder[0]), value
        )
    if isinstance(value, dict):
        return {key: _fill(inner, names) for key, inner in value.items()}
    return [_fill(inner, names) for inner in value] if isinstance(value, list) else value
