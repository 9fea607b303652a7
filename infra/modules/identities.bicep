// The app's identities: one reads and publishes; another deletes and restores, where deletion is wanted at all; a third
// makes the machines of boot tests, where there are such.
param location string
param tags object
param token string
param enableSourceDeletion bool
param enableBootTests bool

resource publisherIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-publisher-${token}'
  location: location
  tags: tags
}

resource deleterIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = if (enableSourceDeletion) {
  name: 'id-deleter-${token}'
  location: location
  tags: tags
}

resource testerIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = if (enableBootTests) {
  name: 'id-tester-${token}'
  location: location
  tags: tags
}

output publisher object = {
  id: publisherIdentity.id
  clientId: publisherIdentity.properties.clientId
  principalId: publisherIdentity.properties.principalId
}

output deleter object = {
  id: enableSourceDeletion ? deleterIdentity.id : ''
  clientId: enableSourceDeletion ? deleterIdentity!.properties.clientId : ''
  principalId: enableSourceDeletion ? deleterIdentity!.properties.principalId : ''
}

output tester object = {
  id: enableBootTests ? testerIdentity.id : ''
  clientId: enableBootTests ? testerIdentity!.properties.clientId : ''
  principalId: enableBootTests ? testerIdentity!.properties.principalId : ''
}
