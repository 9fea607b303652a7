"""The paste-ready command that tests a version: its id in full, since `latest` hides what is not promoted yet."""

import re
import shlex

from domain.migration.planning import Plan


def create_vm_command(plan: Plan) -> str:
    """An `az vm create` line that makes a VM from exactly this version, in the image's own resource group."""
    image = plan.image
    words = ["az", "vm", "create"]
    words += ["--subscription", image.subscription, "--resource-group", image.resource_group]
    words += [
        "--name",
        _vm_name(image.name),
        "--location",
        plan.location,
        "--image",
        plan.version_id,
    ]
    words += ["--security-type", "Standard"] if plan.security_type == "Standard" else []
    if plan.purchase_plan:
        words += ["--plan-name", plan.purchase_plan.get("name", "")]
        words += ["--plan-publisher", plan.purchase_plan.get("publisher", "")]
        words += ["--plan-product", plan.purchase_plan.get("product", "")]
    if plan.os_type == "Windows":
        # az asks for the password: none is ever made up here.
        words += ["--admin-username", "azureuser"]
    else:
        words += ["--admin-username", "azureuser", "--generate-ssh-keys"]
    return shlex.join(words)


def _vm_name(image: str) -> str:
    """At most 15 characters: the limit for Windows computer names."""
    letters = re.sub(r"[^a-z0-9-]", "-", image.lower()).strip("-")
    return f"test-{letters}"[:15].rstrip("-")
