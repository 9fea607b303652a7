"""Figures that tests measure and people want to read: told anywhere in a test or a fixture, printed at the end.

A line told in a worker process of pytest-xdist reaches the printing process with the report of the test it belongs to.
"""

_told: list[str] = []


def tell(line: str) -> None:
    """Print this line when the run is over."""
    _told.append(line)


def told() -> list[str]:
    """What was told since the last call."""
    lines = list(_told)
    _told.clear()
    return lines
