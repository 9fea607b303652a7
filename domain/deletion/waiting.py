"""A gate that nothing but time keeps shut: the window, the limits of a day. It opens by itself, and is waited for."""

from collections.abc import Iterable
from datetime import datetime

from domain.deletion.evidence import Check


def opens_at(checks: Iterable[Check], valid_until: datetime | None) -> datetime | None:
    """The moment at which the gate may open by itself, within the validity of the approval; None when it is open, when
    anything else keeps it shut, or when that is too late."""
    shut = [check for check in checks if not check.passed]
    moments = [check.opens_at for check in shut if check.opens_at is not None]
    if not shut or len(moments) < len(shut):
        return None
    latest = max(moments)
    return latest if valid_until is not None and latest <= valid_until else None
