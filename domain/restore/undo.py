"""The conditions under which a deleted image could be made again from its version, as far as they are known before."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from domain.deletion.evidence import Check
from domain.migration.requests import SecurityType

NO_RESTORER = (
    "the settings name no identity that deletes and restores images; set DELETER_CLIENT_ID to one that holds the "
    "restorer's role"
)
# Disks of such versions carry the security type, and managed images are made of no such disks:
# docs/platform-notes.md#managed-images-of-disks-with-a-security-type
_NO_IMAGES = frozenset({SecurityType.TRUSTED_LAUNCH.value, SecurityType.CONFIDENTIAL_VM.value})


def undo_problems(
    security_type: str, image_region: str, regions: AbstractSet[str]
) -> Iterator[str]:
    """Yield why no image can be made of a version of this security type, which these regions have; nothing if one
    can."""
    if security_type in _NO_IMAGES:
        yield (
            f"its security type is {security_type}, and Azure makes no managed images of disks of that type; "
            "make virtual machines of the version itself"
        )
    if image_region not in regions:
        yield f"it has no complete replica in {image_region}, the image's region; add that region to it"


def undo_check(
    security_type: str, image_region: str, regions: AbstractSet[str], *, required: bool
) -> Check:
    """The check that the deletion can be taken back; one that need not be holds all the same, and says so."""
    problems = "; ".join(undo_problems(security_type, image_region, regions))
    found = problems or f"from the version in {image_region}"
    if problems and not required:
        found = f"{problems} (UNDO_REQUIRED is false)"
    return Check(name="undo possible", passed=not problems or not required, found=found)


def undo_warnings(
    security_type: str, image_region: str, regions: AbstractSet[str], *, required: bool
) -> Iterator[str]:
    """Yield a plan's warnings that its deletion could not be taken back."""
    kept = "; so the image will be kept, unless UNDO_REQUIRED is false" if required else ""
    for problem in undo_problems(security_type, image_region, regions):
        yield f"The deletion could not be taken back from the version: {problem}{kept}."
