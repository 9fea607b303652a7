"""The settings that say who may ask: sign-in, tokens, named keys. Without any of them nobody may."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from domain.callers.named_keys import NamedKey, entry_problems
from domain.setting_types import CommaList, Url, json_text

_GUID = r"^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$"


class CallerSettings(BaseModel):
    """The part of the settings that says who is recognised, and by what."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sign_in_excluded_paths: CommaList = Field(
        (), description="Paths that App Service authentication is told to leave alone."
    )
    entra_tenant_id: str = Field(
        "", pattern=_GUID, description="Tenant of people and applications. Empty: no tokens."
    )
    entra_audiences: CommaList = Field(
        (),
        validate_default=True,
        description="Audiences of its tokens: the client id of the Entra application, api://…",
    )
    website_auth_enabled: bool = Field(
        default=False, description="Set by App Service where its authentication is on."
    )
    app_service_authentication: bool = Field(
        default=False,
        description="Whether the headers of App Service authentication are believed.",
    )
    entra_authority: Url = Field(
        "https://login.microsoftonline.com", description="Entra's address in this cloud."
    )
    named_keys: Annotated[tuple[NamedKey, ...], BeforeValidator(json_text)] = Field(
        (), description="JSON list: the app's own keys, by their SHA-256, with roles and owners."
    )

    @field_validator("named_keys")
    @classmethod
    def _keys_differ(cls, keys: tuple[NamedKey, ...]) -> tuple[NamedKey, ...]:
        if wrong := entry_problems(keys):
            raise ValueError("; ".join(wrong))
        return keys

    @field_validator("entra_audiences")
    @classmethod
    def _audience_of_a_tenant(
        cls, audiences: tuple[str, ...], others: ValidationInfo
    ) -> tuple[str, ...]:
        # A wrong one is named by itself.
        tenant = others.data.get("entra_tenant_id", audiences)
        if bool(tenant) != bool(audiences):
            raise ValueError("and ENTRA_TENANT_ID need each other")
        return audiences

    @field_validator("app_service_authentication")
    @classmethod
    def _sign_in_is_whole(cls, believed: bool, others: ValidationInfo) -> bool:
        """Half of a sign-in would believe somebody for the wrong reason, or nobody without a word."""
        if believed and not others.data.get("website_auth_enabled"):
            raise ValueError("is true, but App Service does not say that it is on")
        if believed and not others.data.get("entra_tenant_id"):
            raise ValueError("is true, and needs ENTRA_TENANT_ID")
        return believed

    @property
    def issuer(self) -> str:
        """The issuer of the tokens that are taken."""
        return f"{self.entra_authority}/{self.entra_tenant_id}/v2.0"

    @property
    def configured(self) -> bool:
        """True if anybody at all can be recognised."""
        return bool(self.named_keys or self.entra_tenant_id)
