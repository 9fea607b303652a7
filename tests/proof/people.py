"""The people who ask and approve in the proof, and the rules of its deployment, as the test knows them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from demo.people import OIDS

READ, SUBMIT, APPROVE, ADMIN = (
    f"Migration.{role}" for role in ("Read", "Submit", "Approve", "Admin")
)
SECRET, KEY = "webhook", "key"
# Alan owns the webhook's secret, Mary the named key.
SECRET_OWNER, KEY_OWNER = "alan", "mary"
APPROVERS = ("ada", "grace", "alan", "mary")
# Without a place in the list, whatever roles it shows.
UNLISTED = "pipeline"
ASKING = (KEY, "ada", "alan", "mary")
VALIDITY = timedelta(hours=6)


@dataclass(frozen=True)
class Rules:
    """The deployment's rules for images whose names begin with `prefix`."""

    prefix: str
    quorum: int = 1
    quiet: timedelta = timedelta(0)


AT_ONCE, QUIET, TWO = (
    Rules("once"),
    Rules("quiet", quiet=timedelta(hours=4)),
    Rules("two", quorum=2, quiet=timedelta(hours=4)),
)
RULES = {rules.prefix: rules for rules in (AT_ONCE, QUIET, TWO)}


def voice_of(who: str) -> str:
    """The voice of somebody: the secret and its owner have one."""
    return SECRET_OWNER if who == SECRET else who


def settings(listed: tuple[str, ...] = APPROVERS) -> dict[str, str]:
    """The app's settings that say so."""
    policies = [
        {"match": {"name": "quiet-*"}, "quietTime": "PT4H"},
        {"match": {"name": "two-*"}, "quietTime": "PT4H", "quorum": 2},
    ]
    return {
        "APPROVERS": ",".join(OIDS[name] for name in listed),
        "APPROVAL_POLICIES": json.dumps(policies),
        "APPROVAL_VALIDITY": "PT6H",
        "SWEEP_SCHEDULE": "0 0 */6 * * *",
        "DELETION_DAILY_LIMIT": "100000",
        "DELETION_DAILY_PERCENT": "100",
    }
