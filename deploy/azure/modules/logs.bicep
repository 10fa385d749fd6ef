// What the jobs wrote, for 90 days, and the alarms. Log lines hold no person's name and no address.
param name string
param location string
param alertAddress string

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${name}-logs'
  location: location
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 90
  }
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${name}-people'
  location: 'global'
  properties: {
    groupShortName: 'm365restrict'
    enabled: true
    emailReceivers: [
      {
        name: 'ict'
        emailAddress: alertAddress
        useCommonAlertSchema: true
      }
    ]
  }
}

// The last line of deploy/docker/run-job, which every job ends with.
var ended = 'ContainerAppConsoleLogs | where Log startswith "m365-restrict-job " | parse Log with "m365-restrict-job " Job " " Outcome " exit=" Code'

resource failed 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = {
  name: '${name}-failed'
  location: location
  properties: {
    displayName: '${name}: a job failed'
    description: 'A job ended with an exit code that says that it could not do its work (docs/schedule.md).'
    severity: 2
    enabled: true
    scopes: [workspace.id]
    evaluationFrequency: 'PT15M'
    // Longer than from one look to the next: lines come minutes after they were written, and one that came after
    // its own window had been looked at would never be seen.
    windowSize: 'PT30M'
    // The table comes into being with the first line.
    skipQueryValidation: true
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: '${ended} | where Outcome == "failed"'
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          dimensions: [
            {
              name: 'Job'
              operator: 'Include'
              values: ['*']
            }
          ]
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [people.id]
    }
  }
}

// Whoever is dead says nothing: the alarm is that a good line is missing. reviews and retention run less than
// once a day; `m365-restrict status` and the report say when they were last done.
var silences = [
  { job: 'enforce', hours: 24 }
  { job: 'drift', hours: 24 }
  // Once a day, and not at the same minute each day.
  { job: 'evidence', hours: 26 }
]

resource silent 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = [
  for silence in silences: {
    name: '${name}-silent-${silence.job}'
    location: location
    properties: {
      displayName: '${name}: ${silence.job} has not worked for a day'
      description: 'No run of ${silence.job} has done its work for ${silence.hours} hours. Restrictions in Exchange stay as they are and end by themselves, but changes in the register do not reach them.'
      severity: 1
      enabled: true
      scopes: [workspace.id]
      evaluationFrequency: 'PT1H'
      windowSize: 'P2D'
      skipQueryValidation: true
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: '${ended} | where Job == "${silence.job}" and Outcome == "done" and TimeGenerated > ago(${silence.hours}h)'
            timeAggregation: 'Count'
            operator: 'LessThan'
            threshold: 1
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [people.id]
      }
    }
  }
]

output workspaceId string = workspace.id
