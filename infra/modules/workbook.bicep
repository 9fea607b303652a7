// One page of what the app has logged.
param location string
param tags object
param insightsId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'gallery-migrator')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Gallery Migrator'
    category: 'workbook'
    sourceId: insightsId
    serializedData: string({
      version: 'Notebook/1.0'
      items: [
        {
          type: 3
          name: 'outcomes'
          content: {
            version: 'KqlItem/1.0'
            title: 'Outcomes by day'
            query: loadTextContent('../queries/outcomes.kql')
            queryType: 0
            resourceType: 'microsoft.insights/components'
            visualization: 'barchart'
          }
        }
        {
          type: 3
          name: 'refused'
          content: {
            version: 'KqlItem/1.0'
            title: 'Deletions that the gate refused'
            query: loadTextContent('../queries/deletion_refused.kql')
            queryType: 0
            resourceType: 'microsoft.insights/components'
            visualization: 'table'
          }
        }
      ]
    })
  }
}
