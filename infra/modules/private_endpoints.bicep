// The private endpoints of both storage accounts and the Key Vault, with their names in the network.
param location string
param tags object
param subnetId string
param networkId string
param hostAccountId string
param recordsAccountId string
param vaultId string

var storageSuffix = environment().suffixes.storage
var vaultZone = replace('privatelink${environment().suffixes.keyvaultDns}', '.vault.', '.vaultcore.')
var endpoints = [
  { name: 'host-blob', resourceId: hostAccountId, group: 'blob', zone: 'privatelink.blob.${storageSuffix}' }
  { name: 'host-queue', resourceId: hostAccountId, group: 'queue', zone: 'privatelink.queue.${storageSuffix}' }
  { name: 'host-table', resourceId: hostAccountId, group: 'table', zone: 'privatelink.table.${storageSuffix}' }
  { name: 'records-table', resourceId: recordsAccountId, group: 'table', zone: 'privatelink.table.${storageSuffix}' }
  { name: 'secrets', resourceId: vaultId, group: 'vault', zone: vaultZone }
]
var zones = union(map(endpoints, endpoint => endpoint.zone), [])

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for name in zones: {
    name: name
    location: 'global'
    tags: tags
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (name, index) in zones: {
    parent: zone[index]
    name: 'network'
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
  }
]

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for each in endpoints: {
    name: 'pe-${each.name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        { name: each.name, properties: { privateLinkServiceId: each.resourceId, groupIds: [each.group] } }
      ]
    }
  }
]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [
  for (each, index) in endpoints: {
    parent: endpoint[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [{ name: 'zone', properties: { privateDnsZoneId: zone[indexOf(zones, each.zone)].id } }]
    }
  }
]
