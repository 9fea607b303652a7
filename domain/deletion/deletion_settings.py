"""The settings that say whether, and when, this deployment deletes at all."""

from pydantic import BaseModel, ConfigDict, Field


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
