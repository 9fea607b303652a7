"""The app's answers, and the shape that every one of them must have."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from tests.scenarios.bodies import Json


@dataclass(frozen=True)
class Answer:
    """An answer of the app, kept for the search for secrets at the end."""

    request: str
    status: int
    # Names are looked up without case.
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Json:
        """The JSON body."""
        parsed: Json = json.loads(self.text)
        return parsed

    @property
    def fields(self) -> list[str]:
        """The fields that a problem names."""
        return [error["field"] for error in self.body["errors"]]

    def assert_well_made(self) -> None:
        """No 5xx; a refusal is a problem with title and detail; a 400 or 422 names every field."""
        assert self.status < 500, self
        if self.status < 400:
            return
        assert self.headers["Content-Type"].startswith("application/problem+json"), self
        assert self.body["status"] == self.status
        assert self.body["title"]
        assert self.body["detail"]
        for error in self.body.get("errors", []):
            assert set(error) == {"field", "message"}
            assert error["field"]
            assert error["message"]
        assert self.status not in {400, 422} or self.body["errors"]
