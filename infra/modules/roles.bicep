// The custom roles. Their actions are data, which the tests and the local cloud read too: roles/*.json.
targetScope = 'subscription'

param environmentName string
param readSubscriptionIds array
param gallerySoftDelete bool
param enableSourceDeletion bool
param enableBootTests bool

var reader = loadJsonContent('../roles/reader.json')
var publisher = loadJsonContent('../roles/publisher.json')
var softDeleteReader = loadJsonContent('../roles/soft-delete-reader.json')
var deleter = loadJsonContent('../roles/deleter.json')
var restorer = loadJsonContent('../roles/restorer.json')
var versionReader = loadJsonContent('../roles/version-reader.json')
var tester = loadJsonContent('../roles/tester.json')
var subnetJoiner = loadJsonContent('../roles/subnet-joiner.json')
var scopes = map(union([subscription().subscriptionId], readSubscriptionIds), id => '/subscriptions/${id}')
var definitions = concat(
  [reader, publisher],
  gallerySoftDelete ? [softDeleteReader] : [],
  enableSourceDeletion ? [deleter, restorer] : [],
  enableBootTests ? [tester, subnetJoiner] : [],
  enableSourceDeletion || enableBootTests ? [versionReader] : []
)

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = [
  for definition in definitions: {
    name: guid(subscription().id, environmentName, definition.name)
    properties: {
      roleName: '${definition.name} (${environmentName})'
      description: definition.description
      type: 'CustomRole'
      assignableScopes: scopes
      permissions: [{ actions: definition.actions, notActions: [] }]
    }
  }
]

func idOf(environmentName string, name string) string =>
  subscriptionResourceId('Microsoft.Authorization/roleDefinitions', guid(subscription().id, environmentName, name))

output reader string = idOf(environmentName, reader.name)
output publisher string = idOf(environmentName, publisher.name)
output softDeleteReader string = idOf(environmentName, softDeleteReader.name)
output deleter string = idOf(environmentName, deleter.name)
output restorer string = idOf(environmentName, restorer.name)
output versionReader string = idOf(environmentName, versionReader.name)
output tester string = idOf(environmentName, tester.name)
output subnetJoiner string = idOf(environmentName, subnetJoiner.name)
