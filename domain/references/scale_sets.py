"""Scale sets whose machines may come from another image than their model names."""

from collections.abc import Iterable

from domain.facts import ImageFacts
from domain.references.kinds import at
from domain.references.mentions import mentions
from domain.regions import normalise_region
from domain.values import Json


def may_have_drifted(
    scale_sets: Iterable[Json], image_id: str, facts: ImageFacts | None
) -> list[Json]:
    """The scale sets whose machines have to be listed: uniform ones (machines of flexible sets are listed as such) in
    the image's region, the only one where a managed image can be used, whose model does not name the image."""
    return [
        body
        for body in scale_sets
        if _uniform(body)
        and (body.get("sku") or {}).get("capacity") != 0
        and (facts is None or normalise_region(str(body.get("location"))) == facts.location)
        and next(mentions(body.get("properties") or {}, image_id), None) is None
    ]


def _uniform(body: Json) -> bool:
    mode = at(body.get("properties") or {}, "orchestrationMode")
    return str(mode or "Uniform").lower() != "flexible"
