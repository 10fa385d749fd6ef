// m365-restrict for one council on Azure Container Apps jobs. Nothing of it can be reached from the internet, and
// nothing in it holds a password: managed identities sign in at Microsoft 365 and at the ledger alike.
// README.md beside this file says how to deploy it, what to grant the identities, and how to remove it.
targetScope = 'resourceGroup'

@description('Short name of the council, part of every name here. Never change it: the ledger has it in its own.')
@minLength(3)
@maxLength(12)
param council string

@description('Azure region; the ledger holds personal data, so one in the United Kingdom.')
param location string = 'uksouth'

@description('Container registry that holds the image, in this subscription.')
param registryName string

@description('Resource group of that registry.')
param registryResourceGroup string = resourceGroup().name

@description('The image in that registry, by digest or by a tag that is never moved: m365-restrict:0.1.0.')
param image string

@description('Settings as docs/settings.md names them, without M365_RESTRICT_ before them. No secret belongs here.')
param settings object

@description('managedIdentity: identities of this deployment sign in at Microsoft 365. trustedIdentity: app registrations do, which trust these identities; for a tenant other than the one of this subscription. certificate: the same with certificates, which lie in the vault as PEM.')
@allowed(['managedIdentity', 'trustedIdentity', 'certificate'])
param signInWith string = 'managedIdentity'

@description('Whether the vault holds the secret ping-url, the address of a watcher that is told of each success.')
param pings bool = false

@description('Who is told when a job fails, or when nothing has worked for a day.')
param alertAddress string

@description('Addresses that may reach the vault to put certificates into it; none: from inside the network alone.')
param vaultAllowedAddresses string[] = []

@description('Entra group whose members may look into the ledger with psql, as name and objectId; empty: nobody but the jobs.')
param ledgerAdministrators object = {}

@description('Keep copies of the ledger in the paired region.')
param geoRedundantBackup bool = true

@description('Network of its own; a /24 that nothing else of the council uses.')
param addressSpace string = '10.60.0.0/24'

var name = 'm365r-${council}'
var unique = uniqueString(resourceGroup().id, council)

resource reader 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-reader'
  location: location
}

resource writer 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-writer'
  location: location
}

@description('Fetches the image, opens the vault and owns the ledger. It has no permission in Microsoft 365.')
resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-host'
  location: location
}

module registry 'modules/registry.bicep' = {
  name: '${name}-registry'
  scope: resourceGroup(registryResourceGroup)
  params: {
    registryName: registryName
    principalId: host.properties.principalId
  }
}

module network 'modules/network.bicep' = {
  name: '${name}-network'
  params: {
    name: name
    location: location
    addressSpace: addressSpace
  }
}

module logs 'modules/logs.bicep' = {
  name: '${name}-logs'
  params: {
    name: name
    location: location
    alertAddress: alertAddress
  }
}

module vault 'modules/vault.bicep' = {
  name: '${name}-vault'
  params: {
    name: 'm365r-${unique}'
    location: location
    subnetId: network.outputs.endpointsSubnetId
    networkId: network.outputs.networkId
    readerPrincipalId: host.properties.principalId
    allowedAddresses: vaultAllowedAddresses
    workspaceId: logs.outputs.workspaceId
  }
}

module ledger 'modules/ledger.bicep' = {
  name: '${name}-ledger'
  params: {
    name: '${name}-${take(unique, 6)}'
    location: location
    subnetId: network.outputs.ledgerSubnetId
    networkId: network.outputs.networkId
    ownerName: host.name
    ownerPrincipalId: host.properties.principalId
    administrators: ledgerAdministrators
    geoRedundantBackup: geoRedundantBackup
  }
}

module jobs 'modules/jobs.bicep' = {
  name: '${name}-jobs'
  params: {
    name: name
    location: location
    subnetId: network.outputs.jobsSubnetId
    workspaceId: logs.outputs.workspaceId
    image: '${registry.outputs.server}/${image}'
    registryServer: registry.outputs.server
    reader: { id: reader.id, clientId: reader.properties.clientId }
    writer: { id: writer.id, clientId: writer.properties.clientId }
    host: { id: host.id, clientId: host.properties.clientId }
    ledgerUrl: 'postgresql://${host.name}@${ledger.outputs.server}:5432/${ledger.outputs.database}'
    vaultUri: vault.outputs.uri
    signInWith: signInWith
    pings: pings
    settings: settings
  }
}

@description('What the scripts in deploy/permissions are told to grant the reader\'s permissions to.')
output readerPrincipalId string = reader.properties.principalId
output readerClientId string = reader.properties.clientId

@description('The same for the writer.')
output writerPrincipalId string = writer.properties.principalId
output writerClientId string = writer.properties.clientId

output vaultName string = vault.outputs.name
output ledgerServer string = ledger.outputs.server
