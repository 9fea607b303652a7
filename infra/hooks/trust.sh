#!/bin/sh
# After provisioning: App Service signs people in with the app's identity in place of a client secret, and the keys
# that seal decisions and the audit exist. Run again it changes nothing.
set -eu

name="Gallery Migrator ($AZURE_ENV_NAME)"
client=$(az ad app list --filter "displayName eq '$name'" --query '[0].appId' --output tsv)
if [ -n "$client" ]; then
  az ad app update --id "$client" --web-redirect-uris "$FUNCTION_APP_URL/.auth/login/aad/callback"
  known=$(az ad app federated-credential list --id "$client" \
    --query "[?subject=='$PUBLISHER_PRINCIPAL_ID'] | [0].id" --output tsv)
  if [ -z "$known" ]; then
    az ad app federated-credential create --id "$client" --output none --parameters "{\"name\": \"app-service\",
      \"issuer\": \"$(az cloud show --query endpoints.activeDirectory --output tsv)/$AZURE_TENANT_ID/v2.0\",
      \"subject\": \"$PUBLISHER_PRINCIPAL_ID\", \"audiences\": [\"api://AzureADTokenExchange\"]}"
  fi
fi

# A key is made once, and never again: what it has sealed must verify. The app reads it anew.
make_key() {
  known=$(az keyvault secret list --vault-name "$AZURE_KEY_VAULT_NAME" --query "[?name=='$1'] | [0].id" --output tsv)
  if [ -z "$known" ]; then
    az keyvault secret set --vault-name "$AZURE_KEY_VAULT_NAME" --name "$1" --output none \
      --value "$2whsec_$(openssl rand -base64 32)"
    az rest --method post --output none \
      --url "$FUNCTION_APP_ID/config/configreferences/appsettings/refresh?api-version=2024-04-01"
  fi
}
make_key sealing-keys ''
make_key audit-keys '1='
