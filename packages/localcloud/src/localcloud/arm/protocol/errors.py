"""ARM's errors: the refusals of `refusals.py` and of the tables beside it filled in, and their envelope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from localcloud.arm.protocol import gallery_refusals, machine_refusals, refusals
from localcloud.arm.state.model import Failure, Json

_TABLE = refusals.TABLE | gallery_refusals.TABLE | machine_refusals.TABLE

# Answered by the gateway itself, not by the resource provider: compact JSON, x-ms-failure-cause.
GATEWAY = frozenset(
    {"resource missing", "group missing", "parent missing", "locked", "denied", "machine policy"}
)


class ArmError(Exception):
    """A refusal, with everything its response needs."""

    def __init__(
        self,
        status: int,
        failure: Failure,
        *,
        details: Sequence[Json] = (),
        extra: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{failure.code}: {failure.message}")
        self.status = status
        self.failure = failure
        self.details = list(details)
        self.extra = extra or {}
        self.headers = dict(headers or {})

    def as_json(self) -> Json:
        """The response body."""
        error = self.failure.as_json()
        if self.details:
            error["details"] = self.details
        return {"error": error | self.extra}


def refusal(name: str, /, **values: object) -> ArmError:
    """The error of this name in the tables of refusals, its text filled in."""
    status, code, message, target = _TABLE[name]
    failure = Failure(
        code, message.format(**values), None if target is None else target.format(**values)
    )
    headers = {"x-ms-failure-cause": "gateway"} if name in GATEWAY else {}
    return ArmError(status, failure, headers=headers)
