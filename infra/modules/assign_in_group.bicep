// Roles for one identity in this resource group.
targetScope = 'resourceGroup'

param principalId string
param roleDefinitionIds array

resource rights 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in roleDefinitionIds: {
    name: guid(resourceGroup().id, principalId, id)
    properties: { principalId: principalId, principalType: 'ServicePrincipal', roleDefinitionId: id }
  }
]
