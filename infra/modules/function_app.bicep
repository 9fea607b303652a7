// The app: Flex Consumption, its settings, and who signs in.
param location string
param tags object
param token string
param publisher object
param deleter object
param tester object
param bootTestResourceGroup string
param bootTestSubnets object
param hostAccountName string
param recordsTableEndpoint string
param insightsConnectionString string
param vaultUri string
param secretSettings array
param subscriptionIds array
param entraClientId string
param approvers array
param settings object
param schedulerEndpoint string
param schedulerHub string
param subnetId string
param pythonVersion string
param maximumInstanceCount int
param instanceMemoryMB int

func withoutSlash(url string) string => endsWith(url, '/') ? substring(url, 0, max(0, length(url) - 1)) : url

var packages = 'https://${hostAccountName}.blob.${environment().suffixes.storage}/packages'
var signIn = !empty(entraClientId)
var identityIds = concat([publisher.id], empty(deleter.id) ? [] : [deleter.id], empty(tester.id) ? [] : [tester.id])

var hostSettings = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: publisher.clientId
  AzureWebJobsStorage__blobServiceUri: 'https://${hostAccountName}.blob.${environment().suffixes.storage}'
  AzureWebJobsStorage__queueServiceUri: 'https://${hostAccountName}.queue.${environment().suffixes.storage}'
  AzureWebJobsStorage__tableServiceUri: 'https://${hostAccountName}.table.${environment().suffixes.storage}'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${publisher.clientId};Authorization=AAD'
  // A thread for each activity and orchestrator that host.json lets run at once.
  PYTHON_THREADPOOL_THREAD_COUNT: '16'
}

var appSettings = {
  ARM_ENDPOINT: withoutSlash(environment().resourceManager)
  AZURE_CLIENT_ID: publisher.clientId
  DELETER_CLIENT_ID: deleter.clientId
  TESTER_CLIENT_ID: tester.clientId
  BOOT_TEST_RESOURCE_GROUP: bootTestResourceGroup
  BOOT_TEST_SUBNETS: empty(bootTestSubnets) ? '' : string(bootTestSubnets)
  SUBSCRIPTION_IDS: join(subscriptionIds, ',')
  REFERENCE_SUBSCRIPTION_IDS: join(subscriptionIds, ',')
  RECORDS_STORE: 'table'
  RECORDS_TABLE_ENDPOINT: recordsTableEndpoint
  APPROVERS: join(approvers, ',')
}

var signInSettings = {
  APP_SERVICE_AUTHENTICATION: 'true'
  ENTRA_AUTHORITY: withoutSlash(environment().authentication.loginEndpoint)
  ENTRA_TENANT_ID: tenant().tenantId
  ENTRA_AUDIENCES: '${entraClientId},api://${entraClientId}'
  // App Service signs in with the identity in place of a client secret.
  OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: publisher.clientId
}

var schedulerSettings = {
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
  AzureFunctionsJobHost__extensions__durableTask__hubName: schedulerHub
  DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${publisher.clientId}'
}

var secretReferences = reduce(
  secretSettings,
  {},
  (all, name) =>
    union(all, {
      '${name}': '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${toLower(replace(name, '_', '-'))})'
    })
)

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-${token}'
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: toObject(identityIds, id => id, id => {})
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: publisher.id
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: { minTlsVersion: '1.2', ftpsState: 'Disabled', http20Enabled: true }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packages
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: publisher.id }
        }
      }
      scaleAndConcurrency: { maximumInstanceCount: maximumInstanceCount, instanceMemoryMB: instanceMemoryMB }
      runtime: { name: 'python', version: pythonVersion }
    }
  }
}

resource configured 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: union(
    hostSettings,
    appSettings,
    signIn ? signInSettings : {},
    empty(schedulerEndpoint) ? {} : schedulerSettings,
    secretReferences,
    settings
  )
}

// Requests that nobody has signed in reach the app, which refuses by itself: docs/configuration.md, "Who may ask".
resource authentication 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: signIn }
    globalValidation: { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous' }
    httpSettings: { requireHttps: true }
    login: {
      tokenStore: { enabled: true }
      cookieExpiration: { convention: 'FixedTime', timeToExpiration: '08:00:00' }
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: signIn
        registration: {
          clientId: entraClientId
          clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
          openIdIssuer: '${withoutSlash(environment().authentication.loginEndpoint)}/${tenant().tenantId}/v2.0'
        }
        validation: { allowedAudiences: signIn ? [entraClientId, 'api://${entraClientId}'] : [] }
      }
    }
  }
  dependsOn: [configured]
}

output id string = app.id
output url string = 'https://${app.properties.defaultHostName}'
