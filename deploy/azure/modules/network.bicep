// A network of its own: one part for the jobs, one for the ledger, one for the vault's private endpoint.
param name string
param location string
param addressSpace string

resource network 'Microsoft.Network/virtualNetworks@2024-01-01' = {
  name: '${name}-network'
  location: location
  properties: {
    addressSpace: {
      addressPrefixes: [addressSpace]
    }
    subnets: [
      {
        name: 'jobs'
        properties: {
          addressPrefix: cidrSubnet(addressSpace, 26, 0)
          delegations: [
            {
              name: 'environments'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'ledger'
        properties: {
          addressPrefix: cidrSubnet(addressSpace, 28, 4)
          delegations: [
            {
              name: 'servers'
              properties: {
                serviceName: 'Microsoft.DBforPostgreSQL/flexibleServers'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressSpace, 28, 5)
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
    ]
  }
}

output networkId string = network.id
output jobsSubnetId string = network.properties.subnets[0].id
output ledgerSubnetId string = network.properties.subnets[1].id
output endpointsSubnetId string = network.properties.subnets[2].id
