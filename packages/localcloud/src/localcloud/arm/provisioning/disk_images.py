"""Disks made from images: from a gallery image version, or a managed image, the whole system or one data disk.

`creationData` names the image under `galleryImageReference` or `imageReference`, and the data disk by
`lun`; without one it is the disk with the system.
"""

from __future__ import annotations

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.provisioning.image_references import disks_of, require_image, system_of
from localcloud.arm.state.model import Json
from localcloud.arm.state.world import World

_REFERENCES = ("galleryImageReference", "imageReference")


def from_image(world: World, call: Call, inner: Json) -> Json:
    """The properties that a new disk has from its image, {} for one that is made otherwise.

    Raises NotFound or GalleryImageNotFound for an image that is not there (in the disk's region), and
    InvalidParameter for a reference without id or a LUN that the image has not.
    """
    data = inner.get("creationData") or {}
    if str(data.get("createOption")).lower() != "fromimage":
        return {}
    name = next((name for name in _REFERENCES if data.get(name)), None)
    if name is None:
        raise refusal("required", parameter="disk.creationData.imageReference")
    reference: Json = data[name]
    image_id, lun = str(reference.get("id") or ""), reference.get("lun")
    # The marketplace's are not looked for.
    if "/providers/microsoft.compute/locations/" in image_id.lower():
        return {}
    if not image_id:
        raise refusal("required", parameter=f"disk.creationData.{name}.id")
    image = require_image(world, call, image_id)
    disk = next((disk for disk in disks_of(image) if disk.lun == lun), None)
    if disk is None:
        raise refusal("lun missing", id=image_id, lun=lun, parameter=name)
    return {"diskSizeGB": disk.gigabytes} | (system_of(world, image) if lun is None else {})
