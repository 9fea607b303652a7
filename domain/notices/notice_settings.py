"""The settings that say who is told besides the signed webhook, and when."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from domain.approval.approval_settings import ApprovalSettings
from domain.setting_types import Span, comma_list, https_or_local

# Where workflows are called: docs/notifications.md, "Microsoft Teams".
TEAMS_HOSTS = (
    ".logic.azure.com",
    ".environment.api.powerplatform.com",
    ".logic.azure.us",
    ".environment.api.gov.powerplatform.microsoft.us",
    ".environment.api.high.powerplatform.microsoft.us",
    ".logic.azure.cn",
    ".environment.api.powerplatform.partner.microsoftonline.cn",
)
_LOCAL = frozenset({"127.0.0.1", "localhost"})


def workflow_url(url: str) -> str:
    """The address of a workflow for Teams, which is a secret; raises ValueError, whose text has none of it."""
    https_or_local(url)
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not have a user")
    host = (parts.hostname or "").lower()
    if host not in _LOCAL and not host.endswith(TEAMS_HOSTS):
        raise ValueError(f"must be on a host of workflows: *{', *'.join(TEAMS_HOSTS)}")
    return url


class NoticeSettings(ApprovalSettings):
    """The part of the settings that says who is told what, when, and for how long that is tried."""

    teams_webhook_urls: Annotated[
        tuple[Annotated[str, AfterValidator(workflow_url)], ...], BeforeValidator(comma_list)
    ] = Field(
        (),
        max_length=5,
        description="Addresses of Teams workflows (secrets), comma-separated: each gets a card.",
    )
    public_url: Annotated[str, AfterValidator(lambda url: url and https_or_local(url))] = Field(
        "",
        max_length=500,
        description="The app's own address, for links to it; empty: https://<WEBSITE_HOSTNAME>, where Azure sets that.",
    )
    approval_reminders: Annotated[tuple[Span, ...], BeforeValidator(comma_list)] = Field(
        (timedelta(days=1), timedelta(hours=2)),
        max_length=10,
        description="So long before the deadline people are reminded of an approval; comma-separated.",
    )
    notice_timeout: Span = Field(
        timedelta(days=1), description="How long a notice is posted again that nobody took."
    )
