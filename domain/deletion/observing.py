"""A deployment that only observes: its migrations go to the gate and say what they would have done."""

from collections.abc import Sequence

WOULD_DELETE = "every check held"


def observation(reasons: Sequence[str]) -> str:
    """The reason of a migration whose image is kept because the deployment observes."""
    if list(reasons) == [WOULD_DELETE]:
        return "observing: the image would have been deleted now; DELETION_OBSERVED keeps it"
    return f"observing: the image would have been kept as well: {'; '.join(reasons)}"
