"""The settings about what is approved: whose deployment it is, and the change numbers that it demands."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.approval.approval_settings import ApprovalSettings
from domain.approval.change_numbers import ChangeNumberRule, DemandedWith


def _expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return pattern


class StatementSettings(ApprovalSettings):
    """The part of the settings that statements need."""

    deployment_name: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        "gallery-migrator",
        description="What statements call this deployment; empty: WEBSITE_SITE_NAME, the name of the Function App.",
    )
    change_number_pattern: Annotated[str, Field(max_length=200), AfterValidator(_expression)] = (
        Field(
            "",
            description="Regular expression of change numbers; set, deletions want one. Empty: none is demanded.",
        )
    )
    change_number_with: DemandedWith = Field(
        DemandedWith.REQUEST,
        description="What wants the change number: request, decision or both.",
    )

    @property
    def change_numbers(self) -> ChangeNumberRule:
        """The rule of change numbers."""
        return ChangeNumberRule(
            pattern=self.change_number_pattern, demanded_with=self.change_number_with
        )
