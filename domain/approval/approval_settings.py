"""The settings that say who decides about deletions."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from domain.approval.webhook_secrets import WebhookSecret, named_secret, secrets_of, split_name
from domain.callers.caller_settings import CallerSettings
from domain.callers.named_keys import Name, Oid
from domain.setting_types import comma_list, json_text


class ApprovalSettings(CallerSettings):
    """The part of the settings that says whose decisions count."""

    approval_webhook_secrets: Annotated[
        tuple[Annotated[str, AfterValidator(named_secret)], ...], BeforeValidator(comma_list)
    ] = Field(
        (),
        description="Secrets of the approval webhook (name=whsec_…), comma-separated. Empty: it decides nothing.",
    )
    approval_webhook_owners: Annotated[
        dict[Name, Annotated[list[Oid], Field(min_length=1)]], BeforeValidator(json_text)
    ] = Field(
        {},
        validate_default=True,
        description="JSON object: by the name of a secret the oids of those who have it.",
    )

    @field_validator("approval_webhook_owners")
    @classmethod
    def _every_secret_is_owned(
        cls, owners: dict[str, list[str]], others: ValidationInfo
    ) -> dict[str, list[str]]:
        """Of a secret that is nobody's it cannot be known whose request it approves."""
        names = {split_name(text)[0] for text in others.data.get("approval_webhook_secrets", ())}
        if missing := sorted(names - owners.keys()):
            raise ValueError(f"says of nobody that they own {', '.join(missing)}")
        return owners

    @property
    def webhook_secrets(self) -> tuple[WebhookSecret, ...]:
        """The secrets, with their names and owners."""
        return secrets_of(self.approval_webhook_secrets, self.approval_webhook_owners)
