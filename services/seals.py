"""Seals on people's decisions: a MAC over every field, with a key that is in the settings and not in the records.

Whoever can write the records can make no seal, so at the gate a decision counts only if its seal holds for one of the
keys of now. The first key seals; the others still open what was sealed while they were first.
"""

import base64
import hmac
import json
from collections.abc import Sequence

from domain.approval.decisions import StoredDecision
from domain.migration.recorded import ReceivedDecision

_PURPOSE = "gallery-migrator.decision.v1"


def seal(decision: StoredDecision, key: str) -> str:
    """The seal of a decision with one key, as the settings write it."""
    # Without what has its default: a field that a later version adds breaks no seal.
    said = decision.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    text = json.dumps([_PURPOSE, said], sort_keys=True, separators=(",", ":"))
    secret = base64.b64decode(key.removeprefix("whsec_"))
    return hmac.new(secret, text.encode(), "sha256").hexdigest()


def sealed(received: ReceivedDecision, keys: Sequence[str]) -> StoredDecision | None:
    """The decision of a person, if its seal holds for one of the keys."""
    decision, kept = received.decision, received.seal
    if kept is None or decision.by is None:
        return None
    holds = [hmac.compare_digest(seal(decision, key).encode(), kept.encode()) for key in keys]
    return decision if any(holds) else None
