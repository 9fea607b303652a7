#!/bin/sh
# After the code is deployed, since Event Grid refuses a function that is not there: new images of this subscription start
# migrations. Run again it changes nothing. SYSTEM_TOPIC_ID names a system topic that the subscription has already.
set -eu

az deployment sub create --name "gallery-migrator-events-$AZURE_ENV_NAME" --location "$AZURE_LOCATION" --output none \
  --template-file "$(dirname "$0")/../events/main.bicep" --parameters environmentName="$AZURE_ENV_NAME" \
  location="$AZURE_LOCATION" functionAppId="$FUNCTION_APP_ID" deadLetterAccountId="$DEAD_LETTER_ACCOUNT_ID" \
  existingSystemTopicId="${SYSTEM_TOPIC_ID:-}"
