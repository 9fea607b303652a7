// A system topic that is there already; its identity, which it must have, writes dead letters.
param name string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: name
}

output name string = topic.name
output principalId string = topic.identity.principalId
