"""The permission to delete at all: an identity of its own, which the deployment names or does not."""

from domain.deletion.evidence import Check

NOT_PERMITTED = (
    "deletion not permitted: the settings name no identity that deletes images; "
    "set DELETER_CLIENT_ID to one that holds the deleter's role"
)
NO_DELETER = (
    f"D{NOT_PERMITTED[1:]}. Without it nobody is asked for an approval, and the image is kept."
)


def permission_check(deleter: str) -> Check:
    """The check that an identity may delete; `deleter`: its client id, empty for none."""
    found = f"by the identity {deleter}" if deleter else NOT_PERMITTED
    return Check(name="deletion permitted", passed=bool(deleter), found=found)
