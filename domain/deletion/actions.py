"""The next action for each check of the gate that did not hold. docs/deletion.md has the same table."""

from collections.abc import Iterable, Mapping

from domain.deletion.evidence import Check

_AGAIN = "migrate the image again"
_MEND = "mend the version, then migrate again, which takes it up"
_LOOK = "look who can write the records"
_EPOCH = "if they were put back from a copy, an Admin accepts them: POST /api/audit/epochs"

NEXT_ACTIONS: Mapping[str, str] = {
    "version succeeded": _MEND,
    "replicated to every region": "wait for it, or take the failed region out and add it back, then migrate again",
    "full replication": "make a Full version: migrate with another version number",
    "version made from this image": _AGAIN,
    "version carries the approved fingerprint": _AGAIN,
    "version begun by us": "let this app make the version: migrate with another version number",
    "version published after the image was created": _AGAIN,
    "disks of the version equal the image's": _AGAIN,
    "no other version needs the image": "wait until it is made; replace a Shallow one by a Full one",
    "image unchanged since the approval": "migrate the image as it is now, and ask again",
    "deletion approved": "approve it: POST /api/migrations/{id}/approval, or start again to be asked again",
    "approval still valid": "start again to be asked again",
    "quiet time over": "wait until it is over; mend the receiver if nobody was told",
    "deletion permitted": "set DELETER_CLIENT_ID to an identity that may delete images",
    "undo possible": "add the image's region to the version; or set UNDO_REQUIRED to false",
    "boot test passed": "test the version: POST /api/boot-tests, then start again",
    "no veto tag on the image": "take the tag away, or leave the image",
    "no lock on the image": "take the lock away: GET /api/references has the command",
    "nobody needs the image": "move its users: GET /api/references has the commands",
    "users of the image known": "give the identity the rights to read that are named, or wait and start again",
    "machines and scale sets just read": "wait: it is read again by itself",
    "what was approved is what there is": "approve it as it is now: it is asked again by itself",
    "version protected": "protect it: an end of life, the gallery's soft delete, or a lock",
    "audit of the migration verifies": f"{_LOOK}, and start again; {_EPOCH}",
    "audit of the deployment verifies": f"{_LOOK}; {_EPOCH}",
    "records agree with the audit": f"{_LOOK}, and start again",
    "approved in this epoch": "start again to be asked again",
    "deletion enabled": "set DELETION_ENABLED to true",
    "clock agrees with Azure's": "set the clock of the host right",
    "inside the deletion window": "wait: it is tried again when DELETION_WINDOW opens",
    "below the limits": "wait, or raise DELETION_DAILY_LIMIT or DELETION_DAILY_PERCENT",
    "no emergency stop": "lift the stop: POST /api/emergency-stop, and DELETION_STOPPED",
}


def next_action(name: str) -> str:
    """The action that helps a check to hold. Raises KeyError for a name that no check has."""
    return NEXT_ACTIONS[name]


def refusals(checks: Iterable[Check]) -> list[str]:
    """The checks that did not hold: each with what was found, and what to do; empty when the gate is open."""
    return [
        f"{check.name}: no ({check.found}); {next_action(check.name)}"
        for check in checks
        if not check.passed
    ]


def completed(checks: Iterable[Check], why: str) -> tuple[Check, ...]:
    """All checks that there are, in the order of the table: those that could not be made did not hold, and say why."""
    made = {check.name: check for check in checks}
    return tuple(
        made.get(name) or Check(name=name, passed=False, found=why) for name in NEXT_ACTIONS
    )
