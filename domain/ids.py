"""Names and ids: Azure's naming rules, resource ids parsed strictly, and the ids this app makes.

The SDK's `is_valid_resource_id` takes `…/images/a b?x=1` and ids with a lock behind the image, so ids are taken
apart here, segment by segment. Rules: Microsoft's resource-name-rules and troubleshooting-shared-images pages.
"""

import hashlib
import re
from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field, GetPydanticSchema, PlainSerializer

from domain.values import Message

MAX_VERSION_PART = 2**31 - 1
# Python's lower() makes a "k" of the Kelvin sign, and group names may hold either.
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}

# Patterns are compiled when they are first used (by `re`, which keeps them), not in every cold start.
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# The random part is missing in ids of earlier versions.
_MIGRATION_ID = r"([0-9a-f]{32})-([1-9][0-9]{0,5})(?:-[0-9a-f]{8})?"


def fold(text: str) -> str:
    """The text to compare names and ids by: ASCII letters without case, every other character as it is."""
    return text.translate(_ASCII_LOWER)


def same_id(one: str, other: str) -> bool:
    """Return True if two resource ids name the same resource."""
    return fold(one) == fold(other)


class NameRule(NamedTuple):
    """A rule for names, as a pattern and in words."""

    pattern: str
    words: str

    def problem_with(self, name: str) -> str | None:
        """Return why `name` is not allowed, or None if it is."""
        return (
            None if re.fullmatch(self.pattern, name) else f"'{name}' is not allowed: {self.words}"
        )

    def check(self, name: str) -> str:
        """The name; raises ValueError when it is not allowed."""
        if problem := self.problem_with(name):
            raise ValueError(problem)
        return name


RESOURCE_GROUP = NameRule(
    r"[\w\-.()]{0,89}[\w\-()]",
    "1 to 90 letters, digits, '_', '-', '.' or parentheses, not ending in '.'",
)
IMAGE = NameRule(
    r"[A-Za-z0-9](?:[A-Za-z0-9_.\-]{0,78}[A-Za-z0-9_])?",
    "1 to 80 letters, digits, '_', '.' or '-', beginning with a letter or digit, "
    "ending with a letter, digit or '_'",
)
GALLERY = NameRule(
    r"[A-Za-z0-9](?:[A-Za-z0-9_.]{0,78}[A-Za-z0-9])?",
    "1 to 80 letters, digits, '_' or '.' (no '-'), beginning and ending with a letter or digit",
)
DEFINITION = NameRule(
    r"[A-Za-z0-9](?:[A-Za-z0-9_.\-]{0,78}[A-Za-z0-9])?",
    "1 to 80 letters, digits, '_', '.' or '-', beginning and ending with a letter or digit",
)
PUBLISHER = NameRule(
    r"[A-Za-z0-9_.\-]{0,127}[A-Za-z0-9_\-]",
    "1 to 128 letters, digits, '_', '.' or '-', not ending in '.'",
)
OFFER = SKU = NameRule(
    r"[A-Za-z0-9_.\-]{0,63}[A-Za-z0-9_\-]",
    "1 to 64 letters, digits, '_', '.' or '-', not ending in '.'",
)


_Name = Annotated[str, Field(max_length=1024)]
DefinitionName = Annotated[_Name, AfterValidator(DEFINITION.check)]
PublisherName = Annotated[_Name, AfterValidator(PUBLISHER.check)]
OfferName = Annotated[_Name, AfterValidator(OFFER.check)]
SkuName = Annotated[_Name, AfterValidator(SKU.check)]


class ComputeId(Message):
    """The id of a managed image or a gallery in its one spelling, and taken apart."""

    text: str
    subscription: str
    resource_group: str
    kind: str
    name: str

    def __str__(self) -> str:
        return self.text

    @property
    def key(self) -> str:
        """The id as Azure compares ids, without case."""
        return fold(self.text)


def parse_image_id(text: str) -> ComputeId:
    """`…/providers/Microsoft.Compute/images/{name}`; raises ValueError that says which part is wrong."""
    return _parse(text, "images", IMAGE)


def parse_gallery_id(text: str) -> ComputeId:
    """`…/providers/Microsoft.Compute/galleries/{name}`; raises ValueError that says which part is wrong."""
    return _parse(text, "galleries", GALLERY)


def _parse(text: str, kind: str, rule: NameRule) -> ComputeId:
    parts = text.split("/")
    shape = f"/subscriptions/{{guid}}/resourceGroups/{{group}}/providers/Microsoft.Compute/{kind}/{{name}}"
    fixed = [
        "",
        "subscriptions",
        None,
        "resourcegroups",
        None,
        "providers",
        "microsoft.compute",
        kind,
        None,
    ]
    if len(parts) != len(fixed) or any(
        want is not None and fold(part) != want for part, want in zip(parts, fixed, strict=True)
    ):
        raise ValueError(f"must be a resource id of the form {shape}")
    if not is_guid(parts[2]):
        raise ValueError(f"'{parts[2]}' is no subscription id; it must be a GUID")
    for found in (RESOURCE_GROUP.problem_with(parts[4]), rule.problem_with(parts[8])):
        if found:
            raise ValueError(found)
    subscription, group, name = parts[2].lower(), parts[4], parts[8]
    return ComputeId(
        text=f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/{kind}/{name}",
        subscription=subscription,
        resource_group=group,
        kind=kind,
        name=name,
    )


def _parsed_by(parse: Callable[[str], ComputeId]) -> GetPydanticSchema:
    """The type of a field that is a text in JSON, and parsed once."""
    return GetPydanticSchema(lambda _, handler: handler(Annotated[str, AfterValidator(parse)]))


_AS_TEXT = PlainSerializer(attrgetter("text"), return_type=str)

ImageId = Annotated[ComputeId, _parsed_by(parse_image_id), _AS_TEXT]
GalleryId = Annotated[ComputeId, _parsed_by(parse_gallery_id), _AS_TEXT]


def is_guid(text: str) -> bool:
    """Return True if a text is a GUID, as ids of subscriptions and of people are."""
    return re.fullmatch(_GUID, text) is not None


def parse_version_name(name: str) -> tuple[int, int, int]:
    """`Major.Minor.Patch`, each a 32-bit integer; raises ValueError."""
    parts = name.split(".")
    well_formed = len(parts) == 3 and all(
        re.fullmatch(r"0|[1-9][0-9]{0,9}", part) for part in parts
    )
    if not well_formed or any(int(part) > MAX_VERSION_PART for part in parts):
        raise ValueError(
            f"'{name}' is not allowed: use Major.Minor.Patch such as 1.0.0, each a whole number up to "
            f'{MAX_VERSION_PART} without leading zeros, or "auto"'
        )
    major, minor, patch = (int(part) for part in parts)
    return major, minor, patch


version_id = "{}/images/{}/versions/{}".format
"""The resource id of an image version, by those of its gallery, its definition's and its own name."""


def parse_version_id(text: str) -> tuple[ComputeId, str, str]:
    """Gallery, definition and name in the id of an image version; raises ValueError."""
    gallery, _, rest = text.partition("/images/")
    definition, _, name = rest.partition("/versions/")
    if not definition or not name:
        raise ValueError(f"'{text}' is no id of an image version")
    return parse_gallery_id(gallery), definition, name


def image_key(image_id: str) -> str:
    """The hash that stands for a managed image in migration ids and record keys; case of the id is no matter."""
    return hashlib.sha256(fold(image_id).encode()).hexdigest()[:32]


def migration_id(key: str, attempt: int, chance: str = "") -> str:
    """The id of an attempt to migrate an image, by the image's key and the attempt's number; also its orchestration's
    instance id ([0-9a-f-] only: the durable client puts ids into URLs unescaped).

    `chance`, 8 random hex digits: records that are put back from a copy give an attempt its number once more, and under
    an id that was used there may run an orchestration of another request.
    """
    return f"{key}-{attempt}-{chance}" if chance else f"{key}-{attempt}"


def parse_migration_id(text: str) -> tuple[str, int] | None:
    """Image key and attempt, or None if `text` is no migration id."""
    match = re.fullmatch(_MIGRATION_ID, text)
    return (match[1], int(match[2])) if match else None


PHASES = ("replication", "promotion")
"""The two times that a migration watches its version."""

replication_instance_id = "{}-{}".format
"""The instance id of a replication watch, by the migration's id and the phase, since a child id that is in use replaces
the instance that has it (docs/platform-notes.md#child-ids)."""

restore_id = "{}-restore-{}".format
"""The instance id of a restore, by the migration's id and the number of the attempt to restore its image."""


def parse_restore_id(text: str) -> tuple[str, int] | None:
    """The migration and the attempt, or None if `text` is no restore's id."""
    match = re.fullmatch(rf"({_MIGRATION_ID})-restore-([1-9][0-9]{{0,5}})", text)
    return (match[1], int(match[4])) if match else None


approval_event_name = "approval-{}".format
"""The name of the event that wakes one round of the approval wait, by its number. It is never waited for twice, since
an early event ends every later wait for its name (docs/platform-notes.md#early-events-come-again)."""
