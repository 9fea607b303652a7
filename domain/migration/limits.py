"""The longest times that a migration waits for anything. Captured when it is accepted: a deployment with
other settings changes no migration under way."""

from datetime import timedelta

from pydantic import Field

from domain.migration.polling import PollPolicy
from domain.values import Message


class Limits(Message):
    """`retry`: one step while Azure throttles or is down. `confirm`: until a deleted image is gone."""

    retry: timedelta = timedelta(hours=6)
    confirm: timedelta = timedelta(minutes=30)
    polling: PollPolicy = Field(default_factory=PollPolicy)
