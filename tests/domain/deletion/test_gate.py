"""The gate: every check alone shuts it, and what is unknown shuts it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.identities import DELETER
from domain.approval.decisions import ApprovalState, Decision, Verdict
from domain.approval.delivery import Delivery
from domain.approval.statement import StatedReferences, StatedUser
from domain.audit.anchors import Standing
from domain.boot_test.proof import ProofPolicy
from domain.deletion.actions import NEXT_ACTIONS, refusals
from domain.deletion.audited import AuditReading
from domain.deletion.copies import BegunVersion
from domain.deletion.gate import GateQuestion, GateReadings, check_gate
from domain.deletion.quota import Quota, Reservations
from domain.deletion.stated import STATEMENT
from domain.facts import Disk, ImageFacts
from domain.migration.fingerprint import fingerprint_of
from domain.migration.polling import RegionStatus, VersionReading
from domain.references.kinds import Effect
from domain.references.locks import ImageLock
from domain.references.scan import Gap, Scan
from domain.references.users import ImageUser
from tests.builders import (
    IMAGE_ID,
    MIGRATION_ID,
    NOW,
    SUBSCRIPTION,
    a_decision,
    a_deployment,
    a_question,
    a_statement,
    a_version,
    an_image,
    data_disk,
    storage_profile,
)
from tests.credentials import WEBHOOK

FINGERPRINT = fingerprint_of(an_image())
REGIONS = ("eastus2", "westeurope")


def replication(state: str = "Succeeded", east: str = "Completed", **more: str) -> VersionReading:
    states = {"eastus2": east, "westeurope": "Completed", **more}
    regions = tuple(RegionStatus(name=name, state=of) for name, of in states.items() if of)
    return VersionReading(provisioning_state=state, regions=regions)


def begun(**changes: Any) -> BegunVersion:
    values = {
        "version_id": a_version().id,
        "migration": MIGRATION_ID,
        "fingerprint": FINGERPRINT.value,
        "mode": "Full",
        "at": NOW,
    }
    return BegunVersion(**{**values, **changes})


def verdict(state: ApprovalState = ApprovalState.APPROVED) -> Verdict:
    return Verdict(state=state, decided_by=a_decision())


AUDIT = AuditReading(
    own=Standing(holds=True, found="5 events"), deployment=Standing(holds=True, found="5 events")
)


def readings(**changes: Any) -> GateReadings:
    """An open gate; `decision` in place of the one that approved."""
    decision = changes.pop("decision", a_decision())
    values = {
        "image": an_image(),
        "version": a_version(),
        "replication": replication(),
        "others": (
            a_version(),
            a_version("0.8.0"),
            a_version("0.9.0", source="/other", mode="Shallow"),
        ),
        "begun": begun(),
        "verdict": verdict(),
        "decisions": (decision,) if decision else (),
        "scan": a_scan(),
        "approved": a_statement(),
        "stated": a_statement(),
        "audit": AUDIT,
        "deployment": a_deployment(),
    }
    return GateReadings(**{**values, **changes})


def question(**changes: Any) -> GateQuestion:
    values = {
        "image_id": IMAGE_ID,
        "approved_fingerprint": FINGERPRINT.value,
        "regions": REGIONS,
        "asked": a_question(),
        "deleter": DELETER,
        "now": NOW + timedelta(hours=1),
    }
    return GateQuestion(**{**values, **changes})


WITHDRAWAL = a_decision(key="w", decision=Decision.WITHDRAW, received_at=NOW + timedelta(minutes=1))


def a_scan(**changes: Any) -> Scan:
    """A scan of half a minute ago, which found one machine with a disk of its own."""
    values = {
        "image_id": IMAGE_ID,
        "subscriptions": ("one",),
        "users": (a_user(Effect.WARNS),),
        "locks": (),
        "gaps": (),
        "machines": 1,
        "scale_sets": 0,
        "machines_read_at": NOW + timedelta(hours=1, seconds=-30),
    }
    return Scan(**{**values, **changes})


def a_user(effect: Effect) -> ImageUser:
    return ImageUser(id="/vm", kind="virtual machine", scope="/g", use="uses it", effect=effect)


SEEN = StatedReferences(
    subscriptions=(SUBSCRIPTION,),
    complete=True,
    users=(StatedUser(kind="virtual machine", id="/vm", scope="/g", effect=Effect.WARNS),),
)
A_LOCK = ImageLock(id="/l", level="CanNotDelete", scope="/subscriptions/one", inherited=True)
A_GAP = Gap(where="scale sets", reason="AuthorizationFailed")
LATER = NOW + timedelta(hours=1, seconds=1)
REJECTION = a_decision(key="r", decision=Decision.REJECT)
SHUT: dict[str, tuple[GateReadings, GateQuestion, str]] = {
    "a user needs the image": (
        readings(scan=a_scan(users=(a_user(Effect.WARNS), a_user(Effect.BLOCKS)))),
        question(),
        "nobody needs the image",
    ),
    "no way back for the security type": (
        readings(),
        question(security_type="TrustedLaunch"),
        "undo possible",
    ),
    "no version in the image's region": (
        readings(version=a_version().model_copy(update={"regions": ("westeurope",)})),
        question(),
        "undo possible",
    ),
    "no identity deletes": (readings(), question(deleter=""), "deletion permitted"),
    "a boot test is demanded, and none was made": (
        readings(),
        question(boot_proof=ProofPolicy(required=True)),
        "boot test passed",
    ),
    "a lock above the image": (
        readings(scan=a_scan(locks=(A_LOCK,))),
        question(),
        "no lock on the image",
    ),
    "the tag that vetoes": (
        readings(image=an_image().model_copy(update={"tags": {"donotdelete": "no"}})),
        question(),
        "no veto tag on the image",
    ),
    "another tag that vetoes": (
        readings(image=an_image().model_copy(update={"tags": {"keep": ""}})),
        question(veto_tag="Keep"),
        "no veto tag on the image",
    ),
    "a part of the scan is missing": (
        readings(scan=a_scan(gaps=(A_GAP,))),
        question(),
        "users of the image known",
    ),
    "a user has appeared since it was approved": (
        readings(stated=a_statement(references=SEEN)),
        question(),
        STATEMENT,
    ),
    "nobody was shown a statement": (readings(approved=None), question(), STATEMENT),
    "nothing is stated now": (readings(stated=None), question(), STATEMENT),
    "the approval is for another statement": (
        readings(decision=a_decision(statement_hash="0" * 64)),
        question(),
        "deletion approved",
    ),
    "nobody looked for users": (readings(scan=None), question(), "users of the image known"),
    "the machines were read a while ago": (
        readings(scan=a_scan(machines_read_at=LATER - timedelta(seconds=62))),
        question(),
        "machines and scale sets just read",
    ),
    "the machines were read in the future": (
        readings(scan=a_scan(machines_read_at=LATER)),
        question(),
        "machines and scale sets just read",
    ),
    "the version is updating": (
        readings(replication=replication("Updating")),
        question(),
        "version succeeded",
    ),
    "the version's state is unknown": (
        readings(replication=replication("Unknown")),
        question(),
        "version succeeded",
    ),
    "a region replicates": (
        readings(replication=replication(east="Replicating")),
        question(),
        "replicated to every region",
    ),
    "a region is not reported": (
        readings(replication=replication(east="")),
        question(),
        "replicated to every region",
    ),
    "a region that was not asked for this time replicates": (
        readings(replication=replication(east="Replicating")),
        question(regions=("westeurope",)),
        "replicated to every region",
    ),
    "no region was asked for": (
        readings(),
        question(regions=()),
        "replicated to every region",
    ),
    "the version is shallow": (
        readings(version=a_version(mode="Shallow")),
        question(),
        "full replication",
    ),
    "the version has another source": (
        readings(version=a_version(source="/other")),
        question(),
        "version made from this image",
    ),
    "the version tells no source": (
        readings(version=a_version(source=None)),
        question(),
        "version made from this image",
    ),
    "the version has no tag of ours": (
        readings(version=a_version(tag=None)),
        question(),
        "version carries the approved fingerprint",
    ),
    "the version has another tag": (
        readings(version=a_version(tag="v1-a-b")),
        question(),
        "version carries the approved fingerprint",
    ),
    "nobody decided": (readings(decision=None), question(), "deletion approved"),
    "it was rejected": (
        readings(decision=a_decision(decision=Decision.REJECT)),
        question(),
        "deletion approved",
    ),
    "the approval is another migration's": (
        readings(decision=a_decision(migration_id="x-1")),
        question(),
        "deletion approved",
    ),
    "the approval is for another fingerprint": (
        readings(decision=a_decision(fingerprint="v1-a-b")),
        question(),
        "deletion approved",
    ),
    "we have no record of the version": (readings(begun=None), question(), "version begun by us"),
    "we began it from another image": (
        readings(begun=begun(fingerprint="v1-a-b")),
        question(),
        "version begun by us",
    ),
    "we began another version": (
        readings(begun=begun(version_id=a_version("0.9.0").id)),
        question(),
        "version begun by us",
    ),
    "we began it before the image was created": (
        readings(begun=begun(at=NOW - timedelta(days=9000))),
        question(),
        "version begun by us",
    ),
    "it was published before the image was created": (
        readings(
            version=a_version().model_copy(update={"published_date": "2020-01-01T00:00:00+00:00"})
        ),
        question(),
        "version published after the image was created",
    ),
    "nobody knows when it was published": (
        readings(version=a_version().model_copy(update={"published_date": None})),
        question(),
        "version published after the image was created",
    ),
    "the version has no disks": (
        readings(version=a_version().model_copy(update={"disks": ()})),
        question(),
        "disks of the version equal the image's",
    ),
    "the version's disk is smaller": (
        readings(version=a_version().model_copy(update={"disks": (Disk(size_gb=30),)})),
        question(),
        "disks of the version equal the image's",
    ),
    "the version has a disk more": (
        readings(
            version=a_version().model_copy(
                update={"disks": (Disk(size_gb=127), Disk(lun=0, size_gb=10))}
            )
        ),
        question(),
        "disks of the version equal the image's",
    ),
    "another version is shallow and hangs on the image": (
        readings(others=(a_version(), a_version("0.9.0", mode="Shallow"))),
        question(),
        "no other version needs the image",
    ),
    "another version is still being made from the image": (
        readings(others=(a_version("0.9.0", state="Creating"),)),
        question(),
        "no other version needs the image",
    ),
    "somebody rejected it since": (
        readings(decisions=(a_decision(), REJECTION)),
        question(),
        "deletion approved",
    ),
    "the workflow's verdict is a rejection": (
        readings(verdict=verdict(ApprovalState.REJECTED)),
        question(),
        "deletion approved",
    ),
    "the workflow has no verdict": (readings(verdict=None), question(), "deletion approved"),
    "the approval is too old": (
        readings(scan=a_scan(machines_read_at=NOW + timedelta(days=1))),
        question(now=NOW + timedelta(days=1, seconds=1)),
        "approval still valid",
    ),
    "the requester has the secret": (
        readings(),
        question(asked=a_question(requester=WEBHOOK)),
        "deletion approved",
    ),
    "nobody knows who asked": (
        readings(),
        question(asked=a_question(requester=None)),
        "deletion approved",
    ),
    "the secret is listed no more": (
        readings(),
        question(asked=a_question(webhooks=())),
        "deletion approved",
    ),
    "one of two approvals": (readings(), question(asked=a_question(quorum=2)), "deletion approved"),
    "the approval was withdrawn": (
        readings(decisions=(a_decision(), WITHDRAWAL)),
        question(),
        "deletion approved",
    ),
    "the quiet time has not passed since the promotion": (
        readings(promoted_at=NOW + timedelta(minutes=30)),
        question(asked=a_question(quiet_time=timedelta(minutes=31))),
        "quiet time over",
    ),
    "the quiet time has not passed since the approval": (
        readings(promoted_at=NOW - timedelta(days=9)),
        question(asked=a_question(quiet_time=timedelta(hours=2))),
        "quiet time over",
    ),
    "another fingerprint was asked about and approved": (
        readings(decisions=(a_decision(fingerprint="v1-another"),)),
        question(asked=a_question(fingerprint="v1-another")),
        "deletion approved",
    ),
    "the approval came before anybody was asked": (
        readings(),
        question(asked=a_question(asked_at=NOW + timedelta(seconds=1))),
        "deletion approved",
    ),
    "the approval came after the deadline": (
        readings(),
        question(asked=a_question(deadline=NOW - timedelta(seconds=1))),
        "deletion approved",
    ),
}


def test_the_gate_is_open_when_everything_holds() -> None:
    """Twenty checks, all passed, each with what was found."""
    checks = check_gate(readings(), question())
    assert refusals(checks) == []
    assert len(checks) == len(NEXT_ACTIONS)
    assert all(check.found for check in checks)


CREATED_AT = datetime.fromisoformat(an_image().created_time or "")
PUBLISHED_THEN = a_version().model_copy(update={"published_date": CREATED_AT.isoformat()})
LAST_MOMENTS: dict[str, tuple[GateReadings, GateQuestion]] = {
    "begun in the moment of the creation": (readings(begun=begun(at=CREATED_AT)), question()),
    "published in the moment of the creation": (readings(version=PUBLISHED_THEN), question()),
    "asked in the last moment of the approval": (
        readings(scan=a_scan(machines_read_at=NOW + timedelta(days=1))),
        question(now=NOW + timedelta(days=1)),
    ),
}


@pytest.mark.parametrize(("read", "asked"), LAST_MOMENTS.values(), ids=LAST_MOMENTS)
def test_a_limit_is_still_within(read: GateReadings, asked: GateQuestion) -> None:
    """A version cannot be older than its image, and an approval is valid to its end."""
    assert refusals(check_gate(read, asked)) == []


@pytest.mark.parametrize(("found", "asked", "check"), SHUT.values(), ids=SHUT)
def test_each_check_alone_shuts_the_gate(
    found: GateReadings, asked: GateQuestion, check: str
) -> None:
    """The refusal names this check and no other."""
    failed = [c.name for c in check_gate(found, asked) if not c.passed]
    assert failed == [check]
    assert len(refusals(check_gate(found, asked))) == 1


UNLIKE: dict[str, tuple[ImageFacts, set[str]]] = {
    "another image": (
        an_image(created="2026-01-01T00:00:00Z"),
        {"image unchanged since the approval"},
    ),
    "one made anew after the version": (
        an_image(created="2026-03-02T09:30:01Z"),
        {
            "image unchanged since the approval",
            "version begun by us",
            "version published after the image was created",
        },
    ),
    "a larger one": (
        an_image(storageProfile=storage_profile({"diskSizeGB": 256})),
        {"image unchanged since the approval", "disks of the version equal the image's"},
    ),
    "one with a disk more": (
        an_image(storageProfile=storage_profile(data_disks=[data_disk(3)])),
        {"image unchanged since the approval", "disks of the version equal the image's"},
    ),
    "one whose size is not told": (
        an_image(storageProfile=storage_profile({"diskSizeGB": None})),
        {"image unchanged since the approval", "disks of the version equal the image's"},
    ),
}


@pytest.mark.parametrize(("image", "names"), UNLIKE.values(), ids=UNLIKE)
def test_an_image_unlike_the_copied_one_shuts_the_gate(image: ImageFacts, names: set[str]) -> None:
    """By all that tells them apart."""
    checks = check_gate(readings(image=image), question())
    assert {check.name for check in checks if not check.passed} == names


@pytest.mark.parametrize(("image", "names"), list(UNLIKE.values())[1:], ids=list(UNLIKE)[1:])
def test_a_copied_tag_proves_nothing(image: ImageFacts, names: set[str]) -> None:
    """Tag, record's fingerprint and approval all name the image that is there now: Azure's own facts still shut it."""
    value = fingerprint_of(image).value
    found = readings(
        image=image,
        version=a_version(tag=value),
        begun=begun(fingerprint=value),
        decision=a_decision(fingerprint=value),
    )
    checks = check_gate(
        found, question(approved_fingerprint=value, asked=a_question(fingerprint=value))
    )
    failed = {check.name for check in checks if not check.passed}
    assert failed == names - {"image unchanged since the approval"}


def test_an_incomplete_fingerprint_never_opens_the_gate() -> None:
    """Not even when everything agrees on it: an image re-created from the same disks could not be told apart."""
    image = an_image(created=None)
    value = fingerprint_of(image).value
    found = readings(
        image=image,
        version=a_version(tag=value),
        begun=begun(fingerprint=value),
        decision=a_decision(fingerprint=value),
    )
    checks = check_gate(
        found, question(approved_fingerprint=value, asked=a_question(fingerprint=value))
    )
    assert "image unchanged since the approval" in {c.name for c in checks if not c.passed}


def test_the_decision_is_told() -> None:
    """Who, what and when; or that none counts."""

    def words(**changes: Any) -> str:
        checks = check_gate(readings(**changes), question())
        return next(check.found for check in checks if check.name == "deletion approved")

    assert words() == (
        "approve by ada at 2026-03-02T09:30:00+00:00; 1 of 1 approvals that can be proven"
    )
    assert words(decisions=(REJECTION,)).startswith("reject by ada at ")
    assert words(decision=None).startswith("no decision whose signature holds")


@pytest.mark.parametrize("created", ["2024-03-11T09:14:52Z", None], ids=["known", "unknown"])
def test_an_unknown_creation_time_is_told(created: str | None) -> None:
    """Else a refusal would show two fingerprints that look alike."""
    image = an_image(created=created)
    checks = {check.name: check for check in check_gate(readings(image=image), question())}
    text = checks["image unchanged since the approval"].found
    assert text.startswith(fingerprint_of(image).value)
    assert ("creation time unknown" in text) is (created is None)


def quiet(**changes: Any) -> tuple[bool, str]:
    """The check of the quiet time, an hour long: passed, and what was found."""
    asked = question(
        asked=a_question(deadline=NOW + timedelta(days=3), quiet_time=timedelta(hours=1))
    )
    check = next(c for c in check_gate(readings(**changes), asked) if c.name == "quiet time over")
    return check.passed, check.found


def test_the_quiet_time_is_over_in_its_last_moment() -> None:
    """It counts from the promotion; a moment later begun, it is not over."""
    over = (question().now - timedelta(hours=1)).astimezone(UTC)
    assert quiet(promoted_at=over) == (True, f"at {question().now.isoformat()}")
    late = over + timedelta(microseconds=1)
    assert quiet(promoted_at=late) == (False, f"at {(late + timedelta(hours=1)).isoformat()}")


def told_at(known_at: datetime | None, promoted_at: datetime | None) -> tuple[bool, str]:
    """The check of an hour's quiet time, where somebody has to know first."""
    asked = a_question(deadline=NOW + timedelta(days=3), quiet_time=timedelta(hours=1))
    delivery = Delivery(needed=True, known_at=known_at, by=NOW + timedelta(days=1))
    checks = check_gate(
        readings(promoted_at=promoted_at),
        question(asked=asked.model_copy(update={"delivery": delivery})),
    )
    check = next(c for c in checks if c.name == "quiet time over")
    return check.passed, check.found


def test_the_quiet_time_begins_when_somebody_knew() -> None:
    """However long ago it was promoted and approved; while nobody does it has not begun."""
    over = (question().now - timedelta(hours=1)).astimezone(UTC)
    long_ago = over - timedelta(hours=5)
    assert told_at(over, long_ago) == (True, f"at {question().now.isoformat()}")
    assert told_at(over + timedelta(microseconds=1), long_ago)[0] is False
    assert told_at(long_ago, over) == (True, f"at {question().now.isoformat()}")
    assert told_at(None, long_ago) == (
        False,
        "it has not begun: nobody is known to have been told",
    )


def test_of_a_rejection_nothing_else_is_told() -> None:
    """The reason is who rejected, and when."""
    late = a_decision(key="late", fingerprint="v1-another")
    checks = check_gate(readings(decisions=(REJECTION, late)), question())
    told = next(check.found for check in checks if check.name == "deletion approved")
    assert told == f"reject by {REJECTION.approver} at {REJECTION.received_at.isoformat()}"


def test_the_share_of_a_day_is_of_the_images_that_the_scan_has_counted() -> None:
    """Without a scan nobody has."""
    others = Reservations(times={f"m{n}": NOW for n in range(30)})
    deployment = a_deployment(quota=Quota(count=100, percent=50), reserved=others)

    def within(scan: Scan | None) -> bool:
        found = readings(scan=scan, deployment=deployment)
        checks = {check.name: check for check in check_gate(found, question())}
        return checks["below the limits"].passed

    assert within(a_scan(images=32))
    assert not within(a_scan(images=31))
    assert within(None)
