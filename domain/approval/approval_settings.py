"""The settings that say who decides about deletions."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from domain.approval.policy import MOST_VOICES, ApprovalPolicy, PolicyEntry, policy_for
from domain.approval.webhook_secrets import WebhookSecret, named_secret, secrets_of, split_name
from domain.callers.caller_settings import CallerSettings
from domain.callers.named_keys import Name, Oid
from domain.setting_types import Span, comma_list, json_text, webhook_secret


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

    approvers: Annotated[tuple[Oid, ...], BeforeValidator(comma_list)] = Field(
        (),
        description="Who may approve: oids of people, and of applications, comma-separated.",
    )
    approval_quorum: Annotated[int, Field(ge=1, le=MOST_VOICES)] = Field(
        1, description="How many people have to approve a deletion."
    )
    approval_validity: Span = Field(
        timedelta(days=1),
        description="How long after it was given, and the quiet time, an approval allows the deletion.",
    )
    quiet_time: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=90))] = Field(
        timedelta(0), description="Time between the promotion of the version and the deletion."
    )
    approval_policies: Annotated[tuple[PolicyEntry, ...], BeforeValidator(json_text)] = Field(
        (), description="JSON list: images for which other approvers, numbers or times hold."
    )
    sealing_keys: Annotated[
        tuple[Annotated[str, AfterValidator(webhook_secret)], ...], BeforeValidator(comma_list)
    ] = Field(
        (),
        description="Keys (whsec_…) that seal requests and people's decisions, the first; the others still open.",
    )

    @field_validator("sealing_keys")
    @classmethod
    def _seals_of_its_own(cls, keys: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        """Whoever signs decisions could seal other people's."""
        secrets = {split_name(text)[1] for text in others.data.get("approval_webhook_secrets", ())}
        if secrets & set(keys):
            raise ValueError("has one of APPROVAL_WEBHOOK_SECRETS")
        return keys

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

    def approval_policy(self, image_id: str) -> ApprovalPolicy:
        """The rules of approval for an image, as they are now."""
        default = ApprovalPolicy(
            approvers=self.approvers,
            webhooks=tuple({secret.name: None for secret in self.webhook_secrets}),
            quorum=self.approval_quorum,
            validity=self.approval_validity,
            quiet_time=self.quiet_time,
        )
        return policy_for(image_id, self.approval_policies, default)
