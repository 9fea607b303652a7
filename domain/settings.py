"""All configuration: what each setting is called, its type, its default, its meaning.

A field's environment variable is its name in capitals. docs/configuration.md lists them all; tests/test_docs.py holds
it to this file.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from domain.approval.webhook_secrets import split_name
from domain.audit.audit_settings import AuditSettings
from domain.boot_test.boot_test_settings import BootTestSettings
from domain.deletion.deletion_settings import DeletionSettings
from domain.errors import MigratorError, Problem, problems_of
from domain.migration.bodies import Generation1Security
from domain.migration.latch import MOST_RESTARTS_KEPT
from domain.migration.limits import Limits
from domain.migration.mapping import MappingEntry
from domain.migration.polling import PollPolicy
from domain.notices.notice_settings import NoticeSettings
from domain.restore.restore_settings import RestoreSettings
from domain.setting_types import (
    CommaList,
    Ncrontab,
    Span,
    SubscriptionIds,
    Url,
    encrypted,
    https_or_local,
    json_text,
    webhook_secret,
    wrong_in,
)


class InvalidSettingsError(MigratorError, ValueError):
    """The app's settings cannot be used; names every one that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems))


class Settings(NoticeSettings, AuditSettings, BootTestSettings, DeletionSettings, RestoreSettings):
    """The app's settings; see `from_environ`."""

    arm_endpoint: Url = Field(
        "https://management.azure.com", description="Azure Resource Manager's address."
    )
    arm_token_scope: str = Field(
        "", description="Scope of its tokens; empty: <ARM_ENDPOINT>/.default."
    )
    subscription_ids: CommaList = Field(
        (), description="Subscriptions that the lists show when none is asked for; comma-separated."
    )
    reference_subscription_ids: SubscriptionIds = Field(
        (),
        description="Subscriptions that are looked through for users of an image, beside its own; comma-separated. "
        "Empty: SUBSCRIPTION_IDS, or all that the identity sees.",
    )
    reference_scan_timeout: Span = Field(
        timedelta(minutes=1),
        description="How long a scan for users of an image may take; what is not read by then is unknown.",
    )
    reference_floor_percent: Annotated[int, Field(ge=0, le=100)] = Field(
        50,
        description="Fewer machines and scale sets than this share of the last complete scan: unknown. 0: no floor.",
    )
    veto_tag: Annotated[str, Field(min_length=1, max_length=512)] = Field(
        "DoNotDelete", description="Name of the tag that keeps an image, whatever its value."
    )
    notification_url: Annotated[str, AfterValidator(lambda url: url and https_or_local(url))] = (
        Field("", description="Where notifications are posted. Empty: nobody is notified.")
    )
    notification_secret: Annotated[
        str, AfterValidator(lambda text: text and webhook_secret(text))
    ] = Field(
        "",
        validate_default=True,
        description="Secret that signs notifications (whsec_…); required with NOTIFICATION_URL.",
    )
    event_grid_mapping: Annotated[tuple[MappingEntry, ...], BeforeValidator(json_text)] = Field(
        (), description="JSON list: which new images migrate by themselves, and how."
    )
    event_starts_per_hour: Annotated[int, Field(ge=1, le=1000)] = Field(
        100,
        description="How many migrations events start within an hour; others wait for the next.",
    )
    records_store: Literal["table", "sqlite"] = Field("table", description="Where the records lie.")
    records_table_endpoint: Annotated[
        str, AfterValidator(lambda url: url and https_or_local(url))
    ] = Field(
        "",
        description="Table service of the records, with identity; empty: AzureWebJobsStorage__tableServiceUri.",
    )
    records_table_connection_string: Annotated[str, AfterValidator(encrypted)] = Field(
        "", description="Instead of the endpoint, for Azurite; empty: AzureWebJobsStorage."
    )
    records_table_name: str = Field(
        "GalleryMigrations",
        validate_default=True,
        pattern="^[A-Za-z][A-Za-z0-9]{2,62}$",
        description="Name of the table.",
    )
    records_sqlite_path: str = Field(
        "records.sqlite", validate_default=True, description="File of the SQLite records."
    )
    replication_poll_interval: Span = Field(
        timedelta(minutes=1),
        description="Time between looks at a replicating version; grows by a quarter each time, up to fivefold.",
    )
    replication_timeout: Span = Field(
        timedelta(hours=6), description="How long a version may take to replicate."
    )
    azure_retry_timeout: Span = Field(
        timedelta(hours=6),
        description="How long one step goes on while Azure throttles or is down.",
    )
    deletion_confirm_timeout: Span = Field(
        timedelta(minutes=30), description="How long to wait until a deleted image is gone."
    )
    copied_gb_limit: Annotated[int, Field(ge=1)] = Field(
        100_000,
        description="Most GB that one version may take: replicas of all regions times the size of the image.",
    )
    generation1_security_type: Generation1Security = Field(
        Generation1Security.OMIT,
        description="What generation 1 definitions send as SecurityType: omit or standard. Never seen on Azure.",
    )
    sweep_schedule: Ncrontab = Field(
        "0 */5 * * * *", description="NCRONTAB schedule of the sweep (read at start)."
    )
    restart_limit: Annotated[int, Field(ge=1, le=MOST_RESTARTS_KEPT)] = Field(
        10,
        description="How often a migration that does not come further is started again when its orchestration died.",
    )
    restart_delay: Span = Field(
        timedelta(minutes=1),
        description="Time between the first two of these starts; doubles up to an hour.",
    )
    purge_schedule: Ncrontab = Field(
        "0 30 3 * * *", description="NCRONTAB schedule of the purge (read at start)."
    )
    history_retention: Span = Field(
        timedelta(days=30),
        description="Age at which finished orchestrations' histories are purged; records stay.",
    )

    @field_validator("event_grid_mapping")
    @classmethod
    def _entries_make_requests(cls, mapping: tuple[MappingEntry, ...]) -> tuple[MappingEntry, ...]:
        """Found here, and not when the first image comes and its event is dropped."""
        wrong = [f"[{n}]{text}" for n, entry in enumerate(mapping) for text in wrong_in(entry)]
        if wrong:
            raise ValueError("; ".join(wrong))
        return mapping

    @field_validator("records_table_name", "records_sqlite_path")
    @classmethod
    def _anchors_lie_elsewhere(cls, name: str, others: ValidationInfo) -> str:
        """A copy that is put back would put the audit's end back with it."""
        anchors = (
            others.data.get(f"audit_anchors_{kind}") for kind in ("table_name", "sqlite_path")
        )
        if name.lower() in {text.lower() for text in anchors if text}:
            raise ValueError("is where the audit's anchors lie, which must be elsewhere")
        return name

    @field_validator("notification_secret")
    @classmethod
    def _notifications_signed(cls, secret: str, others: ValidationInfo) -> str:
        if others.data.get("notification_url") and not secret:
            raise ValueError("is required with NOTIFICATION_URL; notifications are signed")
        approving = others.data.get("approval_webhook_secrets", ())
        if secret and secret in {split_name(text)[1] for text in approving}:
            raise ValueError(
                "is one of APPROVAL_WEBHOOK_SECRETS: whoever receives notifications could approve"
            )
        return secret

    @property
    def token_scope(self) -> str:
        """The scope to ask tokens for."""
        return self.arm_token_scope or f"{self.arm_endpoint}/.default"

    @property
    def limits(self) -> Limits:
        """The limits of a migration that is accepted now."""
        interval, timeout = self.replication_poll_interval, self.replication_timeout
        return Limits(
            retry=self.azure_retry_timeout,
            confirm=self.deletion_confirm_timeout,
            polling=PollPolicy(interval=interval, timeout=timeout),
        )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """The settings in an environment; an empty value means the default. Raises InvalidSettingsError."""
        values = {
            name: environ[name.upper()] for name in cls.model_fields if environ.get(name.upper())
        }
        fallbacks = {
            "records_table_endpoint": environ.get("AzureWebJobsStorage__tableServiceUri"),
            "records_table_connection_string": environ.get("AzureWebJobsStorage"),
            "deployment_name": environ.get("WEBSITE_SITE_NAME"),
        }
        if host := environ.get("WEBSITE_HOSTNAME"):
            fallbacks["public_url"] = f"https://{host}"
        if environ.get("AUDIT_KEYS"):
            anchors = {k.replace("records", "audit_anchors"): v for k, v in fallbacks.items()}
            fallbacks |= anchors
        values = {**{k: v for k, v in fallbacks.items() if v}, **values}
        wrong = _wrong_here(values, environ)
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            problems = [*map(_about_variable, problems_of(error)), *wrong]
            raise InvalidSettingsError(problems) from error
        if wrong:
            raise InvalidSettingsError(wrong)
        return settings


def in_azure(environ: Mapping[str, str]) -> bool:
    """Return True if Azure runs the app: App Service sets these in every plan."""
    return any(environ.get(name) for name in ("WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID"))


def _wrong_here(values: Mapping[str, str], environ: Mapping[str, str]) -> list[Problem]:
    """Return what is wrong with a setting because of where the app runs."""
    if values.get("records_store") != "sqlite" or not in_azure(environ):
        return []
    text = "sqlite is for one process on one machine; in Azure a worker's disk is lost with it: use table"
    return [Problem(field="RECORDS_STORE", message=text)]


def _about_variable(problem: Problem) -> Problem:
    return Problem(field=_variable(problem.field), message=problem.message)


def _variable(path: str) -> str:
    name, bracket, rest = path.partition("[")
    first, dot, inner = name.partition(".")
    return first.upper() + dot + inner + bracket + rest
