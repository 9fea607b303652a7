"""The comparison, without case, of an image definition that is there with what a request needs of it for good.

One answer for both who ask: planning, which names the field of the request, and the creation that finds a definition
which somebody else has made meanwhile.
"""

from collections.abc import Iterator
from typing import NamedTuple

from domain.facts import IDENTIFIER, DefinitionFacts
from domain.migration.requests import DefinitionRequest

_PLAN = ("name", "publisher", "product")
MANAGED_IMAGES = "a managed image of this kind needs"
THE_REQUEST = "the request says"


class Misfit(NamedTuple):
    """One difference: the field of the request that names it, what it is about, both sides, and who needs it so."""

    field: str
    what: str
    has: str
    needs: str
    why: str = THE_REQUEST


class Needs(NamedTuple):
    """The properties that a definition must have for an image of this kind."""

    os_type: str
    hyper_v_generation: str
    os_state: str = "Generalized"
    # Managed images are x64 only.
    architecture: str = "x64"


def misfits_of_request(existing: DefinitionFacts, wanted: DefinitionRequest) -> Iterator[Misfit]:
    """Yield everything that the definition has otherwise than the request asks for."""
    for key in IDENTIFIER:
        yield from _unless_same(
            f"imageDefinition.{key}", key, getattr(existing, key), getattr(wanted, key)
        )
    if wanted.security_type:
        field, asked = "imageDefinition.securityType", wanted.security_type.value
        yield from _unless_same(field, "SecurityType", existing.security_type, asked)
    if wanted.purchase_plan:
        has, needs = existing.purchase_plan or {}, wanted.purchase_plan.model_dump(mode="json")
        if any((has.get(key) or "").lower() != str(needs[key]).lower() for key in _PLAN):
            field = "imageDefinition.purchasePlan"
            yield Misfit(field, "purchase plan", _told(has), _told(needs))


def misfits_of_image(existing: DefinitionFacts, needs: Needs) -> Iterator[Misfit]:
    """Yield everything that the definition has otherwise than the image needs."""
    pairs = (
        ("OS type", existing.os_type, needs.os_type),
        ("OS state", existing.os_state, needs.os_state),
        ("Hyper-V generation", existing.hyper_v_generation, needs.hyper_v_generation),
        ("architecture", existing.architecture, needs.architecture),
    )
    for what, has, wanted in pairs:
        yield from _unless_same("imageDefinition.name", what, has, wanted, MANAGED_IMAGES)


def _unless_same(
    field: str, what: str, has: str, needs: str, why: str = THE_REQUEST
) -> Iterator[Misfit]:
    if has.lower() != needs.lower():
        yield Misfit(field, what, has, needs, why)


def _told(plan: dict[str, str | None]) -> str:
    return "/".join(plan.get(key) or "" for key in _PLAN) if plan else "none"
