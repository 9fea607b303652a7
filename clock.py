"""The time, for everything of the app that is not an orchestrator (those have the context's time).

A host may put another clock in with `use` before the first request: the embedded local cloud does, so that a
three-day approval is a test of a second. Nothing else may call it. Tokens, certificates and webhook signatures
never ask here: they are checked by others against the wall clock.
"""

from collections.abc import Callable
from datetime import UTC, datetime


def _wall_clock() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _wall_clock


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _source()


def use(source: Callable[[], datetime]) -> None:
    """The documented hook: from now on `source` says what time it is (aware, UTC)."""
    global _source  # noqa: PLW0603 - the one seam for a host's clock
    _source = source
