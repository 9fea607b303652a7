"""The contract between templates and app: identities, rights, secrets, events and settings."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from domain.settings import Settings
from tests.infra.compiling import INFRA, ROOT, Json, module, of_type, resources, text_of

ROLES = {path.stem: json.loads(path.read_text()) for path in (INFRA / "roles").glob("*.json")}
# Azure's own names of app settings that the app does not read.
PLATFORM = {
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__queueServiceUri",
    "AzureWebJobsStorage__tableServiceUri",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "PYTHON_THREADPOOL_THREAD_COUNT",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
    "DURABLE_TASK_SCHEDULER_CONNECTION_STRING",
}
HOST = "AzureFunctionsJobHost__"
BUILT_IN = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "0ad04412-c4d5-4796-b79c-f76d14c8d402": "Durable Task Data Contributor",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
}


def app_variables(main: Json) -> Json:
    """The variables of the app's module, in which its settings are."""
    variables: Json = module(main, "function-app")["variables"]
    return variables


def settings_of(main: Json) -> Json:
    """All settings that the template may set by itself, with their values."""
    variables = app_variables(main)
    names = ("hostSettings", "appSettings", "signInSettings", "schedulerSettings")
    return {name: value for part in names for name, value in variables[part].items()}


# -- rights ----------------------------------------------------------------------------------------------------------


def test_roles_are_the_files_and_no_others(main: Json) -> None:
    """Those that scenarios are held to are deployed; no wildcard in any."""
    variables = module(main, "roles")["variables"]
    loaded = [value for name, value in variables.items() if name.startswith("$fxv#")]
    assert sorted(role["name"] for role in loaded) == sorted(
        role["name"] for role in ROLES.values()
    )
    assert all(role in ROLES.values() for role in loaded)
    assert not [action for role in loaded for action in role["actions"] if "*" in action]
    (definition,) = of_type(module(main, "roles"), "Microsoft.Authorization/roleDefinitions")
    (permission,) = definition["properties"]["permissions"]
    assert permission["actions"] == "[variables('definitions')[copyIndex()].actions]"


def test_without_the_switch_nothing_deletes(main: Json) -> None:
    """No identity, no role, no assignment: each hangs on enableSourceDeletion, which is off by itself."""
    assert main["parameters"]["enableSourceDeletion"]["defaultValue"] is False
    deleter = [r for r in resources(main) if "id-deleter" in str(r.get("name"))]
    assert [r["condition"] for r in deleter] == ["[parameters('enableSourceDeletion')]"]
    groups = main["variables"]["groupsToDelete"]
    assert groups == (
        "[if(parameters('enableSourceDeletion'), parameters('deletableResourceGroups'), createArray())]"
    )
    counts = {
        str(r["name"]).split("'")[1].split("-")[0]: r["copy"]["count"]
        for r in of_type(main, "Microsoft.Resources/deployments")
        if "copy" in r
    }
    assert counts["deleter"] == "[length(variables('groupsToDelete'))]"
    assert counts["restorer"].startswith("[length(if(parameters('enableSourceDeletion'), ")
    definitions = module(main, "roles")["variables"]["definitions"]
    switched = "if(parameters('enableSourceDeletion'), createArray(variables('deleter')"
    assert switched in definitions
    assert definitions.count("variables('deleter')") == 1


def test_without_a_group_nothing_makes_machines(main: Json) -> None:
    """Identity, roles and assignments of boot tests hang on the group, which is none by itself."""
    assert main["parameters"]["bootTestResourceGroup"]["defaultValue"] == ""
    assert (
        main["variables"]["enableBootTests"] == "[not(empty(parameters('bootTestResourceGroup')))]"
    )
    testers = [r for r in resources(main) if "id-tester" in str(r.get("name"))]
    assert [r["condition"] for r in testers] == ["[parameters('enableBootTests')]"]
    definitions = module(main, "roles")["variables"]["definitions"]
    assert "if(parameters('enableBootTests'), createArray(variables('tester')" in definitions
    assert definitions.count("variables('tester')") == 1


def test_built_in_roles_are_these(main: Json, events: Json) -> None:
    """No Owner, no Contributor."""
    roles = set()
    for template in (main, events):
        for guid in re.findall(
            r"'?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", text_of(template)
        ):
            roles.add(guid)
    assert roles == BUILT_IN.keys()


# -- secrets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["listKeys", "listAccountSas", "AccountKey", "clientSecretKey"])
def test_no_key_is_used(main: Json, events: Json, word: str) -> None:
    """Nothing that reaches data is a key or a client secret."""
    assert word.lower() not in (text_of(main) + text_of(events)).lower()


def test_storage_has_no_keys(main: Json) -> None:
    """Two accounts: the host's and the records'; neither takes a shared key."""
    accounts = of_type(main, "Microsoft.Storage/storageAccounts")
    assert len(accounts) == 2
    assert {account["properties"] for account in accounts} == {"[variables('account')]"}
    shared = module(main, "storage")["variables"]["account"]
    assert shared["allowSharedKeyAccess"] is False
    assert shared["allowBlobPublicAccess"] is False
    assert shared["minimumTlsVersion"] == "TLS1_2"


def test_insights_take_the_identity_only(main: Json) -> None:
    """And the app says by which."""
    (insights,) = of_type(main, "Microsoft.Insights/components")
    assert insights["properties"]["DisableLocalAuth"] is True
    assert "Authorization=AAD" in settings_of(main)["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]


def test_secrets_are_references(main: Json) -> None:
    """Of settings that are secrets the template holds no value."""
    references = app_variables(main)["secretReferences"]
    assert "@Microsoft.KeyVault(SecretUri=" in references
    assert main["parameters"]["secretSettings"]["defaultValue"] == ["SEALING_KEYS", "AUDIT_KEYS"]
    secret = {"SEALING_KEYS", "AUDIT_KEYS", "APPROVAL_WEBHOOK_SECRETS", "NOTIFICATION_SECRET"}
    assert secret & settings_of(main).keys() == set()


def test_requests_without_a_sign_in_reach_the_app(main: Json) -> None:
    """The app refuses by itself; App Service signs in with the identity, without a client secret."""
    (auth,) = (
        r for r in of_type(main, "Microsoft.Web/sites/config") if "authsettingsV2" in r["name"]
    )
    properties = auth["properties"]
    assert properties["globalValidation"] == {
        "requireAuthentication": False,
        "unauthenticatedClientAction": "AllowAnonymous",
    }
    (provider,) = properties["identityProviders"].values()
    setting = provider["registration"]["clientSecretSettingName"]
    assert settings_of(main)[setting] == "[parameters('publisher').clientId]"
    assert properties["login"]["tokenStore"]["enabled"] is True


# -- events ----------------------------------------------------------------------------------------------------------


def test_only_writes_of_images_come(events: Json) -> None:
    """To the function of that name, one at a time, again for a day, and then to the dead letters."""
    (images,) = of_type(events, "Microsoft.EventGrid/systemTopics/eventSubscriptions")
    properties = images["properties"]
    assert properties["filter"] == {
        "includedEventTypes": ["Microsoft.Resources.ResourceWriteSuccess"],
        "enableAdvancedFilteringOnArrays": True,
        "advancedFilters": [
            {
                "operatorType": "StringIn",
                "key": "data.operationName",
                "values": ["Microsoft.Compute/images/write"],
            }
        ],
    }
    assert properties["destination"]["endpointType"] == "AzureFunction"
    function = properties["destination"]["properties"]["resourceId"]
    assert function == "[format('{0}/functions/image_written', parameters('functionAppId'))]"
    assert "def image_written(" in (ROOT / "function_app.py").read_text()
    assert properties["retryPolicy"] == {
        "eventTimeToLiveInMinutes": 1440,
        "maxDeliveryAttempts": 30,
    }
    dead = properties["deadLetterWithResourceIdentity"]["deadLetterDestination"]["properties"]
    assert dead["blobContainerName"] == "dead-letters"


# -- settings --------------------------------------------------------------------------------------------------------


def test_every_setting_is_one_of_the_app_or_of_azure(main: Json) -> None:
    """A misspelt one would be ignored without a word."""
    own = {name.upper() for name in Settings.model_fields}
    set_here = {name for name in settings_of(main) if not name.startswith(HOST)}
    assert set_here - own == PLATFORM
    secrets = main["parameters"]["secretSettings"]["defaultValue"]
    assert set(secrets) <= own


def test_what_is_not_set_has_a_default() -> None:
    """So the app starts with what the template sets, whatever its parameters."""
    assert not [name for name, field in Settings.model_fields.items() if field.is_required()]


def example(value: Any) -> str:
    """A value that an expression of the template could have."""
    text = str(value)
    if "loginEndpoint" in text or "resourceManager" in text or "Endpoint')]" in text:
        return "https://example.org/"
    if "format(" in text and "entraClientId" in text:
        return "0a0a0a0a-0000-4000-8000-000000000001"
    if "deleter" in text:
        return "0a0a0a0a-0000-4000-8000-000000000002"
    if "tester" in text:
        return "0a0a0a0a-0000-4000-8000-000000000004"
    if "clientId" in text or "tenant()" in text:
        return "0a0a0a0a-0000-4000-8000-000000000003"
    return "" if text.startswith("[") else text


def test_the_app_takes_the_settings(main: Json) -> None:
    """With values as Azure computes them, none is wrong."""
    environ = {name: example(value) for name, value in settings_of(main).items()}
    settings = Settings.from_environ({**environ, "WEBSITE_AUTH_ENABLED": "True"})
    assert settings.records_store == "table"
    assert settings.app_service_authentication
    assert settings.deleter_client_id != settings.azure_client_id != ""


def test_settings_of_the_host_override_what_host_json_has(main: Json) -> None:
    """Of the path of each setting everything but its last name is in host.json."""
    host = json.loads((ROOT / "host.json").read_text())
    paths = [
        name.removeprefix(HOST).split("__") for name in settings_of(main) if name.startswith(HOST)
    ]
    assert sorted(path[-1] for path in paths) == ["connectionStringName", "hubName", "type"]
    for path in paths:
        found = host
        for part in path[:-1]:
            found = found[part]
        assert isinstance(found, dict)
    hubs = of_type(main, "Microsoft.DurableTask/schedulers/taskHubs")
    hub = host["extensions"]["durableTask"]["hubName"]
    assert [hub in resource["name"] for resource in hubs] == [True]
    durable = host["extensions"]["durableTask"]
    threads = (
        durable["maxConcurrentActivityFunctions"] + durable["maxConcurrentOrchestratorFunctions"]
    )
    assert settings_of(main)["PYTHON_THREADPOOL_THREAD_COUNT"] == str(threads)


def test_the_plan_is_flex_consumption(main: Json) -> None:
    """Python 3.12, unless another one is asked for."""
    (plan,) = of_type(main, "Microsoft.Web/serverfarms")
    assert plan["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert main["parameters"]["pythonVersion"]["defaultValue"] == "3.12"


def test_alerts_and_workbook_ask_for_what_is_logged() -> None:
    """Each text and function that a query names is in the code."""
    code = (
        "".join(
            path.read_text()
            for folder in ("triggers", "services", "activities", "domain")
            for path in (ROOT / folder).glob("**/*.py")
        )
        + (ROOT / "function_app.py").read_text()
    )
    queries = {path.name: path.read_text() for path in (INFRA / "queries").glob("*.kql")}
    assert ": the gate is shut: " in queries["deletion_refused.kql"]
    assert "%s: the gate is shut: %s" in code
    assert 'name == "sweep"' in queries["sweep_missing.kql"]
    assert "def sweep(" in code
    used = "".join(path.read_text() for path in (INFRA / "modules").glob("*.bicep"))
    assert [name for name in queries if f"'../queries/{name}'" not in used] == []
