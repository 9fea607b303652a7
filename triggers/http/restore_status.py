"""The restore of a migration's image, in the shape that docs/http.md promises."""

from domain.migration.recorded import Snapshot
from domain.restore.recorded import newest
from domain.values import Json


def restore_of(snapshot: Snapshot) -> Json | None:
    """The newest restore; null where none was asked for."""
    restore = newest(snapshot.restores)
    if restore is None:
        return None
    end = restore.finished
    return {
        "attempt": restore.attempt,
        "from": restore.source.value,
        "state": restore.state.value,
        "reason": end.reason if end else None,
        "requestedBy": restore.requester.model_dump(mode="json"),
        "requestedAt": restore.accepted_at.isoformat(),
        "finishedAt": end.at.isoformat() if end else None,
        "imageId": restore.plan.image.text,
        "versionId": restore.plan.version_id,
        "differences": list(end.differences) if end else [],
        "disksLeft": list(end.left) if end else [],
    }
