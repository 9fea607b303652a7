"""Requests for boot tests: the field `bootTest` of a migration's request, and the body of a test alone."""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from domain.doubled_keys import doubled_keys
from domain.errors import InvalidRequestError, problems_of
from domain.ids import parse_version_id
from domain.regions import normalise_region
from domain.values import StrictModel

LONGEST_SCRIPT = 16 * 1024
Script = Annotated[str, Field(min_length=1, max_length=LONGEST_SCRIPT)]


def _version_id(text: str) -> str:
    parse_version_id(text)
    return text


class BootTestWish(StrictModel):
    """The wish of a migration's request to have its version booted. `script`: instead of the deployment's."""

    enabled: bool = True
    script: Script | None = None


class BootTestBody(StrictModel):
    """A test of a version that is there. Without a region: the first that has a subnet."""

    version_id: Annotated[str, AfterValidator(_version_id)]
    region: Annotated[str, AfterValidator(normalise_region)] | None = None
    script: Script | None = None


def parse_boot_test(body: bytes) -> BootTestBody:
    """The request in an HTTP body. Raises InvalidRequestError with every problem of its form."""
    doubled = doubled_keys(body)
    try:
        request = BootTestBody.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequestError([*doubled, *problems_of(error)]) from error
    if doubled:
        raise InvalidRequestError(doubled)
    return request
