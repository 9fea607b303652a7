"""The gate looks for the users of the image itself, and what it does not know keeps the image."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from activities.deletion import delete_image
from domain.results import ResultStatus
from packages.localcloud.tests.arm.driving import Driver
from packages.localcloud.tests.arm.sdk import scale_set, storage
from tests.activities.azure import Azure
from tests.app import forget

LOCKS = "/providers/Microsoft.Authorization/locks/keep"


def put(azure: Azure, path: str, body: Any, api: str = "2024-07-01") -> str:
    """Somebody makes a resource at a path; its id."""
    answer = Driver(azure.cloud, azure.time).call("PUT", path, body, api=api)
    assert answer.status_code in (200, 201), answer.text
    return path


def beside_the_image(azure: Azure, path: str) -> str:
    """The id of another resource of its group."""
    return f"{azure.image_id.partition('/providers/')[0]}/providers/{path}"


def a_scale_set(azure: Azure) -> None:
    path = beside_the_image(azure, "Microsoft.Compute/virtualMachineScaleSets/set")
    put(azure, path, scale_set(azure.image_id, 1))


def an_ephemeral_machine(azure: Azure) -> None:
    profile = storage(azure.image_id, diffDiskSettings={"option": "Local"})
    path = beside_the_image(azure, "Microsoft.Compute/virtualMachines/vm")
    put(azure, path, {"location": "eastus2", "properties": {"storageProfile": profile}})


def a_template_that_makes_it(azure: Azure) -> None:
    made = [{"type": "ManagedImage", "imageId": azure.image_id, "runOutputName": "r"}]
    properties = {"source": {"type": "PlatformImage"}, "distribute": made}
    path = beside_the_image(azure, "Microsoft.VirtualMachineImages/imageTemplates/t")
    put(azure, path, {"location": "eastus2", "properties": properties}, "2024-02-01")


def a_lock(azure: Azure, scope: str) -> None:
    put(azure, f"{scope}{LOCKS}", {"properties": {"level": "CanNotDelete"}}, "2020-05-01")


def a_locked_subscription(azure: Azure) -> None:
    a_lock(azure, azure.image_id.partition("/resourceGroups/")[0])


def a_locked_group(azure: Azure) -> None:
    a_lock(azure, azure.image_id.partition("/providers/")[0])


def a_locked_image(azure: Azure) -> None:
    a_lock(azure, azure.image_id)


def a_veto_tag(azure: Azure) -> None:
    resource = azure.cloud.world.find(azure.image_id)
    assert resource is not None
    tags = {"tags": {**dict(resource.tags or {}), "DoNotDelete": "please"}}
    call = Driver(azure.cloud, azure.time).call("PATCH", azure.image_id, tags, api="2024-07-01")
    assert call.status_code == 200, call.text


def lost_rights(azure: Azure) -> None:
    azure.fault(what="status", status=403, path="/virtualMachineScaleSets")


def a_truncated_answer(azure: Azure) -> None:
    azure.fault(what="graph", outcome="truncated", size=1, path="ResourceGraph")


def a_hidden_image(azure: Azure) -> None:
    azure.fault(what="unseen", rows=azure.image_id, path="ResourceGraph")


SHUT = {
    a_scale_set: "nobody needs the image: no (scale set /subscriptions/",
    an_ephemeral_machine: "nobody needs the image: no (virtual machine /subscriptions/",
    a_template_that_makes_it: "nobody needs the image: no (Image Builder template",
    a_locked_subscription: "no lock on the image: no (CanNotDelete at /subscriptions/",
    a_locked_group: "no lock on the image: no (CanNotDelete at /subscriptions/",
    a_locked_image: "no lock on the image: no (CanNotDelete at /subscriptions/",
    a_veto_tag: "no veto tag on the image: no (tag DoNotDelete",
    lost_rights: "users of the image known: no (scale sets of",
    a_truncated_answer: "users of the image known: no (Resource Graph",
    a_hidden_image: "users of the image known: no (Resource Graph: does not show the image",
}


# A person may move them: whoever approves is asked about what there is now.
ASKED_AGAIN = (a_scale_set, an_ephemeral_machine, a_template_that_makes_it)


@pytest.mark.parametrize(("happens", "reason"), SHUT.items(), ids=[f.__name__ for f in SHUT])
def test_what_appears_after_the_approval_keeps_the_image(
    azure: Azure, happens: Any, reason: str
) -> None:
    """No DELETE is sent, and the reason names the check and what was found."""
    azure.approved()
    happens(azure)
    reply = azure.done(delete_image)
    azure.well()
    assert azure.sent("DELETE") == []
    again = "a new user: " if happens in ASKED_AGAIN else None
    assert reply.get("change", "").startswith(again or "")
    reasons = [f"{c['name']}: no ({c['found']})" for c in azure.written().checks if not c["passed"]]
    assert any(line.startswith(reason) for line in reasons), reply
    assert (reply["kind"] == "changed") is (again is not None)
    assert azure.resource(azure.image_id) is not None
    assert not all(check["passed"] for check in azure.written().checks)


def a_machine(azure: Azure) -> None:
    profile = storage(azure.image_id)
    path = beside_the_image(azure, "Microsoft.Compute/virtualMachines/vm")
    put(azure, path, {"location": "eastus2", "properties": {"storageProfile": profile}})


def test_a_machine_with_a_disk_of_its_own_keeps_nothing(azure: Azure) -> None:
    """It does not need the image any more, and whoever approved has seen it."""
    a_machine(azure)
    azure.approved()
    azure.time.advance(minutes=5)
    azure.done(delete_image)
    assert len(azure.sent("DELETE")) == 1


def test_one_that_nobody_has_seen_is_asked_about(azure: Azure) -> None:
    """It blocks nothing, but was not in what was approved."""
    azure.approved()
    a_machine(azure)
    told = azure.done(delete_image)
    assert (told["kind"], azure.sent("DELETE")) == ("changed", [])
    path = beside_the_image(azure, "Microsoft.Compute/virtualMachines/vm")
    assert told["change"] == f"a new user: virtual machine {path} (warns)"


def test_lists_that_have_become_short_keep_the_image(azure: Azure) -> None:
    """An identity that has lost its rights gets no error."""
    profile = storage(azure.image_id)
    path = beside_the_image(azure, "Microsoft.Compute/virtualMachines/vm")
    put(azure, path, {"location": "eastus2", "properties": {"storageProfile": profile}})
    azure.approved()
    azure.fault(what="reset", method="DELETE", when="before")
    assert azure.ask(delete_image).status is ResultStatus.ERROR
    azure.fault(what="unseen", rows="/virtualMachines/")
    reply = azure.done(delete_image)
    azure.well()
    assert len(azure.sent("DELETE")) == 1
    assert "fewer than 50 % of the last complete scan" in reply["refused"]


@pytest.mark.parametrize("path", ["ResourceGraph", "/virtualMachines", "/locks", "/galleries\\?"])
def test_an_azure_that_throttles_is_waited_out(azure: Azure, path: str) -> None:
    """The gate begins anew then, with all of its reads, and opens."""
    azure.approved()
    azure.fault(what="status", status=429, retryAfter=20, path=path)
    result = azure.ask(delete_image)
    assert result.error is not None
    assert (result.error.code, result.error.transient) == ("UsersUnknown", True)
    assert result.error.retry_after
    assert azure.sent("DELETE") == []
    azure.well()
    azure.done(delete_image)
    assert len(azure.sent("DELETE")) == 1


def test_only_the_image_is_read_between_the_machines_and_the_delete(azure: Azure) -> None:
    """The lists of machines and scale sets are the last reads before it."""
    azure.approved()
    azure.forget_requests()
    azure.done(delete_image)
    paths = [f"{line['method']} {str(line['path']).partition('?')[0]}" for line in azure.sent()]
    subscription = azure.image_id.partition("/resourceGroups/")[0]
    compute = f"GET {subscription}/providers/Microsoft.Compute"
    assert sorted(paths[-5:-3]) == [
        f"{compute}/virtualMachineScaleSets",
        f"{compute}/virtualMachines",
    ]
    assert paths[-3:] == [
        f"GET {azure.image_id}",
        f"GET {subscription}/resources",
        f"DELETE {azure.image_id}",
    ]


def test_machines_that_were_read_a_while_ago_are_read_again(azure: Azure) -> None:
    """The image is not shown for two minutes after them: nothing is deleted on what was true then."""
    azure.approved()
    azure.fault(what="hold", path=f"{azure.image_id}\\?", nth=2)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(azure.ask, delete_image)
        while not azure.cloud.held and not asked.done():
            wait([asked], timeout=0.02)
        azure.time.advance(minutes=2)
        azure.well()
        error = asked.result(60).error
    assert error is not None
    assert (error.code, error.transient) == ("ScanTooOld", True)
    assert azure.sent("DELETE") == []
    azure.done(delete_image)
    assert len(azure.sent("DELETE")) == 1


def test_the_name_of_the_tag_is_a_setting(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another tag does not veto then."""
    azure.approved()
    a_veto_tag(azure)
    monkeypatch.setenv("VETO_TAG", "keep")
    forget()
    azure.done(delete_image)
    assert len(azure.sent("DELETE")) == 1
