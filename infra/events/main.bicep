// New managed images of this subscription start migrations. Deployed when the function is there: Event Grid refuses a
// destination that is not.
targetScope = 'subscription'

@description('Name of the azd environment.')
param environmentName string

@description('Region of the resource group, if one is made.')
param location string

@description('Id of the Function App, in whichever subscription.')
param functionAppId string

@description('Id of the storage account with the container dead-letters.')
param deadLetterAccountId string

@description('Id of the system topic that this subscription has already: there can be one only. Empty: one is made.')
param existingSystemTopicId string = ''

var makeTopic = empty(existingSystemTopicId)
var token = toLower(uniqueString(subscription().id, environmentName, location))

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = if (makeTopic) {
  name: 'rg-${environmentName}-events'
  location: location
  tags: { 'azd-env-name': environmentName }
}

module topic 'topic.bicep' = if (makeTopic) {
  scope: resourceGroup('rg-${environmentName}-events')
  name: 'topic-${token}'
  params: { name: 'evgt-${token}', tags: { 'azd-env-name': environmentName } }
  dependsOn: [group]
}

module existingTopic 'existing_topic.bicep' = if (!makeTopic) {
  scope: resourceGroup(
    split(existingSystemTopicId, '/')[?2] ?? subscription().subscriptionId,
    split(existingSystemTopicId, '/')[?4] ?? 'none'
  )
  name: 'existing-topic-${token}'
  params: { name: last(split(existingSystemTopicId, '/')) }
}

module deadLetterRights 'dead_letter_rights.bicep' = {
  scope: resourceGroup(split(deadLetterAccountId, '/')[2], split(deadLetterAccountId, '/')[4])
  name: 'dead-letter-rights-${token}'
  params: {
    accountName: last(split(deadLetterAccountId, '/'))
    principalId: makeTopic ? topic!.outputs.principalId : existingTopic!.outputs.principalId
  }
}

module images 'images.bicep' = {
  scope: resourceGroup(
    makeTopic ? subscription().subscriptionId : split(existingSystemTopicId, '/')[?2] ?? '',
    makeTopic ? 'rg-${environmentName}-events' : split(existingSystemTopicId, '/')[?4] ?? ''
  )
  name: 'images-${token}'
  params: {
    topicName: makeTopic ? topic!.outputs.name : existingTopic!.outputs.name
    name: 'gallery-migrator-${token}'
    functionAppId: functionAppId
    deadLetterAccountId: deadLetterAccountId
  }
  dependsOn: [deadLetterRights]
}
