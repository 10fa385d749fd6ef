// The ledger: PostgreSQL that only identities of Entra ID can open, from this network alone.
param name string
param location string
param subnetId string
param networkId string
param ownerName string
param ownerPrincipalId string
param administrators object
param geoRedundantBackup bool

resource zone 'Microsoft.Network/privateDnsZones@2020-06-01' = {
  name: '${name}.private.postgres.database.azure.com'
  location: 'global'
}

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = {
  parent: zone
  name: name
  location: 'global'
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: networkId
    }
  }
}

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: name
  location: location
  sku: {
    name: 'Standard_B1ms'
    tier: 'Burstable'
  }
  properties: {
    version: '16'
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: subscription().tenantId
    }
    network: {
      delegatedSubnetResourceId: subnetId
      privateDnsZoneArmResourceId: zone.id
    }
    storage: {
      storageSizeGB: 32
      autoGrow: 'Enabled'
    }
    backup: {
      backupRetentionDays: 35
      geoRedundantBackup: geoRedundantBackup ? 'Enabled' : 'Disabled'
    }
    highAvailability: {
      mode: 'Disabled'
    }
  }
  dependsOn: [link]
}

resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2024-08-01' = {
  parent: server
  name: 'm365_restrict'
  properties: {
    charset: 'UTF8'
    collation: 'en_US.utf8'
  }
}

// Azure refuses administrators while the server is still being made ready, though it says that it is there:
// they come in a deployment of their own, after the database, and one after the other.
module owner 'ledger-administrator.bicep' = {
  name: '${name}-owner'
  params: {
    serverName: server.name
    principalName: ownerName
    objectId: ownerPrincipalId
    principalType: 'ServicePrincipal'
  }
  dependsOn: [database]
}

module people 'ledger-administrator.bicep' = if (!empty(administrators)) {
  name: '${name}-people'
  params: {
    serverName: server.name
    principalName: administrators.?name ?? ''
    objectId: administrators.?objectId ?? ''
    principalType: 'Group'
  }
  dependsOn: [owner]
}

output server string = server.properties.fullyQualifiedDomainName
output database string = database.name
