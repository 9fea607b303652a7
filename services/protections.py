"""The protections of a version that count here: read only where the settings ask for them."""

import clock
from arm.galleries import read_gallery
from arm.lists import Patience
from arm.locks import read_locks
from domain.deletion.protection import Protection, blocks_until_end_of_life
from domain.facts import version_facts
from domain.migration.planning import Plan
from domain.references.locks import locks_on
from domain.values import Json
from services.dependencies import Dependencies

_SECONDS, _REQUESTS = 30.0, 100


def protections_of(app: Dependencies, plan: Plan, version: Json | None) -> frozenset[Protection]:
    """Those that the version has, of those that the settings ask for. Raises ArmError, UnexpectedResponseError and
    ListTooLongError."""
    wanted = app.settings.version_protection
    return frozenset(p for p in wanted if version is not None and _has(p, app, plan, version))


def _has(protection: Protection, app: Dependencies, plan: Plan, version: Json) -> bool:
    match protection:
        case Protection.END_OF_LIFE:
            return blocks_until_end_of_life(version_facts(version), clock.now())
        case Protection.SOFT_DELETE:
            gallery = read_gallery(app.arm, plan.gallery)
            return gallery is not None and gallery.soft_delete
        case Protection.LOCK:
            return _is_locked(app, plan)


def _is_locked(app: Dependencies, plan: Plan) -> bool:
    patience = Patience(_SECONDS, _REQUESTS)
    subscription = f"/subscriptions/{plan.gallery.subscription}"
    group = f"{subscription}/resourceGroups/{plan.gallery.resource_group}"
    scopes = (subscription, group, plan.version_id)
    listed = [row for scope in scopes for row in read_locks(app.arm, scope, patience)]
    return bool(locks_on(plan.version_id, listed))
