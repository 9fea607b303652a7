"""The app's activities against the ARM emulator: what a test asks for, what it got, what went over the wire."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from arm.client import ArmClient
from demo.identities import assignments
from domain.approval.decisions import ApprovalState, Decision
from domain.migration.latch import Latch, Restart
from domain.migration.planning import Plan
from domain.migration.recorded import AcceptedRequest, Snapshot
from domain.results import ActivityResult, ResultStatus
from domain.values import Json
from localcloud.arm.faults.rules import read_rule
from localcloud.arm.server.arm_cloud import ArmCloud
from localcloud.arm.server.seed import seed_default
from localcloud.testing.running_arm import MovableTime
from services.identities import managed_identity
from tests.app import app, records
from tests.builders import a_received, an_acceptance

Activity = Callable[[Json], Json]
IMAGE, GALLERY = "ubuntu-base", "myGallery"


class Azure:
    """A cloud with images and a gallery, records with one accepted migration, and the time of both."""

    def __init__(self, cloud: ArmCloud, time: MovableTime) -> None:
        self.cloud, self.time = cloud, time
        cloud.assign(assignments())
        self.images = {str(body["id"]).rsplit("/", 1)[-1]: body for body in seed_default(cloud)}
        root = f"/subscriptions/{cloud.subscription_ids[0]}/resourceGroups/gallery-eastus2"
        self.gallery_id = f"{root}/providers/Microsoft.Compute/galleries/{GALLERY}"
        self.image_id = str(self.images[IMAGE]["id"])
        self.run = 1
        self._attempts = 0
        self.accepted = self.accept()

    def accept(self, **changes: Any) -> AcceptedRequest:
        """A migration of the image is accepted; `changes` to the request."""
        self._attempts += 1
        values = {"galleryId": self.gallery_id, "targetRegions": [], **changes}
        image_id = values.pop("sourceImageId", self.image_id)
        accepted = an_acceptance(self._attempts, image_id, **values)
        assert records().accept(accepted)
        return accepted

    # -- running activities -------------------------------------------------------------------------------------

    def ask(self, activity: Activity, **fields: Any) -> ActivityResult:
        """The answer of an activity to the run, whatever it is."""
        step = {"migrationId": self.accepted.id, "run": self.run, "at": self.at}
        asked = {**step, "began": self.at, "polls": 0, **fields}
        return ActivityResult.model_validate(activity(asked))

    def done(self, activity: Activity, **fields: Any) -> Json:
        """The value of an activity that must succeed."""
        result = self.ask(activity, **fields)
        assert result.status is ResultStatus.DONE, result
        return result.value

    @property
    def at(self) -> str:
        """The present moment, as an orchestration tells it."""
        return self.time.now().isoformat()

    def plan(self, taken: str = "") -> Plan:
        """The plan for what was accepted, by the real activity; `taken`: in place of that of this name."""
        from activities.planning import plan_migration

        self.done(plan_migration, taken=taken)
        return self.written().planned

    # -- the records --------------------------------------------------------------------------------------------

    def written(self) -> Snapshot:
        """Everything that is recorded."""
        snapshot = records().snapshot(self.accepted.id)
        assert snapshot is not None
        return snapshot

    def replan(self, **changes: Any) -> Plan:
        """Another plan stands in the records than the one that was made."""
        plan = self.written().planned
        changed = plan.model_copy(update=changes)
        return records().write_plan(self.accepted.id, changed, taken=plan.version_name)

    def latch(self, **changes: Any) -> Latch:
        """The latch is changed by hand."""
        held = records().change_latch(
            self.accepted.id, lambda latch: latch.model_copy(update=changes)
        )
        assert isinstance(held, Latch)
        return held

    def restart(self) -> None:
        """A later run stands; what is asked from now on is still asked by the earlier one."""
        before = self.written().latch
        start = Restart(run=before.run + 1, at=self.time.now(), cause="it failed", mark="m")
        self.latch(run=start.run, restarts=(*before.restarts, start))

    # -- the cloud ----------------------------------------------------------------------------------------------

    def fault(self, **rule: Any) -> None:
        """From now on this goes wrong (`localcloud.arm.faults.rules.Rule`)."""
        self.cloud.faults.set([read_rule(rule)])

    def well(self) -> None:
        """Nothing goes wrong any more."""
        self.cloud.faults.clear()
        self.cloud.release("all")

    def sent(self, method: str = "", path: str = "") -> list[Json]:
        """The requests that reached the cloud, without those for tokens."""
        return [
            line
            for line in self.cloud.requests
            if method in ("", line["method"]) and path.lower() in str(line["path"]).lower()
        ]

    def forget_requests(self) -> None:
        """Count from here."""
        self.cloud.requests.clear()

    def resource(self, resource_id: str) -> Json | None:
        """A resource as the cloud has it now."""
        found = {str(r["id"]).lower(): r for r in self.cloud.state()["resources"]}
        return found.get(resource_id.lower())

    def somebody_else(self) -> ArmClient:
        """Azure as another identity sees it, which may do everything."""
        settings = app().settings
        return ArmClient(settings.arm_endpoint, settings.token_scope, partial(managed_identity, ""))

    def delete_image(self) -> None:
        """Somebody else deletes the image."""
        resource = self.cloud.world.find(self.image_id)
        assert resource is not None
        self.cloud.world.bury([resource], self.time.now(), "somebody-else")

    def recreate_image(self, **changes: Any) -> None:
        """Somebody makes another image under the same name."""
        self.delete_image()
        self.time.advance(minutes=1)
        body = {**self.images[IMAGE], **changes}
        self.cloud.add_image({**body, "createdTime": self.time.now().isoformat()})

    # -- how far a migration has come ---------------------------------------------------------------------------

    def defined(self) -> Plan:
        """Planned, and the definition is there."""
        from activities.definitions import ensure_definition

        plan = self.plan()
        self.done(ensure_definition)
        self.time.advance(seconds=30)
        return plan

    def begun(self) -> Plan:
        """The version's PUT was sent."""
        from activities.versions import start_version

        plan = self.defined()
        self.done(start_version)
        return plan

    def replicated(self) -> Plan:
        """The version is ready in every region."""
        plan = self.begun()
        self.time.advance(hours=1)
        return plan

    def approved(self) -> Plan:
        """And a decision to delete the image was accepted."""
        plan = self.replicated()
        self.decide(plan, Decision.APPROVE)
        return plan

    def decide(self, plan: Plan, decision: Decision, **changes: Any) -> ApprovalState:
        """The approval is asked for, a decision stored (`changes` to it) and judged; where the approval stands."""
        from activities.approvals import decide_approval, open_approval
        from activities.statements import make_statement

        opened = self.done(open_approval)
        self.done(make_statement)
        asked = self.written().statement
        assert asked is not None
        values: Json = {
            "migration_id": self.accepted.id,
            "fingerprint": plan.fingerprint.value,
            "decision": decision,
            "statement_hash": asked.hash,
            "received_at": self.time.now(),
        }
        records().receive(self.accepted.id, a_received(**{**values, **changes}))
        return ApprovalState(self.done(decide_approval, round=opened["round"])["state"])
