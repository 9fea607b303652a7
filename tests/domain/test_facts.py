"""Facts: what Azure's answers say, and which answers are no fact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import UnexpectedResponseError
from domain.facts import (
    definition_facts,
    gallery_facts,
    image_facts,
    version_facts,
)
from tests.builders import CREATED, IMAGE_ID, an_image, data_disk, image_body, storage_profile

NO_RESOURCES: dict[str, Any] = {
    "an error": {"error": {"code": "InternalServerError", "message": "x"}},
    "nothing": {},
    "a list": [],
    "a text": "Succeeded",
    "null": None,
    "properties that are null": {**image_body(), "properties": None},
    "an id that is a number": {**image_body(), "id": 1},
}
READERS: dict[str, Callable[[Any], object]] = {
    "image": lambda body: image_facts(body, None),
    "gallery": gallery_facts,
    "definition": definition_facts,
    "version": version_facts,
}


@pytest.mark.parametrize("body", NO_RESOURCES.values(), ids=NO_RESOURCES)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_an_answer_that_is_no_resource_is_no_fact(read: Callable[[Any], object], body: Any) -> None:
    """An error behind a 200 must not look like an empty resource."""
    with pytest.raises(UnexpectedResponseError):
        read(body)


def test_an_image_is_read_with_all_its_disks() -> None:
    """OS disk first, data disks by LUN, snapshots and blobs as sources too."""
    blob = {"lun": 1, "blobUri": "https://x/y.vhd"}
    snapshot = {"lun": 0, "snapshot": {"id": "/snapshots/s"}, "diskSizeGB": 5}
    image = an_image(storageProfile=storage_profile(data_disks=[blob, snapshot, data_disk(2)]))
    assert [disk.lun for disk in image.disks] == [None, 0, 1, 2]
    assert [disk.source for disk in image.data_disks[:2]] == ["/snapshots/s", "https://x/y.vhd"]
    assert image.data_disks[1].size_gb is None


def test_what_azure_leaves_out_has_the_documented_meaning() -> None:
    """No generation is the first, no tags are none."""
    body = image_body(hyperVGeneration=None)
    del body["tags"]
    facts = image_facts(body, CREATED)
    assert (facts.hyper_v_generation, facts.tags, facts.id) == ("V1", {}, IMAGE_ID)


def test_soft_deletion_is_a_policy_of_the_gallery() -> None:
    """Off when it is not said."""
    body = {"id": "/g", "location": "eastus", "properties": {"provisioningState": "Succeeded"}}
    assert not gallery_facts(body).soft_delete
    policy = {"softDeletePolicy": {"isSoftDeleteEnabled": True}, "provisioningState": "Succeeded"}
    assert gallery_facts({**body, "properties": policy}).soft_delete
