"""The app's errors, and problems with what somebody asked for: which field, which rule, what to do. Always all of them
at once."""

from pydantic import ValidationError

from domain.values import Message


class MigratorError(Exception):
    """The base of every error of this app."""


class UnexpectedResponseError(MigratorError, ValueError):
    """An answer of Azure that cannot be what was asked for: it is no fact."""


class Problem(Message):
    """One thing wrong with a request: `field` is a JSON path such as `targetRegions[1].name`."""

    field: str
    message: str


class InvalidRequestError(MigratorError, ValueError):
    """A body that cannot be read as a request; carries every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems))


# pydantic's error types in words that also say what to do; {…} are the error's own context.
_WORDS = {
    "missing": "is required; add it",
    "extra_forbidden": "is not a known field; remove it or correct its spelling",
    "string_type": "must be a text in double quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "model_type": "must be an object in braces",
    "model_attributes_type": "must be an object in braces",
    "list_type": "must be a list in brackets",
    "tuple_type": "must be a list in brackets",
    "dict_type": "must be an object in braces",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "timezone_aware": "needs a time zone; end it with Z for UTC",
    "datetime_type": "must be a date and time such as 2030-12-31T00:00:00Z",
    "datetime_parsing": "must be a date and time such as 2030-12-31T00:00:00Z ({error})",
    "datetime_from_date_parsing": "must be a date and time such as 2030-12-31T00:00:00Z ({error})",
    "time_delta_type": "must be an ISO 8601 duration such as P3D or PT12H",
    "time_delta_parsing": "must be an ISO 8601 duration such as P3D or PT12H ({error})",
    "json_invalid": "is not JSON: {error}; send one JSON object",
}


def problems_of(error: ValidationError) -> list[Problem]:
    """Pydantic's findings as problems, in the order of the body."""
    return [
        Problem(
            field=_path(finding["loc"]),
            message=_message(finding["type"], finding.get("ctx", {}), finding["msg"]),
        )
        for finding in error.errors(include_url=False, include_input=False)
    ]


def _message(kind: str, context: dict[str, object], text: str) -> str:
    if kind == "value_error":
        return text.removeprefix("Value error, ")
    return _WORDS[kind].format(**context) if kind in _WORDS else text


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path or "body"
