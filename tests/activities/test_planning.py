"""Planning against the emulator: all reads, no write."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from activities import arm, configuration, images
from activities.clients import compute
from activities.planning import plan_migration
from domain.ids import parse_gallery_id, parse_image_id
from tests.activities.azure import Azure


def test_a_plan_is_made_without_writing(azure: Azure) -> None:
    """The image's creation time comes from the resources list."""
    plan = azure.plan()
    assert plan.fingerprint.complete
    assert not plan.definition_exists
    assert {line["method"] for line in azure.sent()} == {"GET"}
    assert plan == azure.plan()


def test_what_is_missing_is_a_problem(azure: Azure) -> None:
    """Not an error: the caller can correct it."""
    azure.delete_image()
    problems = azure.done(plan_migration, request=azure.accepted.request)["problems"]
    assert [problem["field"] for problem in problems] == ["sourceImageId"]


def tag_the_image(azure: Azure) -> None:
    """As pipelines do right after they have made it; for five seconds it is Updating then."""
    image = parse_image_id(azure.image_id)
    update = compute(image.subscription).images.begin_update
    arm.begin(update, image.resource_group, image.name, body={"tags": {"team": "b"}})


def change_the_gallery(azure: Azure) -> None:
    gallery = parse_gallery_id(azure.gallery_id)
    there = azure.resource(azure.gallery_id)
    assert there is not None
    azure.cloud.set_profile(seconds={"gallery update": 60})
    body = {"location": there["location"], "properties": {"description": "new"}}
    put = compute(gallery.subscription).galleries.begin_create_or_update
    arm.begin(put, gallery.resource_group, gallery.name, body=body)


@pytest.mark.parametrize("change", [tag_the_image, change_the_gallery])
def test_what_is_just_being_changed_is_waited_for(
    azure: Azure, change: Callable[[Azure], None]
) -> None:
    """Somebody's change of a tag ends no migration that was accepted; a moment later it is planned."""
    change(azure)
    answer = azure.ask(plan_migration, request=azure.accepted.request)
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("NotReadyYet", True)
    assert "Updating" in answer.error.message
    azure.time.advance(minutes=2)
    assert "plan" in azure.done(plan_migration, request=azure.accepted.request)


@pytest.mark.parametrize("path", ["/images\\?", "/versions\\?"])
def test_a_list_with_an_error_in_it_is_not_an_empty_list(azure: Azure, path: str) -> None:
    """Else names that are taken looked free, and a version that is there already was made a second time."""
    request = {**azure.accepted.request, "imageVersion": "auto"}
    if "versions" in path:
        azure.begun()
    azure.fault(method="GET", what="error-body", path=f"/galleries/.*{path}")
    answer = azure.ask(plan_migration, request=request)
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("UnexpectedAnswer", True)
    azure.well()
    assert "plan" in azure.done(plan_migration, request=request)


@pytest.mark.parametrize(
    ("secret", "deletion", "warned"),
    [("", True, True), ("whsec_" + "c2VjcmV0" * 6, True, False), ("", False, False)],
)
def test_a_deletion_that_nobody_can_approve_is_a_warning(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, secret: str, deletion: bool, warned: bool
) -> None:
    """Without a secret the webhook takes no decision: better said now than when three days have passed."""
    monkeypatch.setenv("APPROVAL_WEBHOOK_SECRETS", secret)
    configuration.settings.cache_clear()
    azure.accepted = azure.accept(imageVersion="1.0.7", deletion={"enabled": deletion})
    assert ("APPROVAL_WEBHOOK_SECRETS" in str(azure.plan().warnings)) is warned


def test_a_version_is_not_made_twice_for_want_of_a_creation_time(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure's list forgets it for a moment; the version that is there may be this image's, or that of an older one."""
    made = azure.replicated()
    request = {**azure.accepted.request, "imageVersion": "auto"}
    with monkeypatch.context() as behind:
        behind.setattr(images, "_created_time", lambda *_: None)
        answer = azure.ask(plan_migration, request=request)
        assert answer.error is not None
        assert (answer.error.code, answer.error.transient) == ("NotReadyYet", True)
        assert made.version_name in answer.error.message
    plan = azure.done(plan_migration, request=request)["plan"]
    assert (plan["takesUp"], plan["versionName"]) == (True, made.version_name)
