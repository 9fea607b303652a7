"""The settings that say whether, and when, this deployment deletes at all."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from domain.deletion.protection import Protection
from domain.deletion.quota import Quota
from domain.deletion.window import parse_window
from domain.setting_types import comma_list


def _window(text: str) -> str:
    if text:
        parse_window(text)
    return text


class DeletionSettings(BaseModel):
    """The part of the settings about deletions as such. Who approves them stands in `ApprovalSettings`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    deletion_enabled: bool = Field(
        default=True, description="Images are deleted at all. false: nobody is asked, all are kept."
    )
    deletion_stopped: bool = Field(
        default=False,
        description="Emergency stop: true, and no DELETE is sent, whatever was approved.",
    )
    deletion_observed: bool = Field(
        default=False,
        description="true: everything runs up to the DELETE, which is not sent; the reason says what would have been.",
    )
    deletion_window: Annotated[str, AfterValidator(_window)] = Field(
        "",
        description="Days, hours and zone in which DELETEs are sent: Mon-Thu 09:00-16:00 Europe/Berlin. Empty: always.",
    )
    deletion_daily_limit: Annotated[int, Field(ge=1)] = Field(
        100, description="Most DELETEs within 24 hours."
    )
    deletion_daily_percent: Annotated[int, Field(ge=1, le=100)] = Field(
        50,
        description="Most DELETEs within 24 hours, in percent of all images in scope; 25 are never too many.",
    )
    version_protection: Annotated[tuple[Protection, ...], BeforeValidator(comma_list)] = Field(
        (),
        description="Protections of which a version needs one before its image goes: endOfLife, softDelete, lock. "
        "Empty: none is asked for.",
    )

    @property
    def deletion_quota(self) -> Quota:
        """The limits of a day."""
        return Quota(count=self.deletion_daily_limit, percent=self.deletion_daily_percent)
