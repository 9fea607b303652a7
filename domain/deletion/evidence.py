"""The evidence of the gate: what each of its checks leaves behind."""

from datetime import datetime

from pydantic import Field

from domain.values import Message


class Check(Message):
    """One thing that must hold, whether it did, and what was found. `opens_at`: when it may hold by waiting alone,
    which is no evidence and is not kept."""

    name: str
    passed: bool
    found: str
    opens_at: datetime | None = Field(default=None, exclude=True)
