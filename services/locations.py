"""The regions of subscriptions, remembered for an hour: they change a few times a year."""

import logging
from datetime import datetime, timedelta

import clock
from arm.client import ArmClient
from arm.errors import EXPECTED, error_of
from arm.locations import read_locations

REMEMBERED_FOR = timedelta(hours=1)
# Callers may name any subscription.
MOST_SUBSCRIPTIONS = 32

log = logging.getLogger("gallery_migrator")

_known: dict[tuple[str, str], tuple[datetime, frozenset[str]]] = {}


def locations_of(arm: ArmClient, subscription: str) -> frozenset[str]:
    """The regions of a subscription; none when Azure does not tell them now, which is no reason to refuse one."""
    key, now = (arm.endpoint, subscription), clock.now()
    known = _known.get(key)
    if known and now - known[0] < REMEMBERED_FOR:
        return known[1]
    try:
        regions = read_locations(arm, subscription)
    except (*EXPECTED, ValueError) as error:
        reason = error_of(error) if isinstance(error, EXPECTED) else error
        log.warning("the regions of %s could not be read: %s", subscription, reason)
        return frozenset()
    if len(_known) >= MOST_SUBSCRIPTIONS:
        _known.clear()
    _known[key] = (now, regions)
    return regions
