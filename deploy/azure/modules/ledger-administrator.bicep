// One identity of Entra ID that may open the ledger; its name is the user's name in PostgreSQL.
param serverName string
param principalName string
param objectId string

@allowed(['ServicePrincipal', 'Group'])
param principalType string

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' existing = {
  name: serverName
}

resource administrator 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2024-08-01' = {
  parent: server
  name: objectId
  properties: {
    tenantId: subscription().tenantId
    principalName: principalName
    principalType: principalType
  }
}
