"""The promises that always hold: one outcome and one notification each, only approved deletions, no secret told."""

import re
from collections import Counter
from functools import cache

from demo.identities import DELETER, PUBLISHER, ROLES_OF, actions_of
from localcloud.arm.protocol.actions import need_of
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client

# How the durable extension's management addresses look; they carry a key for the whole app.
_MANAGEMENT = re.compile(r"runtime/webhooks/durabletask|[?&]code=", re.IGNORECASE)

_COMPUTE = "/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Compute"
_BY_THE_DELETER = [
    re.compile(f"{what}[?]", re.IGNORECASE)
    for what in (
        f"(DELETE|PUT) {_COMPUTE}/images/[^/?]+",
        f"(DELETE|PUT) {_COMPUTE}/disks/restore-[^/?]+",
    )
]


def check(client: Client) -> None:
    """Let everything come to its end, then hold every promise against what there is."""
    migrations = every_migration(client)
    if still_open := [migration for migration in migrations if migration["outcome"] is None]:
        client.end_all(still_open)
        migrations = every_migration(client)
    unfinished = [m["id"] for m in migrations if m["outcome"] is None]
    assert not unfinished, f"accepted, and without an outcome after days: {unfinished}"
    check_deletions(client, migrations)
    check_identities(client)
    check_notifications(client, migrations)
    check_secrets(client)


def every_migration(client: Client) -> list[Json]:
    """The status of every migration that the list knows."""
    statuses: list[Json] = []
    cursor = ""
    while True:
        page = client.call("GET", f"/api/migrations?limit=200&cursor={cursor}").body
        statuses += [client.status(entry["id"]) for entry in page["migrations"]]
        cursor = page["cursor"]
        if not cursor:
            return statuses


def check_deletions(client: Client, migrations: list[Json]) -> None:
    """Azure's tombstones are exactly the images that the app says it deleted, each with an accepted approval."""
    stones = [stone["id"].lower() for stone in client.deleted_images()]
    gone = Counter(stone for stone in stones if stone not in client.deleted_by_tests)
    ours = [m for m in migrations if m["result"]["image"] == "deleted"]
    deleted = Counter(m["sourceImageId"].lower() for m in ours)
    assert gone == Counter({i: n for i, n in deleted.items() if i not in client.deleted_by_tests})
    for migration in ours:
        accepted = [
            d
            for d in migration["approval"]["decisions"]
            if d["decision"] == "approve" and d["verdict"] and d["verdict"]["accepted"]
        ]
        assert accepted, f"{migration['id']} deleted an image that nobody approved"


def check_identities(client: Client) -> None:
    """Images are deleted, and made again, by the identity for that, which does nothing else; the app does all else by
    another one."""
    by = {(line["client"], line["method"]) for line in client.arm_log()}
    assert (PUBLISHER, "DELETE") not in by
    asked = [line for line in client.arm_log() if line["client"] == DELETER]
    check_rights(client)
    others = [
        line
        for line in asked
        if not any(known.match(f"{line['method']} {line['path']}") for known in _BY_THE_DELETER)
    ]
    assert not others, f"the deleter's: {others}"


def check_rights(client: Client) -> None:
    """Nothing was asked of Azure that the roles of infra/ do not allow."""
    lacking = [
        f"{line['method']} {line['path']}: {need.action}"
        for line in client.arm_log()
        if line["client"] in ROLES_OF and (need := need_of(line["method"], line["path"]))
        if need.action.lower() not in allowed(line["client"])
    ]
    assert not lacking, f"no role has this: {lacking}"


@cache
def allowed(identity: str) -> set[str]:
    """The actions of the roles that an identity of the app has."""
    return {action.lower() for role in ROLES_OF[identity] for action in actions_of(role)}


def check_notifications(client: Client, migrations: list[Json]) -> None:
    """Every outcome was told; a repeat carries the same webhook-id."""
    for migration in migrations:
        received = client.notifications(migration["id"])
        finished = [n for n in received if n["body"]["type"] == "migration.finished"]
        ids = {n["headers"]["webhook-id"] for n in finished}
        accepted = [n for n in finished if n["refused"] is None]
        assert len(ids) == 1, f"{migration['id']} told its outcome under {ids}"
        assert len(accepted) == 1 or migration["warnings"], migration
        assert finished[-1]["body"]["data"]["outcome"] == migration["outcome"]


def check_secrets(client: Client) -> None:
    """No answer, log line or notification holds a system key or a durable management address."""
    keys = client.connection["systemKeys"].values()
    places = [(a.request, f"{a.headers} {a.text}") for a in client.answers]
    places += [("notification", str(n)) for n in client.receiver.received]
    places += [("log", client.process.printed())]
    for place, text in places:
        assert not any(key in text for key in keys), f"a system key in: {place}"
        assert not _MANAGEMENT.search(text), f"a management address in: {place}"
