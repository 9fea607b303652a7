"""The change number that a deployment may demand with a request for a deletion."""

from domain.approval.change_numbers import DemandedWith
from domain.migration.requests import MigrationRequest
from services.dependencies import Dependencies


def check_change_number(app: Dependencies, request: MigrationRequest) -> None:
    """Raises InvalidRequestError if the request is for a deletion and has no change number as demanded."""
    if request.deletion.enabled:
        app.settings.change_numbers.check(request.change_number, DemandedWith.REQUEST)
