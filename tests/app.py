"""What the app works with in this process, as tests arrange it and look at it."""

from records.migrations import MigrationRecords
from services.dependencies import Dependencies, dependencies


def app() -> Dependencies:
    """What activities and handlers are given."""
    return dependencies()


def records() -> MigrationRecords:
    """The app's records."""
    return dependencies().records


def forget() -> None:
    """The environment has changed: settings, records and clients are made anew at their next use."""
    dependencies.cache_clear()
