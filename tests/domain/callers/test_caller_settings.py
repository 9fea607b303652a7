"""The settings of callers: a sign-in is whole or refused, and without any of them nobody may ask."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from pydantic import ValidationError

from domain.callers.caller_settings import CallerSettings

OID, TENANT = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000001"
KEY = {
    "name": "pipeline",
    "sha256": hashlib.sha256(b"k" * 32).hexdigest(),
    "roles": ["Migration.Read"],
    "owners": [OID],
}
ENTRA = {"entra_tenant_id": TENANT, "entra_audiences": "a, api://a"}
SIGN_IN = {**ENTRA, "website_auth_enabled": "True", "app_service_authentication": "true"}


def keys(*entries: dict[str, Any]) -> dict[str, str]:
    return {"named_keys": json.dumps(entries)}


def made(**values: Any) -> CallerSettings:
    return CallerSettings.model_validate(values)


# values, the field that is refused, the words
BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "sign-in that App Service does not know of": (
        {**ENTRA, "app_service_authentication": "true"},
        "app_service_authentication",
        "does not say that it is on",
    ),
    "sign-in that App Service says is off": (
        {**SIGN_IN, "website_auth_enabled": "False"},
        "app_service_authentication",
        "does not say that it is on",
    ),
    "sign-in without a tenant": (
        {"app_service_authentication": "true", "website_auth_enabled": "True"},
        "app_service_authentication",
        "needs ENTRA_TENANT_ID",
    ),
    "a tenant without audiences": ({"entra_tenant_id": TENANT}, "entra_audiences", "each other"),
    "audiences without a tenant": ({"entra_audiences": "a"}, "entra_audiences", "each other"),
    "a tenant by its name": (
        {"entra_tenant_id": "contoso.com", "entra_audiences": "a"},
        "entra_tenant_id",
        "match pattern",
    ),
    "an issuer without encryption": (
        {"entra_authority": "http://login.microsoftonline.com"},
        "entra_authority",
        "https",
    ),
    "a key that may approve": (
        keys({**KEY, "roles": ["Migration.Approve"]}),
        "named_keys",
        r"\[0\].roles: a key never has Migration.Approve",
    ),
    "two keys that are one": (
        keys(KEY, KEY),
        "named_keys",
        r"\[1\].name: 'pipeline' is used twice; \[1\].sha256: another entry has the same key",
    ),
}


@pytest.mark.parametrize(("values", "field", "words"), BAD.values(), ids=BAD)
def test_half_of_a_sign_in_is_refused(values: dict[str, Any], field: str, words: str) -> None:
    """By the field that is wrong, and no other."""
    with pytest.raises(ValidationError, match=words) as refused:
        made(**values)
    assert [error["loc"][0] for error in refused.value.errors()] == [field]


def test_without_settings_nobody_is_recognised() -> None:
    """As in a fresh deployment: no header is believed, no token, no key."""
    fresh = made()
    assert not fresh.configured
    assert not fresh.website_auth_enabled
    assert not fresh.app_service_authentication
    assert (fresh.entra_tenant_id, fresh.entra_audiences, fresh.named_keys) == ("", (), ())


def test_where_app_service_signs_in_its_word_is_not_believed_unasked() -> None:
    """Its authentication may be on for the sake of another app, or by mistake."""
    assert not made(website_auth_enabled="True").app_service_authentication


def test_a_whole_sign_in_is_taken() -> None:
    """Tenant, audiences, and App Service's word that it is on."""
    whole = made(**SIGN_IN)
    assert whole.configured
    assert whole.app_service_authentication
    assert whole.entra_audiences == ("a", "api://a")
    assert whole.issuer == f"https://login.microsoftonline.com/{TENANT}/v2.0"


def test_tokens_or_keys_alone_are_enough() -> None:
    """Either is somebody."""
    assert made(**ENTRA).configured
    alone = made(**keys(KEY, {**KEY, "name": "other", "sha256": "0" * 64}))
    assert alone.configured
    assert [key.name for key in alone.named_keys] == ["pipeline", "other"]


def test_settings_of_callers_do_not_change() -> None:
    """Nobody is given a role while the app runs."""
    with pytest.raises(ValidationError, match="frozen"):
        made().entra_tenant_id = TENANT  # type: ignore[misc]
