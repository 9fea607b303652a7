"""The body of a decision, as an approver sends it and as it was signed."""

import unicodedata
from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo

from domain.approval.change_numbers import ChangeNumber
from domain.approval.decisions import Decision, StoredDecision
from domain.callers.actors import Actor
from domain.doubled_keys import doubled_keys
from domain.errors import InvalidRequestError, Problem, problems_of
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


def _named_statement(statement_hash: str, others: ValidationInfo) -> str:
    """A rejection needs none: whoever doubts keeps the image."""
    if not statement_hash and others.data.get("decision", Decision.REJECT) is not Decision.REJECT:
        raise ValueError("must be the SHA-256 of the statement that is decided on")
    return statement_hash


StatementHash = Annotated[
    str,
    Field(max_length=64, validate_default=True),
    AfterValidator(_named_statement),
]


class PersonsDecisionBody(StrictModel):
    """The body that somebody sends who has signed in: who they are is known."""

    migration_id: str
    fingerprint: str
    decision: Decision
    statement_hash: StatementHash = ""
    change_number: ChangeNumber = ""
    reason: Annotated[str, Field(max_length=2000), AfterValidator(_printable)] = ""


class DecisionBody(PersonsDecisionBody):
    """The body that an approver's tool sends."""

    approver: Annotated[
        str,
        Field(min_length=1, max_length=256),
        AfterValidator(_somebody),
        AfterValidator(_one_line),
    ]


def parse_decision(raw: bytes) -> DecisionBody:
    """The decision in a body. Raises InvalidRequestError with every problem of its form."""
    return _parsed(DecisionBody, raw)


def parse_persons_decision(raw: bytes, name: str) -> DecisionBody:
    """The decision in a body of somebody with this name. Raises InvalidRequestError."""
    said = _parsed(PersonsDecisionBody, raw)
    # The name comes from a token, and is for people only: it is not judged.
    return DecisionBody.model_construct(**dict(said), approver=name)


def decision_of(body: DecisionBody, key: str, at: datetime, by: Actor) -> StoredDecision:
    """The decision as it is stored."""
    return StoredDecision(**dict(body), key=key, received_at=at, by=by)


def _as_sent(problem: Problem) -> Problem:
    """The problem with the name that the field has in a body: pydantic tells a default's by its own."""
    sent = "statementHash" if problem.field == "statement_hash" else problem.field
    return problem.model_copy(update={"field": sent})


B = TypeVar("B", bound=StrictModel)


def _parsed(kind: type[B], raw: bytes) -> B:
    doubled = doubled_keys(raw)
    try:
        body = kind.model_validate_json(raw)
    except ValidationError as error:
        raise InvalidRequestError([*doubled, *map(_as_sent, problems_of(error))]) from error
    if doubled:
        raise InvalidRequestError(doubled)
    return body
