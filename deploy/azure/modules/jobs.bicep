// One Container Apps job for each job of ours. Azure's cron knows UTC alone, so a job with a time of day is begun
// at both hours that this can be, and looks for itself which is the council's (ONLY_AT, run-job).
param name string
param location string
param subnetId string
param workspaceId string
param image string
param registryServer string
param reader { id: string, clientId: string }
param writer { id: string, clientId: string }
param host { id: string, clientId: string }
param ledgerUrl string
param vaultUri string
param signInWith string
param pings bool
param settings object

var timetable = loadJsonContent('../timetable.json')
var withCertificates = signInWith == 'certificate'
// The application's client id stands in the settings; in place of a key it takes the token of the identity here.
var withTrust = signInWith == 'trustedIdentity'

// These change nothing in the tenant, so they are not given the identity that could; but where somebody is to be
// told of critical findings by mail at once, drift is what tells them, and only the writer sends mail.
var mails = filter(items(settings), one => startsWith(one.key, 'DELIVERY__') && endsWith(one.key, '__TO'))
var readersAlone = empty(mails) ? ['drift', 'retention'] : ['retention']

var readerSettings = withCertificates
  ? [{ name: 'M365_RESTRICT_AUTH__READER__CERTIFICATE_PATH', value: '/certificates/reader.pem' }]
  : withTrust
      ? [{ name: 'M365_RESTRICT_AUTH__READER__TRUSTED_IDENTITY', value: reader.clientId }]
      : [
          { name: 'M365_RESTRICT_AUTH__READER__CLIENT_ID', value: reader.clientId }
          { name: 'M365_RESTRICT_AUTH__READER__MANAGED_IDENTITY', value: 'true' }
        ]
var writerSettings = withCertificates
  ? [{ name: 'M365_RESTRICT_AUTH__WRITER__CERTIFICATE_PATH', value: '/certificates/writer.pem' }]
  : withTrust
      ? [{ name: 'M365_RESTRICT_AUTH__WRITER__TRUSTED_IDENTITY', value: writer.clientId }]
      : [
          { name: 'M365_RESTRICT_AUTH__WRITER__CLIENT_ID', value: writer.clientId }
          { name: 'M365_RESTRICT_AUTH__WRITER__MANAGED_IDENTITY', value: 'true' }
        ]
var ledgerSettings = [
  { name: 'M365_RESTRICT_LEDGER__URL', value: ledgerUrl }
  { name: 'M365_RESTRICT_LEDGER__AUTH', value: 'entra' }
  { name: 'M365_RESTRICT_LEDGER__CLIENT_ID', value: host.clientId }
]
var ownSettings = [
  for setting in items(settings): {
    name: 'M365_RESTRICT_${setting.key}'
    value: string(setting.value)
  }
]
var pingSettings = pings ? [{ name: 'M365_RESTRICT_HEALTH__PING_URL', secretRef: 'ping-url' }] : []

var pingSecrets = pings ? [{ name: 'ping-url', keyVaultUrl: '${vaultUri}secrets/ping-url', identity: host.id }] : []
// A certificate of the vault is a secret too; as PEM if its content type is application/x-pem-file.
var readerSecrets = withCertificates
  ? [{ name: 'reader-certificate', keyVaultUrl: '${vaultUri}secrets/reader', identity: host.id }]
  : []
var writerSecrets = withCertificates
  ? [{ name: 'writer-certificate', keyVaultUrl: '${vaultUri}secrets/writer', identity: host.id }]
  : []
var readerFiles = withCertificates ? [{ secretRef: 'reader-certificate', path: 'reader.pem' }] : []
var writerFiles = withCertificates ? [{ secretRef: 'writer-certificate', path: 'writer.pem' }] : []

resource surroundings 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: '${name}-environment'
  location: location
  properties: {
    vnetConfiguration: {
      infrastructureSubnetId: subnetId
      internal: true
    }
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
    appLogsConfiguration: {
      destination: 'azure-monitor'
    }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: surroundings
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

resource job 'Microsoft.App/jobs@2024-03-01' = [
  for one in items(timetable): {
    name: '${name}-${one.key}'
    location: location
    identity: {
      type: 'UserAssigned'
      userAssignedIdentities: union(
        { '${host.id}': {} },
        withCertificates ? {} : { '${reader.id}': {} },
        withCertificates || contains(readersAlone, one.key) ? {} : { '${writer.id}': {} }
      )
    }
    properties: {
      environmentId: surroundings.id
      workloadProfileName: 'Consumption'
      configuration: {
        triggerType: 'Schedule'
        scheduleTriggerConfig: {
          cronExpression: one.value.cron
          parallelism: 1
          replicaCompletionCount: 1
        }
        // The next slot does what this one could not.
        replicaRetryLimit: 1
        replicaTimeout: 7200
        registries: [
          {
            server: registryServer
            identity: host.id
          }
        ]
        secrets: concat(pingSecrets, readerSecrets, contains(readersAlone, one.key) ? [] : writerSecrets)
      }
      template: {
        containers: [
          {
            name: 'job'
            image: image
            command: ['run-job']
            args: [one.key]
            env: concat(
              ownSettings,
              ledgerSettings,
              readerSettings,
              contains(readersAlone, one.key) ? [] : writerSettings,
              pingSettings,
              empty(one.value.onlyAt) ? [] : [{ name: 'ONLY_AT', value: one.value.onlyAt }]
            )
            resources: {
              cpu: json('0.5')
              memory: '1Gi'
            }
            volumeMounts: withCertificates
              ? [{ volumeName: 'certificates', mountPath: '/certificates' }]
              : []
          }
        ]
        volumes: withCertificates
          ? [
              {
                name: 'certificates'
                storageType: 'Secret'
                secrets: concat(readerFiles, contains(readersAlone, one.key) ? [] : writerFiles)
              }
            ]
          : []
      }
    }
    dependsOn: [logs]
  }
]
