"""Names and ids: Azure's naming rules, resource ids parsed strictly, and the ids this app makes.

The SDK's `is_valid_resource_id` takes `…/images/a b?x=1` and ids with a lock behind the image, so ids are taken
apart here, segment by segment. Rules: Microsoft's resource-name-rules and troubleshooting-shared-images pages.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import NamedTuple

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


@dataclass(frozen=True)
class ComputeId:
    """The id of a managed image or a gallery, taken apart. `key` compares ids as Azure does: without case."""

    subscription: str
    resource_group: str
    kind: str
    name: str

    def __str__(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.Compute/{self.kind}/{self.name}"
        )

    @property
    def key(self) -> str:
        """The id in lower case."""
        return fold(str(self))


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
    if not re.fullmatch(_GUID, parts[2]):
        raise ValueError(f"'{parts[2]}' is no subscription id; it must be a GUID")
    for problem in (RESOURCE_GROUP.problem_with(parts[4]), rule.problem_with(parts[8])):
        if problem:
            raise ValueError(problem)
    return ComputeId(parts[2].lower(), parts[4], kind, parts[8])


def is_subscription_id(text: str) -> bool:
    """Return True if a text is a GUID, as ids of subscriptions are."""
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


def version_id(gallery: str, definition: str, version: str) -> str:
    """The resource id of an image version."""
    return f"{gallery}/images/{definition}/versions/{version}"


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
    """The id of an attempt to migrate an image; also its orchestration's instance id ([0-9a-f-] only: the durable
    client puts ids into URLs unescaped).

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


def replication_instance_id(migration: str, phase: str) -> str:
    """Return the instance id of a replication watch, derived from the migration's, since a child id that is in use
    replaces the instance that has it (docs/platform-notes.md#child-ids)."""
    return f"{migration}-{phase}"


def approval_event_name(round_number: int) -> str:
    """Return the name of the event that wakes one round of the approval wait. It is never waited for twice, since an
    early event ends every later wait for its name (docs/platform-notes.md#early-events-come-again)."""
    return f"approval-{round_number}"
