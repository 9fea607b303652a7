"""The paste-ready line that tests a version."""

from __future__ import annotations

import shlex

import pytest

from domain.ids import parse_image_id
from domain.migration.commands import create_vm_command
from domain.migration.planning import Plan
from tests import builders as b
from tests.builders import SUBSCRIPTION, a_plan, a_request, an_image, planned, some_facts


def options(plan: Plan) -> dict[str, str]:
    """The line as a shell would read it: option -> value."""
    words = shlex.split(create_vm_command(plan))
    assert words[:3] == ["az", "vm", "create"]
    pairs = zip(words[3:], [*words[4:], ""], strict=True)
    return {word: after for word, after in pairs if word.startswith("--")}


def linux_plan() -> Plan:
    image = an_image(storageProfile=b.storage_profile(os_disk={"osType": "Linux"}))
    plan = planned(a_request(), some_facts(image=image))
    assert isinstance(plan, Plan)
    return plan


def test_the_line_names_exactly_this_version() -> None:
    """`latest` hides what is not promoted yet, so the id is given in full."""
    plan = a_plan()
    chosen = options(plan)
    assert chosen["--image"] == plan.version_id
    assert chosen["--subscription"] == SUBSCRIPTION
    assert chosen["--resource-group"] == "web"
    assert chosen["--location"] == "eastus2"
    assert chosen["--security-type"] == "Standard"


def test_no_password_is_ever_made_up() -> None:
    """Windows: az asks for one; Linux: keys are made."""
    windows, linux = options(a_plan()), options(linux_plan())
    assert "--admin-password" not in {*windows, *linux}
    assert "--generate-ssh-keys" in linux
    assert "--generate-ssh-keys" not in windows
    assert windows["--admin-username"] == linux["--admin-username"] == "azureuser"


def test_a_trusted_launch_version_is_tested_with_azures_default() -> None:
    """`--security-type Standard` would be refused."""
    plan = a_plan(imageDefinition=b.definition_part(securityType="TrustedLaunch"))
    assert "--security-type" not in options(plan)


def test_a_purchase_plan_is_part_of_the_line_and_quoted() -> None:
    """A VM from a marketplace image needs it; blanks and quotes do not break the line."""
    buy = {"name": "a b", "publisher": "con'toso", "product": "$(rm)"}
    chosen = options(a_plan(imageDefinition=b.definition_part(purchasePlan=buy)))
    assert (chosen["--plan-name"], chosen["--plan-publisher"], chosen["--plan-product"]) == (
        "a b",
        "con'toso",
        "$(rm)",
    )


def test_the_vms_name_is_one_that_windows_takes() -> None:
    """Fifteen characters at most, no hyphen at the end."""
    image_id = f"{b.SCOPE}/images/a.very_long-name-of-an-image"
    plan = a_plan().model_copy(update={"image_id": image_id})
    name = options(plan)["--name"]
    assert len(name) <= 15
    assert not name.endswith("-")
    assert name.replace("-", "").isalnum()


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("web-2019", "test-web-2019"),
        ("ten-letter", "test-ten-letter"),
        ("ten-letters", "test-ten-letter"),
        ("nine-let-ters", "test-nine-let-t"),
        ("fourteen--x", "test-fourteen"),
        ("Web_1.2", "test-web-1-2"),
    ],
)
def test_the_vm_is_named_after_the_image(image: str, name: str) -> None:
    """As much of it as fits into the fifteen characters."""
    plan = a_plan().model_copy(update={"image": parse_image_id(f"{b.SCOPE}/images/{image}")})
    assert options(plan)["--name"] == name
