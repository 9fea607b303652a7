"""The app's dependencies in this process, for tests to arrange and to look at."""

from records.migrations import MigrationRecords
from services.dependencies import Dependencies, dependencies


def app() -> Dependencies:
    """Return the dependencies that activities and handlers are given."""
    return dependencies()


def records() -> MigrationRecords:
    """The app's records."""
    return dependencies().records


def forget() -> None:
    """The environment has changed: settings, records and clients are made anew at their next use."""
    dependencies.cache_clear()
