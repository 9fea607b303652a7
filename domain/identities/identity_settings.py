"""The settings that name the app's identities in Azure: one reads and publishes, another deletes."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from domain.ids import is_guid


def _client_id(text: str) -> str:
    if text and not is_guid(text):
        raise ValueError(f"'{text}' is no client id of a managed identity; it must be a GUID")
    return text.lower()


ClientId = Annotated[str, AfterValidator(_client_id)]


class IdentitySettings(BaseModel):
    """The part of the settings that says as whom Azure is asked. Only `azure_client_id` may be a developer's login."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    azure_client_id: ClientId = Field(
        "",
        description="Client id of the identity that reads and publishes. Empty: the app's system-assigned one.",
    )
    deleter_client_id: ClientId = Field(
        "",
        description="Client id of the managed identity that deletes images. Empty: deletion is not permitted.",
    )

    @field_validator("deleter_client_id")
    @classmethod
    def _another_identity(cls, client_id: str, others: ValidationInfo) -> str:
        """Rights to delete must not lie with what reads and publishes all day."""
        if client_id and client_id == others.data.get("azure_client_id"):
            raise ValueError("is AZURE_CLIENT_ID: what deletes must be another identity")
        return client_id
