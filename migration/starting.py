"""The input of an orchestration: the accepted request, and the settings as they were then.

Settings are captured here, so that a deployment with other settings cannot change a replay.
"""

from datetime import timedelta

from migration.polling import PollPolicy
from migration.recorded import Accepted
from migration.settings import Settings
from migration.wire import Json, Value


class MigrationStart(Value):
    """What `migrate_image` gets."""

    migration_id: str
    request: Json
    polling: PollPolicy
    retry_limit: timedelta = timedelta(hours=6)
    confirm_limit: timedelta = timedelta(minutes=30)


def start_of(accepted: Accepted, settings: Settings) -> MigrationStart:
    """The input for an accepted request."""
    return MigrationStart(
        migration_id=accepted.id,
        request=accepted.request,
        polling=PollPolicy(
            interval=settings.replication_poll_interval, timeout=settings.replication_timeout
        ),
        retry_limit=settings.azure_retry_timeout,
        confirm_limit=settings.deletion_confirm_timeout,
    )
