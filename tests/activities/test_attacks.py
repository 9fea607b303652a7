"""Threats 2, 8, 12, 13 and 15 of docs/deletion.md, and what was suspected: what Azure answers, and who gets a token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential

from activities import deletion
from activities.deletion import confirm_deletion, delete_image
from activities.images import check_image
from activities.versions import promote_version, read_replication, start_version
from arm.client import ArmClient
from arm.errors import EXPECTED, ArmError
from arm.images import read_image_facts
from arm.operations import is_operation
from arm.requests import read_url
from arm.versions import put_version
from demo.identities import PUBLISHER
from domain.approval.decisions import ApprovalState, Decision, Verdict
from domain.ids import ComputeId, parse_gallery_id, parse_image_id
from domain.migration.latch import Effect, Halt, Intent, Latch, reject
from domain.results import ResultStatus
from localcloud.arm.server.arm_cloud import ArmCloud
from records.migrations import MigrationRecords
from services import identities
from services.identities import publisher
from tests import builders as b
from tests.activities.azure import Azure
from tests.activities.fixed_response_server import FixedResponse, fixed_responses
from tests.app import app, forget, records
from tests.builders import IMAGE_ID

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def own_clients() -> Iterator[None]:
    """Clients and identity know what they were made with."""
    forget()
    identities.forget()
    yield
    forget()
    identities.forget()


# ---- 2: who gets the token ---------------------------------------------------------------------------


def test_02_no_token_goes_to_a_host_that_stands_in_the_records(
    azure: Azure, cloud: ArmCloud
) -> None:
    """The address of the version's operation is the attacker's: when the version has failed, nobody is asked there."""
    azure.cloud.set_profile(failing_regions={"eastus2": "x"})
    azure.begun()
    subscription = azure.cloud.subscription_ids[0]
    with fixed_responses(Path(cloud.ca_file).parent, FixedResponse()) as (attacker, seen):
        now = azure.time.now()
        path = PATH.replace(SUBSCRIPTION, subscription)
        intent = Intent(run=1, at=now, began=now, operation_url=attacker + path)
        azure.latch(effects={Effect.VERSION: intent})
        azure.time.advance(hours=3)
        look = azure.done(read_replication)
        assert look["judgement"]["kind"] == "failed"
        with pytest.raises(ArmError, match="another host"):
            read_url(app().arm.compute(subscription), attacker + path)
    assert seen == []


FOREIGN = {
    "another host": "https://elsewhere{path}",
    "another port": "https://arm.example:8443{path}",
    "without encryption": "http://arm.example{path}",
    "a user that looks like the host": "https://arm.example@elsewhere{path}",
    "a user at the host": "https://somebody@arm.example{path}",
    "no address": "https://[{path}",
}
PATH = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/eastus2/operations/a-1"
OWNER = parse_gallery_id(
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Compute/galleries/g"
)


@pytest.mark.parametrize("url", FOREIGN.values(), ids=FOREIGN)
def test_02_an_operation_is_read_at_azures_own_host_only(url: str) -> None:
    """Scheme, host and port; and nobody before the host."""
    assert is_operation("https://arm.example", OWNER, f"https://arm.example{PATH}?a=b")
    assert is_operation("https://arm.example", OWNER, f"https://ARM.example:443{PATH}")
    assert not is_operation("https://arm.example", OWNER, url.format(path=PATH))


@pytest.mark.parametrize(
    "path",
    [
        "/subscriptions",
        PATH.replace(SUBSCRIPTION, "99999999-2222-3333-4444-555555555555"),
        PATH.replace("operations", "images"),
        PATH + "/more",
        PATH.replace("Microsoft.Compute", "Microsoft.KeyVault"),
    ],
)
def test_02_what_is_followed_is_an_operation_of_the_subscription(path: str) -> None:
    """And no other resource that the identity may read."""
    assert not is_operation("https://arm.example", OWNER, f"https://arm.example{path}")


@pytest.mark.usefixtures("own_clients")
def test_02_no_token_follows_the_next_page_to_another_host(
    azure: Azure, cloud: ArmCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor a redirect: whoever answers in Azure's place gets no further."""
    state = Path(cloud.ca_file).parent
    with fixed_responses(state, FixedResponse()) as (attacker, stolen):
        page = f'{{"value": [], "nextLink": "{attacker}/more"}}'.encode()
        moved = FixedResponse(307, b"", headers={"Location": f"{attacker}/moved"})
        for answer in (FixedResponse(200, page), moved):
            with fixed_responses(state, answer) as (address, _):
                arm = ArmClient(address, app().settings.token_scope, partial(publisher, ""))
                with pytest.raises(EXPECTED):
                    arm_list(arm)
    assert stolen == []


def arm_list(arm: ArmClient) -> None:
    from arm.images import _created_time

    _created_time(arm, parse_image_id(IMAGE_ID))


@pytest.mark.usefixtures("own_clients")
@pytest.mark.parametrize("name", ["WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID"])
def test_in_azure_only_the_managed_identity_is_tried(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Suspected: a developer's login, or a secret in a setting, would have been taken as well."""
    monkeypatch.setenv(name, "gallery-migrator")
    monkeypatch.delenv("AZURE_TOKEN_CREDENTIALS")
    for setting in ("AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.setenv(setting, "00000000-0000-0000-0000-000000000001")
    assert isinstance(identities.publisher(PUBLISHER), ManagedIdentityCredential)
    monkeypatch.setenv("RECORDS_STORE", "table")
    monkeypatch.setenv("RECORDS_TABLE_ENDPOINT", "https://records.table.core.windows.net")
    client = app().arm.compute(azure.cloud.subscription_ids[0])
    assert read_url(client, f"{azure.cloud.url}/subscriptions?api-version=2022-12-01")


# ---- 12: what a 404 speaks of ------------------------------------------------------------------------

NOT_ABOUT_IT = ["SubscriptionNotFound", "InvalidSubscriptionId", "NotFound", "ResourceTypeNotFound"]


@pytest.mark.parametrize("code", NOT_ABOUT_IT)
def test_12_a_404_that_speaks_of_something_else_confirms_nothing(azure: Azure, code: str) -> None:
    """The DELETE was taken; then Azure does not find the subscription for a while, and the image is still there."""
    azure.cloud.set_profile(seconds={"image delete": 600})
    azure.approved()
    azure.done(delete_image)
    azure.fault(what="status", status=404, code=code, message="no", method="GET")
    answer = azure.ask(confirm_deletion)
    assert answer.error is not None
    assert answer.error.transient
    azure.well()
    assert azure.done(confirm_deletion) == {"gone": False, "refusal": ""}


@pytest.mark.parametrize("code", NOT_ABOUT_IT)
def test_12_nor_does_it_say_that_somebody_else_deleted_the_image(azure: Azure, code: str) -> None:
    """Neither the check after replication nor the gate; and the DELETE's own answer is open then."""
    azure.approved()
    azure.fault(what="status", status=404, code=code, message="no", method="GET")
    for activity in (check_image, delete_image):
        answer = azure.ask(activity)
        assert answer.error is not None
        assert answer.error.transient
    azure.well()
    azure.fault(what="status", status=404, code=code, message="no", method="DELETE")
    answer = azure.ask(delete_image)
    assert answer.error is not None


def test_12_a_missing_group_counts_once_the_group_itself_is_missing(azure: Azure) -> None:
    """Not while the group is there, whatever is answered about the image."""
    plan = azure.approved()
    azure.done(delete_image)
    missing = {"what": "status", "status": 404, "code": "ResourceGroupNotFound", "method": "GET"}
    azure.fault(**missing, message="gone", path=plan.image.name)
    answer = azure.ask(confirm_deletion)
    assert answer.error is not None
    assert answer.error.transient
    azure.fault(**missing, message="gone")
    assert azure.done(confirm_deletion)["gone"]


# ---- 13: roles take minutes to spread ----------------------------------------------------------------


def test_13_a_403_in_a_watch_is_waited_out(azure: Azure) -> None:
    """For a bounded time, which `after_error` knows."""
    azure.begun()
    azure.fault(what="status", status=403, code="AuthorizationFailed", method="GET")
    answer = azure.ask(read_replication)
    assert answer.error is not None
    assert (answer.error.status, answer.error.transient) == (403, True)
    azure.well()
    assert azure.done(read_replication)["judgement"]["kind"] == "wait"


# ---- 15: two runs of the gate at once ----------------------------------------------------------------


def at_the_first_look(
    monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object], look: int = 1
) -> None:
    """Something happens right before one of the gate's looks at the image."""
    really, looks = deletion._look, [0]

    def then(arm: ArmClient, image: ComputeId) -> Any:
        looks[0] += 1
        if looks[0] == look:
            monkeypatch.setattr(deletion, "_look", really)
            happens()
        return really(arm, image)

    monkeypatch.setattr(deletion, "_look", then)


@pytest.mark.parametrize("look", [1, 2])
def test_15_two_runs_of_the_gate_at_once_know_that_it_was_us(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    """The one has read the records; then the other deletes the image, to the end."""
    azure.approved()

    def the_other() -> None:
        assert azure.done(delete_image)["kind"] == "sent"
        azure.time.advance(minutes=5)

    at_the_first_look(monkeypatch, the_other, look)
    assert azure.done(delete_image) == {"kind": "gone", "byUs": True}
    assert len(azure.sent("DELETE")) == 1


def test_15_nor_is_it_told_as_kept_by_the_one_that_sees_less(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other's DELETE is under way, and the version goes meanwhile: the confirmation tells, not the gate."""
    azure.cloud.set_profile(seconds={"image delete": 600})
    plan = azure.approved()

    def the_other() -> None:
        assert azure.done(delete_image)["kind"] == "sent"
        resource = azure.cloud.world.find(plan.version_id)
        assert resource is not None
        azure.cloud.world.bury([resource], azure.time.now(), "somebody-else")

    at_the_first_look(monkeypatch, the_other)
    value = azure.done(delete_image)
    assert (value["kind"], value["refused"]) == (
        "sent",
        "the image version is not there (any more); migrate the image again",
    )


def test_15_the_recipe_is_written_once(azure: Azure) -> None:
    """The recipe of the first try stays: a later one may see the image half gone, or otherwise."""
    azure.approved()
    azure.fault(what="status", status=429, method="DELETE", retryAfter=60)
    assert azure.ask(delete_image).error is not None
    first = records().read_recipe(azure.accepted.id)
    azure.well()
    resource = azure.cloud.world.find(azure.image_id)
    assert resource is not None
    azure.cloud.world.save(replace(resource, tags={"seen": "later"}))
    azure.time.advance(minutes=5)
    assert azure.done(delete_image)["kind"] == "sent"
    assert first is not None
    assert records().read_recipe(azure.accepted.id) == first


# ---- 8: a rejection in the last moment -----------------------------------------------------------------


def rejecting(azure: Azure) -> None:
    rejection = b.a_decision(key="r", decision=Decision.REJECT, migration_id=azure.accepted.id)
    verdict = Verdict(state=ApprovalState.REJECTED, decided_by=rejection)
    held = records().change_latch(azure.accepted.id, lambda latch: reject(latch, verdict))
    assert isinstance(held, Latch)


@pytest.mark.parametrize("look", [1, 2])
def test_08_a_rejection_while_the_gate_reads_keeps_the_image(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    """All that the gate has read says approved; the intent to delete is a change of the row that was just changed."""
    plan = azure.approved()
    at_the_first_look(monkeypatch, lambda: rejecting(azure), look)
    value = azure.done(delete_image)
    assert value["kind"] == "refused"
    assert "deletion approved: no" in value["reasons"][0]
    assert azure.sent("DELETE") == []
    assert azure.written().latch.deletion is None
    assert azure.resource(plan.image_id) is not None


def test_08_once_the_delete_is_sent_a_rejection_is_too_late(azure: Azure) -> None:
    """Its sender is told so."""
    azure.approved()
    azure.done(delete_image)
    verdict = Verdict(state=ApprovalState.REJECTED)
    held = records().change_latch(azure.accepted.id, lambda latch: reject(latch, verdict))
    assert held is Halt.TOO_LATE


def test_08_a_rejection_before_the_promotion_leaves_the_version_hidden(azure: Azure) -> None:
    """As one at the asking does: nothing is promoted."""
    azure.approved()
    rejecting(azure)
    azure.forget_requests()
    answer = azure.ask(promote_version)
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("DeletionRejected", False)
    assert azure.sent("PUT") == []


# ---- suspected ---------------------------------------------------------------------------------------


def test_a_version_made_a_moment_before_is_not_ours(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's PUT of the same name and image comes between our reading and our PUT: it is told, and never ours."""
    plan = azure.defined()
    read = read_image_facts

    def then_somebody_is_faster(arm: ArmClient, image: ComputeId) -> Any:
        facts = read(arm, image)
        body = {**plan.version_body, "tags": {}}
        names = (plan.gallery, plan.definition_name, plan.version_name)
        put_version(arm, *names, body, not_after=azure.time.now())
        return facts

    monkeypatch.setattr("activities.versions.read_image_facts", then_somebody_is_faster)
    azure.done(start_version)
    written = azure.written()
    assert any("in the moment before ours" in warning for warning in written.state.warnings)
    assert records().begun_versions(azure.accepted.image_key) == []


def test_a_version_that_goes_while_the_gate_checks_keeps_the_image(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Suspected: it was read once, and the image's last look was all that came after."""
    plan = azure.approved()

    def the_version_goes() -> None:
        resource = azure.cloud.world.find(plan.version_id)
        assert resource is not None
        azure.cloud.world.bury([resource], azure.time.now(), "somebody-else")

    write = MigrationRecords.write_recipe

    def then(self: MigrationRecords, migration: str, image: Any, at: datetime) -> None:
        write(self, migration, image, at)
        the_version_goes()

    monkeypatch.setattr(MigrationRecords, "write_recipe", then)
    value = azure.done(delete_image)
    assert value["reasons"] == [
        "the image version is not there (any more); migrate the image again"
    ]
    assert azure.sent("DELETE") == []


def test_the_put_of_a_version_asks_azure_not_to_overwrite(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`If-None-Match: *`; where Azure heeds it, its 412 means to read again, and nothing was sent by us."""
    azure.defined()
    azure.fault(what="status", status=412, code="PreconditionFailed", method="PUT")
    answer = azure.ask(start_version)
    assert answer.error is not None
    assert (answer.error.status, answer.error.transient) == (412, True)
    assert Effect.VERSION not in azure.written().latch.effects


@pytest.mark.parametrize("activity", [delete_image, read_replication, check_image])
def test_what_another_app_started_does_nothing_and_is_told(
    azure: Azure, caplog: pytest.LogCaptureFixture, activity: Callable[[Any], Any]
) -> None:
    """Suspected: two apps on one storage account share a hub, and run each other's orchestrations."""
    foreign = "f" * 32 + "-1-0123abcd"
    azure.forget_requests()
    caplog.set_level("WARNING", "gallery_migrator")
    assert azure.ask(activity, migrationId=foreign).status is ResultStatus.OVER
    assert azure.sent() == []
    assert f"{foreign}: {activity.__name__} is asked for" in caplog.text
