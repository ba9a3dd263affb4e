import t from 'tap'
import { isBeyondReading } from '../../../../src/policy/checks/request/readers.ts'
import { tableOfAllModes } from '../../../../src/policy/endpoints/endpoint-table.ts'
import { judge, refusalOf } from '../../../fakes/fake-fact-source.ts'
import { config, all as places, tenancy } from '../../../fixtures/tenancy.ts'

const [{ environment }] = places

/** What readers may ask by other methods than GET: searches, and addresses of files to read. Whoever adds one decides it here. */
const readsByPost = [
  'batchGetTraceInfos',
  'calculateTraceFilterCorrelation',
  'createFileDownloadUrl',
  'getCatalogVersionCredentials',
  'getLatestVersionsPost',
  'getLoggedModelReadCredentials',
  'getNativeVersionCredentials',
  'getRunReadCredentials',
  'noteCatalogLineage',
  'queryTraceMetrics',
  'searchDatasetSummaries',
  'searchDatasets',
  'searchExperimentsPost',
  'searchIssues',
  'searchLoggedModels',
  'searchRuns',
  'searchTraces',
]

/** What changes something though it is asked by GET. */
const changesByGet = ['getRunUploadPartUrl', 'getTraceWriteCredential']

t.test('a reader may read and search, and changes nothing by any endpoint', (t) => {
  for (const kind of ['mlflow', 'databricks', 'unityCatalog'] as const) {
    const { open } = tableOfAllModes(kind)
    for (const endpoint of open.values()) {
      const { name, method, asks } = endpoint
      const isRead = method === 'GET' ? !changesByGet.includes(name) : readsByPost.includes(name)
      // Judged as the row that it asks, once its names are known.
      const judged = asks === undefined ? endpoint : open.get(asks)
      t.equal(judged !== undefined && isBeyondReading(judged), !isRead, `${kind}: ${method} ${name}`)
      if (asks !== undefined) continue
      const request = { endpointName: name, endpoint, message: new Map(), reader: true, administrator: true }
      const said = refusalOf(judge(config, environment, request, tenancy))?.message ?? 'allowed'
      const isRefused = /only read and search in environment 'acc'.*apps_acc/.test(said)
      t.equal(isRefused, !isRead, `${kind}: ${method} ${name}: ${said}`)
    }
  }
  t.end()
})
