// The whole deployment but Event Grid, which needs the function to be there: events/main.bicep.
targetScope = 'subscription'

@minLength(1)
@maxLength(40)
@description('Name of the azd environment; part of every name.')
param environmentName string

@minLength(1)
@description('Region of all resources.')
param location string

@description('Who deploys, for the secrets of the Key Vault; empty: nobody is given rights to them.')
param principalId string = ''

@description('Resource groups of the galleries: /subscriptions/…/resourceGroups/….')
param galleryResourceGroups array = []

@description('Whether a gallery deletes versions softly; the names of those are read then.')
param gallerySoftDelete bool = false

@description('Subscriptions with managed images, and whose machines may use them. Empty: this one.')
param readSubscriptionIds array = []

@description('Whether there is an identity that deletes images at all.')
param enableSourceDeletion bool = false

@description('Resource groups whose owners let their images be deleted: /subscriptions/…/resourceGroups/….')
param deletableResourceGroups array = []

@description('Resource group in which boot tests make their machines: /subscriptions/…/resourceGroups/…. Empty: there are none.')
param bootTestResourceGroup string = ''

@description('By region the id of the subnet for these machines.')
param bootTestSubnets object = {}

@description('Client id of the Entra application that people and applications sign in to. Empty: no sign-in.')
param entraClientId string = ''

@description('Object ids of those who may approve deletions.')
param approvers array = []

@description('Settings whose values are secrets of the Key Vault, which must be there; SEALING_KEYS is the secret sealing-keys.')
param secretSettings array = ['SEALING_KEYS', 'AUDIT_KEYS']

@description('Further settings of the app, by name: docs/configuration.md.')
param settings object = {}

@allowed(['storage', 'scheduler'])
@description('Where Durable Functions keeps its state: Azure Storage, or Durable Task Scheduler.')
param durableBackend string = 'storage'

@allowed(['3.11', '3.12', '3.13'])
@description('Python of the app.')
param pythonVersion string = '3.12'

@minValue(40)
@maxValue(1000)
@description('Most instances at once.')
param maximumInstanceCount int = 40

@allowed([2048, 4096])
@description('Memory of an instance, in MB.')
param instanceMemoryMB int = 2048

@description('Whether storage and Key Vault are reached through a virtual network only.')
param vnetEnabled bool = false

@description('E-mail addresses that alerts go to; none: alerts are only shown in the portal.')
param alertEmails array = []

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var readSubscriptions = empty(readSubscriptionIds) ? [subscription().subscriptionId] : readSubscriptionIds
var enableBootTests = !empty(bootTestResourceGroup)
var groupsToDelete = enableSourceDeletion ? deletableResourceGroups : []

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identities 'modules/identities.bicep' = {
  scope: group
  name: 'identities'
  params: {
    location: location
    tags: tags
    token: token
    enableSourceDeletion: enableSourceDeletion
    enableBootTests: enableBootTests
  }
}

module network 'modules/network.bicep' = if (vnetEnabled) {
  scope: group
  name: 'network'
  params: { location: location, tags: tags, token: token }
}

module storage 'modules/storage.bicep' = {
  scope: group
  name: 'storage'
  params: {
    location: location
    tags: tags
    token: token
    vnetEnabled: vnetEnabled
    publisherPrincipalId: identities.outputs.publisher.principalId
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  name: 'monitoring'
  params: {
    location: location
    tags: tags
    token: token
    publisherPrincipalId: identities.outputs.publisher.principalId
  }
}

module vault 'modules/key_vault.bicep' = {
  scope: group
  name: 'key-vault'
  params: {
    location: location
    tags: tags
    token: token
    vnetEnabled: vnetEnabled
    publisherPrincipalId: identities.outputs.publisher.principalId
    deployerPrincipalId: principalId
  }
}

module endpoints 'modules/private_endpoints.bicep' = if (vnetEnabled) {
  scope: group
  name: 'private-endpoints'
  params: {
    location: location
    tags: tags
    subnetId: network!.outputs.endpointsSubnetId
    networkId: network!.outputs.networkId
    hostAccountId: storage.outputs.hostAccountId
    recordsAccountId: storage.outputs.recordsAccountId
    vaultId: vault.outputs.vaultId
  }
}

module scheduler 'modules/scheduler.bicep' = if (durableBackend == 'scheduler') {
  scope: group
  name: 'scheduler'
  params: {
    location: location
    tags: tags
    token: token
    publisherPrincipalId: identities.outputs.publisher.principalId
  }
}

module app 'modules/function_app.bicep' = {
  scope: group
  name: 'function-app'
  params: {
    location: location
    tags: tags
    token: token
    publisher: identities.outputs.publisher
    deleter: identities.outputs.deleter
    tester: identities.outputs.tester
    bootTestResourceGroup: bootTestResourceGroup
    bootTestSubnets: bootTestSubnets
    hostAccountName: storage.outputs.hostAccountName
    recordsTableEndpoint: storage.outputs.recordsTableEndpoint
    insightsConnectionString: monitoring.outputs.connectionString
    vaultUri: vault.outputs.vaultUri
    secretSettings: secretSettings
    subscriptionIds: readSubscriptions
    entraClientId: entraClientId
    approvers: approvers
    settings: settings
    schedulerEndpoint: durableBackend == 'scheduler' ? scheduler!.outputs.endpoint : ''
    schedulerHub: durableBackend == 'scheduler' ? scheduler!.outputs.hub : ''
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
    pythonVersion: pythonVersion
    maximumInstanceCount: maximumInstanceCount
    instanceMemoryMB: instanceMemoryMB
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  name: 'alerts'
  params: { location: location, tags: tags, insightsId: monitoring.outputs.insightsId, alertEmails: alertEmails }
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  name: 'workbook'
  params: { location: location, tags: tags, insightsId: monitoring.outputs.insightsId }
}

module roles 'modules/roles.bicep' = {
  name: 'roles-${token}'
  params: {
    environmentName: environmentName
    readSubscriptionIds: readSubscriptions
    gallerySoftDelete: gallerySoftDelete
    enableSourceDeletion: enableSourceDeletion
    enableBootTests: enableBootTests
  }
}

module readerRights 'modules/assign_in_subscription.bicep' = [
  for (id, index) in readSubscriptions: {
    scope: subscription(id)
    name: 'reader-${token}-${index}'
    params: { principalId: identities.outputs.publisher.principalId, roleDefinitionIds: [roles.outputs.reader] }
  }
]

module publisherRights 'modules/assign_in_group.bicep' = [
  for (id, index) in galleryResourceGroups: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    name: 'publisher-${token}-${index}'
    params: {
      principalId: identities.outputs.publisher.principalId
      roleDefinitionIds: gallerySoftDelete
        ? [roles.outputs.publisher, roles.outputs.softDeleteReader]
        : [roles.outputs.publisher]
    }
  }
]

// Disks to restore an image from are made of its version.
module restorerRights 'modules/assign_in_group.bicep' = [
  for (id, index) in enableSourceDeletion ? galleryResourceGroups : []: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    name: 'restorer-${token}-${index}'
    params: { principalId: identities.outputs.deleter.principalId, roleDefinitionIds: [roles.outputs.versionReader] }
  }
]

module deleterRights 'modules/assign_in_group.bicep' = [
  for (id, index) in groupsToDelete: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    name: 'deleter-${token}-${index}'
    params: {
      principalId: identities.outputs.deleter.principalId
      roleDefinitionIds: [roles.outputs.deleter, roles.outputs.restorer]
    }
  }
]

module testerRights 'modules/assign_in_group.bicep' = if (enableBootTests) {
  // Without a group nothing is assigned, and the scope must be one all the same.
  scope: resourceGroup(
    enableBootTests ? split(bootTestResourceGroup, '/')[2] : subscription().subscriptionId,
    enableBootTests ? split(bootTestResourceGroup, '/')[4] : group.name
  )
  name: 'tester-${token}'
  params: { principalId: identities.outputs.tester.principalId, roleDefinitionIds: [roles.outputs.tester] }
}

module joinerRights 'modules/join_subnet.bicep' = [
  for (subnet, index) in enableBootTests ? items(bootTestSubnets) : []: {
    scope: resourceGroup(split(subnet.value, '/')[2], split(subnet.value, '/')[4])
    name: 'joiner-${token}-${index}'
    params: {
      networkName: split(subnet.value, '/')[8]
      subnetName: split(subnet.value, '/')[10]
      principalId: identities.outputs.tester.principalId
      roleDefinitionId: roles.outputs.subnetJoiner
    }
  }
]

// Machines are made of a version.
module bootedRights 'modules/assign_in_group.bicep' = [
  for (id, index) in enableBootTests ? galleryResourceGroups : []: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    name: 'booted-${token}-${index}'
    params: { principalId: identities.outputs.tester.principalId, roleDefinitionIds: [roles.outputs.versionReader] }
  }
]

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_KEY_VAULT_NAME string = vault.outputs.vaultName
output FUNCTION_APP_ID string = app.outputs.id
output FUNCTION_APP_URL string = app.outputs.url
output PUBLISHER_PRINCIPAL_ID string = identities.outputs.publisher.principalId
output DEAD_LETTER_ACCOUNT_ID string = storage.outputs.hostAccountId
