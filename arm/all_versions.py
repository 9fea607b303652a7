"""All image versions of a subscription, gallery by gallery: Azure has no list of them."""

from arm.client import ArmClient
from arm.lists import Patience, read_compute_children, read_compute_list
from domain.values import Json


def read_all_versions(arm: ArmClient, subscription: str, patience: Patience) -> list[Json]:
    """The versions of every image definition of every gallery."""
    client = arm.compute(subscription)
    versions: list[Json] = []
    for gallery in read_compute_list(patience, client.galleries.list):
        where = str(gallery["id"]).split("/")
        names = (where[4], where[8])
        definitions = read_compute_children(patience, client.gallery_images.list_by_gallery, *names)
        for definition in definitions:
            versions += read_compute_children(
                patience,
                client.gallery_image_versions.list_by_gallery_image,
                *names,
                str(definition["name"]),
            )
    return versions
