"""The body of a request to restore an image."""

from pydantic import Field, ValidationError

from domain.doubled_keys import doubled_keys
from domain.errors import InvalidRequestError, problems_of
from domain.restore.recorded import Source
from domain.values import StrictModel


class RestoreBody(StrictModel):
    """The things that may be said about a restore: from where."""

    source: Source = Field(Source.VERSION, alias="from")


def asked_source(body: bytes) -> Source:
    """The place to restore from; the version where nothing is said. Raises InvalidRequestError."""
    if not body.strip():
        return Source.VERSION
    doubled = doubled_keys(body)
    try:
        asked = RestoreBody.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequestError([*doubled, *problems_of(error)]) from error
    if doubled:
        raise InvalidRequestError(doubled)
    return asked.source
