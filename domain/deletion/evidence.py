"""The evidence of the gate: what each of its checks leaves behind."""

from domain.values import Message


class Check(Message):
    """One thing that must hold, whether it did, and what was found."""

    name: str
    passed: bool
    found: str
