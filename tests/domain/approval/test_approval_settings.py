"""The settings of approval: every secret has owners, nobody's secret seals, and the rules' numbers have bounds."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.approval.approval_settings import ApprovalSettings
from domain.approval.policy import ApprovalPolicy
from domain.approval.webhook_secrets import WebhookSecret
from tests.builders import IMAGE_ID

ADA, BOB, EVE = (f"aaaaaaaa-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
ONE, TWO, THREE = (f"whsec_{base64.b64encode(bytes(range(n, n + 24))).decode()}" for n in (1, 2, 3))
OWNED = {"approval_webhook_owners": json.dumps({"tickets": [ADA], "webhook": [BOB, EVE]})}
SECRETS = {"approval_webhook_secrets": f"tickets={ONE}, {TWO}", **OWNED}


def made(**values: Any) -> ApprovalSettings:
    return ApprovalSettings.model_validate(values)


def secrets(*texts: str) -> dict[str, str]:
    return {"approval_webhook_secrets": ",".join(texts)}


def owners(**of: Any) -> dict[str, str]:
    return {"approval_webhook_owners": json.dumps(of)}


# values, the field that is refused, the words
BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "a secret that nobody owns": (
        {**secrets(f"tickets={ONE}", TWO), **owners(tickets=[ADA])},
        "approval_webhook_owners",
        "says of nobody that they own webhook",
    ),
    "secrets without any owners": (
        secrets(TWO, f"tickets={ONE}"),
        "approval_webhook_owners",
        "says of nobody that they own tickets, webhook",
    ),
    "a name without owners": (owners(tickets=[]), "approval_webhook_owners", "at least 1 item"),
    "an owner by name": (owners(tickets=["ada"]), "approval_webhook_owners", "match pattern"),
    "owners of a name that no secret has": (
        owners(**{"the tickets": [ADA]}),
        "approval_webhook_owners",
        "match pattern",
    ),
    "a secret of a name with blanks": (
        secrets(f"the tickets={ONE}"),
        "approval_webhook_secrets",
        "name=whsec_",
    ),
    "a secret without its prefix": (
        secrets(ONE.removeprefix("whsec_")),
        "approval_webhook_secrets",
        "must be whsec_",
    ),
    "a secret with what no base64 has": (
        secrets(ONE + "-" + "A" * 32),
        "approval_webhook_secrets",
        "base64",
    ),
    "a seal with a key that decides": (
        {**SECRETS, "sealing_keys": f"{THREE},{ONE}"},
        "sealing_keys",
        "has one of APPROVAL_WEBHOOK_SECRETS",
    ),
    "a seal with a key that is none": ({"sealing_keys": "whsec_MTIz"}, "sealing_keys", "24 random"),
    "an approver by name": ({"approvers": "ada"}, "approvers", "match pattern"),
    "a quorum of nobody": (
        {"approval_quorum": "0"},
        "approval_quorum",
        "greater than or equal to 1",
    ),
    "a quorum of 21": ({"approval_quorum": "21"}, "approval_quorum", "less than or equal to 20"),
    "a quiet time that has been": (
        {"quiet_time": "-PT0.000001S"},
        "quiet_time",
        "greater than or equal to 0",
    ),
    "a quiet time of more than 90 days": (
        {"quiet_time": "P90DT0.000001S"},
        "quiet_time",
        "less than or equal to 90 days",
    ),
    "an approval that holds for less than a second": (
        {"approval_validity": "PT0.9S"},
        "approval_validity",
        "at least PT1S",
    ),
    "policies that are no JSON": ({"approval_policies": "["}, "approval_policies", "is not JSON"),
}


@pytest.mark.parametrize(("values", "field", "words"), BAD.values(), ids=BAD)
def test_rules_that_do_not_hold_are_refused(values: dict[str, Any], field: str, words: str) -> None:
    """By the field that is wrong, and no other."""
    with pytest.raises(ValidationError, match=words) as refused:
        made(**values)
    assert {error["loc"][0] for error in refused.value.errors()} == {field}


def test_without_settings_nobody_approves() -> None:
    """One voice would do, for a day, at once after the promotion; but there is none."""
    fresh = made()
    assert fresh.webhook_secrets == ()
    assert fresh.sealing_keys == ()
    assert fresh.approval_policy(IMAGE_ID) == ApprovalPolicy(
        approvers=(), webhooks=(), quorum=1, validity=timedelta(days=1), quiet_time=timedelta(0)
    )


@pytest.mark.parametrize("quorum", [1, 20])
@pytest.mark.parametrize("quiet", [timedelta(0), timedelta(days=90)])
def test_the_bounds_of_the_rules_are_included(quorum: int, quiet: timedelta) -> None:
    """One voice to twenty; at once to a quarter of a year."""
    settings = made(approval_quorum=str(quorum), quiet_time=quiet)
    assert (settings.approval_quorum, settings.quiet_time) == (quorum, quiet)


def test_a_secret_may_be_owned_by_one_or_by_several() -> None:
    """By its name; a name may have owners before its secret is there."""
    assert made(**SECRETS).webhook_secrets == (
        WebhookSecret(name="tickets", key=ONE, owners=(ADA,)),
        WebhookSecret(name="webhook", key=TWO, owners=(BOB, EVE)),
    )
    assert made(**OWNED).webhook_secrets == ()


def test_seals_have_keys_of_their_own() -> None:
    """The first seals, the others still open."""
    assert made(**SECRETS, sealing_keys=f"{THREE}").sealing_keys == (THREE,)


def test_an_images_rules_are_the_deployments_where_no_entry_says_more() -> None:
    """Approvers, the names of the secrets, each once, and what the first entry that matches changes."""
    settings = made(
        approval_webhook_secrets=f"tickets={ONE},{TWO},tickets={THREE}",
        **OWNED,
        approvers=f"{ADA}, {BOB}",
        approval_quorum="2",
        approval_validity="PT2H",
        quiet_time="P1D",
        approval_policies=json.dumps([{"match": {"name": "web-*"}, "quorum": 3}]),
    )
    rules = ApprovalPolicy(
        approvers=(ADA, BOB),
        webhooks=("tickets", "webhook"),
        quorum=2,
        validity=timedelta(hours=2),
        quiet_time=timedelta(days=1),
    )
    assert settings.approval_policy(IMAGE_ID.replace("web-2019", "db-2019")) == rules
    assert settings.approval_policy(IMAGE_ID) == rules.model_copy(update={"quorum": 3})
