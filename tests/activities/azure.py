"""The app's activities against the ARM emulator: what a test asks for, what it got, what went over the wire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from migration.answers import Answer, Standing

from activities.configuration import records
from domain.approval.decisions import Decision
from domain.migration.planning import Plan
from domain.migration.recorded import Accepted, Received, Ruling
from domain.values import Json
from localcloud.arm.faults import read_rule
from localcloud.arm.seed import seed_default
from localcloud.arm.server import ArmCloud
from tests.builders import a_decision, an_acceptance
from tests.localcloud.arm.spec.background import MovableTime

Activity = Callable[[Json], Json]
IMAGE, GALLERY = "ubuntu-base", "myGallery"


class Azure:
    """A cloud with images and a gallery, records with one accepted migration, and the time of both."""

    def __init__(self, cloud: ArmCloud, time: MovableTime) -> None:
        self.cloud, self.time = cloud, time
        self.images = {str(body["id"]).rsplit("/", 1)[-1]: body for body in seed_default(cloud)}
        root = f"/subscriptions/{cloud.subscription_ids[0]}/resourceGroups/gallery-eastus2"
        self.gallery_id = f"{root}/providers/Microsoft.Compute/galleries/{GALLERY}"
        self.image_id = str(self.images[IMAGE]["id"])
        self.accepted = self.accept()

    def accept(self, **changes: Any) -> Accepted:
        """A migration of the image is accepted; `changes` to the request."""
        values = {"galleryId": self.gallery_id, "targetRegions": [], **changes}
        accepted = an_acceptance(image_id=values.pop("sourceImageId", self.image_id), **values)
        records().accept(accepted)
        return accepted

    # -- running activities -------------------------------------------------------------------------------------

    def ask(self, activity: Activity, **fields: Any) -> Answer:
        """An activity's answer, whatever it is."""
        return Answer.from_wire(activity({"migrationId": self.accepted.id, **fields}))

    def done(self, activity: Activity, **fields: Any) -> Json:
        """The value of an activity that must succeed."""
        answer = self.ask(activity, **fields)
        assert answer.standing is Standing.DONE, answer.error
        return answer.value

    def plan(self) -> Plan:
        """The plan for what was accepted, by the real activity."""
        from activities.planning import plan_migration

        return Plan.from_wire(self.done(plan_migration, request=self.accepted.request)["plan"])

    # -- the cloud ----------------------------------------------------------------------------------------------

    def fault(self, **rule: Any) -> None:
        """From now on this goes wrong (`localcloud.arm.faults.Rule`)."""
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

    def delete_image(self) -> None:
        """Somebody else deletes the image."""
        found = self.cloud.world.find(self.image_id)
        assert found is not None
        self.cloud.world.bury([found], self.time.now(), "somebody-else")

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
        self.done(ensure_definition, **definition_input(plan))
        self.time.advance(seconds=30)
        return plan

    def begun(self) -> Plan:
        """The version's PUT was sent."""
        from activities.versions import start_version

        plan = self.defined()
        self.done(start_version, **version_input(plan))
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

    def decide(
        self, plan: Plan, decision: Decision, *, accepted: bool = True, key: str = "k1"
    ) -> None:
        """A decision is stored and ruled on."""
        stored = a_decision(
            key=key,
            migration_id=self.accepted.id,
            fingerprint=plan.fingerprint.value,
            decision=decision,
            received_at=self.time.now(),
        )
        records().receive(self.accepted.id, Received(decision=stored, body_hash="h"))
        records().rule(self.accepted.id, stored.key, Ruling(accepted=accepted, text="ruled"))

    def deletion_input(self, plan: Plan) -> Json:
        """The fields of `gate_and_delete`."""
        return {
            **version_of(plan),
            "imageId": plan.image_id,
            "fingerprint": plan.fingerprint.value,
            "regions": list(plan.regions),
            "deadline": (self.time.now() + timedelta(days=3)).isoformat(),
        }


def version_of(plan: Plan) -> Json:
    """The fields that every version step has."""
    return {
        "galleryId": plan.gallery_id,
        "definition": plan.definition_name,
        "version": plan.version_name,
    }


def definition_input(plan: Plan) -> Json:
    """The fields of `ensure_definition`."""
    return {
        "galleryId": plan.gallery_id,
        "name": plan.definition_name,
        "body": plan.definition_body,
    }


def version_input(plan: Plan) -> Json:
    """The fields of `start_version`."""
    return {
        **version_of(plan),
        "imageId": plan.image_id,
        "fingerprint": plan.fingerprint.value,
        "body": plan.version_body,
    }
