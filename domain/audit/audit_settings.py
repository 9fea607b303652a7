"""The settings of the audit: its keys, where its anchors lie."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from domain.approval.statement_settings import StatementSettings
from domain.approval.webhook_secrets import split_name
from domain.audit.chain import AuditKey, parse_key
from domain.setting_types import Span, comma_list, encrypted, https_or_local, webhook_secret


def audit_key(text: str) -> str:
    """The setting of one key, `id=whsec_…`. Raises ValueError."""
    name, sign, secret = text.partition("=")
    if not sign or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}", name):
        raise ValueError("must be id=whsec_…, the id of at most 32 letters, digits and -")
    webhook_secret(secret)
    return text


class AuditSettings(StatementSettings):
    """The part of the settings that says how facts are kept."""

    audit_keys: Annotated[
        tuple[Annotated[str, AfterValidator(audit_key)], ...], BeforeValidator(comma_list)
    ] = Field(
        (),
        description="Keys (id=whsec_…) that seal the audit, the first; the others still verify. "
        "Empty: there is no audit, and no image is deleted.",
    )
    audit_anchors_table_endpoint: Annotated[
        str, AfterValidator(lambda url: url and https_or_local(url))
    ] = Field(
        "",
        description="Table service of the audit's anchors, with identity; empty: AzureWebJobsStorage__tableServiceUri.",
    )
    audit_anchors_table_connection_string: Annotated[str, AfterValidator(encrypted)] = Field(
        "", description="Instead of the endpoint, for Azurite; empty: AzureWebJobsStorage."
    )
    audit_anchors_table_name: str = Field(
        "GalleryMigratorAnchors",
        pattern="^[A-Za-z][A-Za-z0-9]{2,62}$",
        description="Name of the anchors' table.",
    )
    audit_anchors_sqlite_path: str = Field(
        "", description="File of the anchors beside SQLite records; empty: beside theirs."
    )

    audit_people_retention: Span = Field(
        timedelta(days=730),
        description="How long after its end a migration's audit names people and has their words.",
    )

    @field_validator("audit_keys")
    @classmethod
    def _keys_of_its_own(cls, keys: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        """Whoever signs or seals decisions could make facts."""
        ids = [key.partition("=")[0] for key in keys]
        if len(set(ids)) < len(ids):
            raise ValueError("has an id twice")
        taken = {split_name(text)[1] for text in others.data.get("approval_webhook_secrets", ())}
        taken |= set(others.data.get("sealing_keys", ()))
        if taken & {key.partition("=")[2] for key in keys}:
            raise ValueError("has one of APPROVAL_WEBHOOK_SECRETS or SEALING_KEYS")
        return keys

    @property
    def keys_of_audit(self) -> tuple[AuditKey, ...]:
        """The keys: the first seals."""
        return tuple(map(parse_key, self.audit_keys))
