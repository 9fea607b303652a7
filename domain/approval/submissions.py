"""The body of a decision, as an approver sends it and as it was signed."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from domain.approval.decisions import Decision
from domain.doubled_keys import doubled_keys
from domain.errors import InvalidRequestError, problems_of
from domain.values import StrictModel


def _somebody(name: str) -> str:
    if not name.strip():
        raise ValueError("must be a name, not blanks")
    return _printable(name)


def _printable(text: str) -> str:
    """Neither a control character nor one that changes the order of the others, which show what was not signed."""
    wrong = sorted({c for c in text if unicodedata.category(c) in _UNPRINTABLE and c not in "\n\t"})
    if wrong:
        raise ValueError(f"must not hold the character {wrong[0]!a}")
    return text


# Controls, formats (such as the overrides of direction), surrogates, line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def _one_line(name: str) -> str:
    if {"\n", "\t"} & set(name):
        raise ValueError("must be one line, without tabs")
    return name


class DecisionBody(StrictModel):
    """The body that an approver sends."""

    migration_id: str
    fingerprint: str
    decision: Decision
    approver: Annotated[
        str,
        Field(min_length=1, max_length=256),
        AfterValidator(_somebody),
        AfterValidator(_one_line),
    ]
    reason: Annotated[str, Field(max_length=2000), AfterValidator(_printable)] = ""


def parse_decision(raw: bytes) -> DecisionBody:
    """The decision in a body. Raises InvalidRequestError with every problem of its form."""
    doubled = doubled_keys(raw)
    try:
        body = DecisionBody.model_validate_json(raw)
    except ValidationError as error:
        raise InvalidRequestError([*doubled, *problems_of(error)]) from error
    if doubled:
        raise InvalidRequestError(doubled)
    return body
