// Alerts on what the app logs; each query is a file of queries/.
param location string
param tags object
param insightsId string
param alertEmails array

var rules = [
  {
    name: 'sweep-missing'
    text: 'The sweep has not run for half an hour: nothing that died goes on, nobody is reminded.'
    query: loadTextContent('../queries/sweep_missing.kql')
    severity: 1
  }
  {
    name: 'standing-still'
    text: 'A migration stands still past its limits, or could not be carried on.'
    query: loadTextContent('../queries/standing_still.kql')
    severity: 2
  }
  {
    name: 'deletion-refused'
    text: 'A deletion that was approved is refused by the gate.'
    query: loadTextContent('../queries/deletion_refused.kql')
    severity: 3
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmails)) {
  name: 'ag-gallery-migrator'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'images'
    emailReceivers: map(alertEmails, address => { name: address, emailAddress: address, useCommonAlertSchema: true })
  }
}

resource alert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: 'alert-${rule.name}'
    location: location
    tags: tags
    properties: {
      displayName: rule.name
      description: rule.text
      severity: rule.severity
      enabled: true
      scopes: [insightsId]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT30M'
      autoMitigate: true
      criteria: {
        allOf: [
          { query: rule.query, timeAggregation: 'Count', operator: 'GreaterThan', threshold: 0 }
        ]
      }
      actions: { actionGroups: empty(alertEmails) ? [] : [people.id] }
    }
  }
]
