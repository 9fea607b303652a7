#!/bin/sh
# Before provisioning: the Entra application that people and applications sign in to, with the app's roles. Run again it
# changes nothing. Where you set ENTRA_CLIENT_ID yourself, that application is used as it is.
set -eu

here=$(dirname "$0")
name="Gallery Migrator ($AZURE_ENV_NAME)"
client=$(az ad app list --filter "displayName eq '$name'" --query '[0].appId' --output tsv)
if [ -z "$client" ] && [ -n "${ENTRA_CLIENT_ID:-}" ]; then
  exit 0
fi
if [ -z "$client" ]; then
  client=$(az ad app create --display-name "$name" --sign-in-audience AzureADMyOrg \
    --requested-access-token-version 2 --enable-id-token-issuance true \
    --app-roles "@$here/app_roles.json" --query appId --output tsv)
  az ad app update --id "$client" --identifier-uris "api://$client"
  az ad sp create --id "$client" --output none
fi
azd env set ENTRA_CLIENT_ID "$client"
