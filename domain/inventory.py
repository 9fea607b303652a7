"""Rows of the lists of galleries and images, and where in that order a page ended."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from domain.ids import parse_image_id, parse_version_name
from domain.values import Json

# Sorts after every name.
_LAST = "\uffff"


@dataclass(frozen=True, order=True)
class Position:
    """A place in the order of subscription, gallery, definition, version; "" is before every name."""

    subscription: int = 0
    gallery: str = ""
    definition: str = ""
    version: str = ""

    @classmethod
    def parse(cls, cursor: list[Any]) -> Self:
        """The position in a decoded cursor; the beginning for an empty one."""
        return cls(cursor[0], *(str(part) for part in cursor[1:])) if cursor else cls()

    def cursor(self) -> list[Any]:
        """Return the position as JSON, for a cursor."""
        return [self.subscription, self.gallery, self.definition, self.version]

    def through(self) -> "Position":
        """The position behind everything in this gallery."""
        return Position(self.subscription, self.gallery, _LAST, "")

    def is_past_gallery(self, other: "Position") -> bool:
        """Return True if the page that ended here had all of `other`'s gallery."""
        return (other.subscription, other.gallery) < (self.subscription, self.gallery)

    def is_past_definition(self, other: "Position") -> bool:
        """Return True if the page that ended here had all of `other`'s definition."""
        return other < Position(self.subscription, self.gallery, self.definition)

    def after(
        self, rows: Iterable[tuple["Position", Json | None]]
    ) -> Iterator[tuple["Position", Json | None]]:
        """The rows behind this position."""
        return ((position, row) for position, row in rows if position > self)


def version_rows(
    there: Position, gallery: Json, definition: Json, versions: list[Json]
) -> Iterator[tuple[Position, Json | None]]:
    """A row for each version, in order of their numbers; one without a version when there is none."""
    for version in sorted(versions, key=_number):
        position = Position(there.subscription, there.gallery, there.definition, _sortable(version))
        yield position, _row(gallery, definition, version)
    if not versions:
        last = Position(there.subscription, there.gallery, there.definition, _LAST)
        yield last, _row(gallery, definition, None)


def gallery_row(gallery: Json) -> Json:
    """The row of a gallery without definitions."""
    return _row(gallery, None, None)


def image_rows(images: list[Json]) -> list[Json]:
    """A row for each managed image, by resource group and name."""
    return sorted(
        (_image_row(image) for image in images),
        key=lambda row: (row["resourceGroup"].lower(), row["name"].lower()),
    )


def _image_row(image: Json) -> Json:
    properties = image.get("properties") or {}
    disk = (properties.get("storageProfile") or {}).get("osDisk") or {}
    where = parse_image_id(str(image["id"]))
    return {
        "id": image["id"],
        "name": where.name,
        "resourceGroup": where.resource_group,
        "subscriptionId": where.subscription,
        "location": image.get("location"),
        "osType": disk.get("osType"),
        "hyperVGeneration": properties.get("hyperVGeneration") or "V1",
        "provisioningState": properties.get("provisioningState"),
        "dataDisks": len((properties.get("storageProfile") or {}).get("dataDisks") or []),
    }


def _row(gallery: Json, definition: Json | None, version: Json | None) -> Json:
    names = [str(part["name"]) for part in (gallery, definition, version) if part]
    properties = (version or {}).get("properties") or {}
    profile = properties.get("publishingProfile") or {}
    return {
        "path": "/".join(names),
        "id": (version or definition or gallery)["id"],
        "gallery": gallery["name"],
        "imageDefinition": definition["name"] if definition else None,
        "imageVersion": version["name"] if version else None,
        "provisioningState": properties.get("provisioningState"),
        "regions": [region.get("name") for region in profile.get("targetRegions") or []],
        "excludeFromLatest": profile.get("excludeFromLatest"),
        "sourceId": ((properties.get("storageProfile") or {}).get("source") or {}).get("id"),
    }


def _number(version: Json) -> tuple[int, int, int]:
    try:
        return parse_version_name(str(version["name"]))
    except ValueError:
        return (0, 0, 0)


def _sortable(version: Json) -> str:
    return ".".join(f"{part:010d}" for part in _number(version))
