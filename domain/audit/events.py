"""Facts, as the audit has them: one event for each, under an id that is the same whoever writes it again."""

from datetime import datetime
from enum import StrEnum

from domain.values import Json, Message


class Kind(StrEnum):
    """The kinds of facts."""

    ACCEPTED = "accepted"
    NOT_CLAIMED = "notClaimed"
    PLANNED = "planned"
    VERSION_BEGUN = "versionBegun"
    INTENDED = "intended"
    ANSWERED = "answered"
    TAKEN_BACK = "takenBack"
    REPLICATED = "replicated"
    ASKED = "asked"
    STATED = "stated"
    OPENED = "opened"
    BOOT_TESTED = "bootTested"
    DECISION = "decision"
    RULING = "ruling"
    VERDICT = "verdict"
    CANCELLED = "cancelled"
    NOTIFIED = "notified"
    GATE = "gate"
    CONFIRMED = "confirmed"
    LATE_USERS = "lateUsers"
    RESTORE_ASKED = "restoreAsked"
    RESTORE_ENDED = "restoreEnded"
    RESTARTED = "restarted"
    STOPPED = "stopped"
    OUTCOME = "outcome"
    EPOCH = "epoch"
    EMERGENCY_STOP = "emergencyStop"


class Event(Message):
    """One fact. `personal` is what names people or has their words: it is sealed by its hash, so that it can be erased.

    `late`: it stood in the records, and nobody had written it here when it happened.
    """

    id: str
    kind: Kind
    at: datetime
    facts: Json = {}
    personal: Json = {}
    late: bool = False
