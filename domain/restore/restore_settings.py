"""The setting that says which deletions must be such as can be taken back."""

from pydantic import BaseModel, Field


class RestoreSettings(BaseModel):
    """The part of the settings about the way back."""

    undo_required: bool = Field(
        default=True,
        description="Only images go that could be made again from their version.",
    )
