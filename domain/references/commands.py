"""The paste-ready az command that moves a user of an image to the version that was made of it.

Nothing is deleted by any of them. What az or Azure cannot change in place gets a command that makes a second one; what
nobody but its owner can know (names of new things) is a variable of the shell. The texts have not been run on Azure.
"""

import shlex
from collections.abc import Callable
from typing import NamedTuple

from domain.references.kinds import (
    BATCH_POOL,
    DEVOPS_POOL,
    DISK,
    FLEET,
    HOST_POOL,
    LAB_IMAGE,
    MACHINE,
    NODE_TYPE,
    SCALE_SET,
    SCALE_SET_MACHINE,
    TEMPLATE,
    VERSION,
    at,
)
from domain.values import Json

# Stands for a variable of the shell until the command is quoted.
_MARK = "\0"


class Move(NamedTuple):
    """A user to move: its resource, where it names which image, and the version it is to use."""

    resource: Json
    path: str
    image_id: str
    version: str

    @property
    def id(self) -> str:
        """The id of the user."""
        return str(self.resource["id"])

    @property
    def properties(self) -> Json:
        """The properties of the user."""
        properties: Json = self.resource.get("properties") or {}
        return properties

    @property
    def place(self) -> list[str]:
        """The options that say which resource of its group is meant."""
        parts = self.id.split("/")
        return ["--subscription", parts[2], "--resource-group", parts[4]]


def move_command(
    kind: str, resource: Json, path: str, image_id: str, version: str | None
) -> str | None:
    """The command for a use, None where there is nothing to move. Without a version it asks for `$VERSION_ID`."""
    move = Move(resource, path, image_id, version or f"{_MARK}VERSION_ID{_MARK}")
    words = _COMMANDS.get(kind, _generic)(move)
    return " && ".join(_quoted(line) for line in words) or None


def _quoted(words: list[str]) -> str:
    """Quote every word; the variables stay outside of the single quotes, within double ones."""
    joined = shlex.join(words)
    parts = joined.split(_MARK)
    return "".join(part if n % 2 == 0 else f"'\"${part}\"'" for n, part in enumerate(parts))


def _generic(move: Move) -> list[list[str]]:
    change = f"properties.{move.path}={move.version}"
    return [["az", "resource", "update", "--ids", move.id, "--set", change]]


def _scale_set(move: Move) -> list[list[str]]:
    update = ["az", "vmss", "update", "--ids", move.id, "--set", f"{move.path}={move.version}"]
    uniform = str(at(move.properties, "orchestrationMode") or "Uniform").lower() == "uniform"
    machines = ["az", "vmss", "update-instances", "--ids", move.id, "--instance-ids", "*"]
    return [update, machines] if uniform else [update]


def _scale_set_machine(move: Move) -> list[list[str]]:
    set_id, _, number = move.id.rpartition("/virtualMachines/")
    return [["az", "vmss", "update-instances", "--ids", set_id, "--instance-ids", number]]


def _machine(move: Move) -> list[list[str]]:
    """A machine's image cannot be changed; only one without a disk of its own has to be replaced."""
    if not at(move.properties, "storageProfile.osDisk.diffDiskSettings"):
        return []
    name = move.id.rpartition("/")[2]
    words = ["az", "vm", "create", *move.place, "--name", f"{name}-2", "--image", move.version]
    size = at(move.properties, "hardwareProfile.vmSize")
    words += ["--size", str(size)] if size else []
    return [[*words, "--ephemeral-os-disk", "true"]]


def _version(move: Move) -> list[list[str]]:
    """A finished version cannot be made a full one; one that is being made needs nothing but time."""
    parts = move.id.split("/")
    named = [*move.place, "--gallery-name", parts[8], "--gallery-image-definition", parts[10]]
    if str(at(move.properties, "publishingProfile.replicationMode") or "").lower() != "shallow":
        wait = ["az", "sig", "image-version", "wait", "--updated"]
        return [[*wait, *named, "--gallery-image-version", parts[12]]]
    create = ["az", "sig", "image-version", "create", *named]
    new = f"{_MARK}NEW_VERSION{_MARK}"
    return [[*create, "--gallery-image-version", new, "--managed-image", move.version]]


def _template(move: Move) -> list[list[str]]:
    """A template cannot be changed: a second one takes its place, whose steps are added by its owner."""
    name = move.id.rpartition("/")[2]
    create = ["az", "image", "builder", "create", *move.place, "--name", f"{name}-2"]
    create += ["--identity", f"{_MARK}IDENTITY_ID{_MARK}", "--scripts", f"{_MARK}SCRIPTS{_MARK}"]
    if move.path.startswith("source"):
        return [[*create, "--image-source", move.version]]
    source = ["--image-source", f"{_MARK}IMAGE_SOURCE{_MARK}"]
    gallery, definition = _gallery_and_definition(move.version)
    region = f"{definition}={_MARK}REGION{_MARK}"
    return [[*create, *source, "--gallery-name", gallery, "--shared-image-destinations", region]]


def _gallery_and_definition(version: str) -> tuple[str, str]:
    if "/" not in version:
        return f"{_MARK}GALLERY{_MARK}", f"{_MARK}DEFINITION{_MARK}"
    parts = version.split("/")
    return parts[8], parts[10]


def _node_type(move: Move) -> list[list[str]]:
    update = ["az", "resource", "update", "--ids", move.id]
    update += ["--set", f"properties.vmSharedGalleryImageId={move.version}"]
    return [[*update, "--remove", "properties.vmImageResourceId"]]


def _host_pool(move: Move) -> list[list[str]]:
    """The template is one text, of which only the image's id is replaced; where it is escaped, its owner has to."""
    if move.path.lower() != "vmtemplate":
        return _generic(move)
    template = str(at(move.properties, move.path))
    start = template.lower().find(move.image_id.lower())
    changed = template[:start] + move.version + template[start + len(move.image_id) :]
    text = changed if start >= 0 else f"{_MARK}VM_TEMPLATE{_MARK}"
    update = ["az", "desktopvirtualization", "hostpool", "update", "--ids", move.id]
    return [[*update, "--vm-template", text]]


def _lab_image(move: Move) -> list[list[str]]:
    """A lab gets the gallery; its custom images stay what they are."""
    lab = move.id.lower().rpartition("/customimages/")[0]
    gallery = "/".join(move.version.split("/")[:9])
    gallery = gallery if "/" in gallery else f"{_MARK}GALLERY_ID{_MARK}"
    properties = f'{{"galleryId": "{gallery}", "allowAllImages": "Enabled"}}'
    attach = ["az", "resource", "create", "--id", f"{lab}/sharedgalleries/migrated"]
    return [[*attach, "--properties", properties]]


_COMMANDS: dict[str, Callable[[Move], list[list[str]]]] = {
    SCALE_SET: _scale_set,
    SCALE_SET_MACHINE: _scale_set_machine,
    MACHINE: _machine,
    VERSION: _version,
    TEMPLATE: _template,
    NODE_TYPE: _node_type,
    HOST_POOL: _host_pool,
    LAB_IMAGE: _lab_image,
    BATCH_POOL: _generic,
    FLEET: _generic,
    DEVOPS_POOL: _generic,
    DISK: lambda _move: [],
}
