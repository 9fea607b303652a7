"""The `Retry-After` header, as every service of Azure sends it: seconds, or a moment
(https://www.rfc-editor.org/rfc/rfc9110#field.retry-after); which ones: docs/platform-notes.md#retry-after"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = r"[0-9]{1,9}(\.[0-9]*)?"


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds from `now` on, never less than none; None when the header says neither a number nor a date."""
    header = (header or "").strip()
    if re.fullmatch(_SECONDS, header):
        return float(header)
    try:
        when = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        # The reader lets numbers through that no date holds.
        return None
    # "-0000" means UTC of unknown origin.
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - now).total_seconds())
