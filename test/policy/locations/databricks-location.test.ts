import fc from 'fast-check'
import t from 'tap'
import { type StoredPath, storedPathOf } from '../../../src/policy/locations/artifact-place.ts'
import {
  clientDatabricksLocation,
  upstreamDatabricksLocation,
  versionLocation,
} from '../../../src/policy/locations/databricks-location.ts'
import { canonicalPath } from '../../../src/policy/locations/store-path.ts'
import { tryLaw } from '../../harness/law.ts'

const runId = '0123456789abcdef0123456789abcdef'
const tracking = 'dbfs:/databricks/mlflow-tracking'

t.test('Every location of Databricks has one for clients, and no other', async (t) => {
  const pairs: [upstream: string, client: string][] = [
    [`${tracking}/7/${runId}/artifacts`, `mlflow-artifacts:/7/${runId}/artifacts`],
    [`${tracking}/7/${runId}/artifacts/model/`, `mlflow-artifacts:/7/${runId}/artifacts/model/`],
    [`${tracking}/7`, 'mlflow-artifacts:/7'],
    [`${tracking}/7/logged_models/m-${runId}/artifacts`, `mlflow-artifacts:/7/models/m-${runId}/artifacts`],
    [`${tracking}/7/tr-${runId}/artifacts`, `mlflow-artifacts:/7/traces/tr-${runId}/artifacts`],
    [`${tracking}/7/models/x`, 'mlflow-artifacts:/elsewhere/dbfs~3A~2Fdatabricks~2Fmlflow-tracking~2F7~2Fmodels~2Fx'],
    ['dbfs:/FileStore/acc/a b', 'mlflow-artifacts:/dbfs/FileStore/acc/a b'],
    ['dbfs:/a%41', 'mlflow-artifacts:/elsewhere/dbfs~3A~2Fa~2541'],
    ['dbfs://profile@databricks/a', 'mlflow-artifacts:/elsewhere/dbfs~3A~2F~2Fprofile~40databricks~2Fa'],
    [
      'dbfs:/databricks/mlflow-registry/1/models/m',
      'mlflow-artifacts:/elsewhere/dbfs~3A~2Fdatabricks~2Fmlflow-registry~2F1~2Fmodels~2Fm',
    ],
    ['s3://bucket/a', 's3://bucket/a'],
    ['models:/fraud/3', 'models:/fraud/3'],
  ]
  for (const [upstream, client] of pairs) {
    t.equal(clientDatabricksLocation(upstream), client, upstream)
    t.equal(upstreamDatabricksLocation(client), upstream, client)
  }
  for (const client of [
    `mlflow-artifacts:/7/logged_models/m-${runId}/artifacts`,
    `mlflow-artifacts:/dbfs/databricks/mlflow-tracking/7/${runId}/artifacts`,
    `mlflow-artifacts:/7/tr-${runId}/artifacts`,
    'mlflow-artifacts:/7/traces',
    'mlflow-artifacts:/7/traces/other',
    'mlflow-artifacts:/dbfs/Databricks/x',
    'mlflow-artifacts:/dbfs/ｄatabricks/x',
    'mlflow-artifacts:/dbfs/a/../databricks',
    'mlflow-artifacts:/dbfs',
    'mlflow-artifacts:/elsewhere/s3~3A~2F~2Fbucket',
    'mlflow-artifacts:/elsewhere/dbfs~3A~2Fplain',
    'mlflow-artifacts:/elsewhere/dbfs~3a~2F~2Fa',
    'mlflow-artifacts:/registry/fraud/3',
    'mlflow-artifacts://host/7',
    'mlflow-artifacts:/07/x',
    'MLFLOW-ARTIFACTS:/7',
    'mlflow-artifacts:/',
  ]) {
    t.equal(upstreamDatabricksLocation(client), null, `${client} stands for nothing`)
  }
})

t.test('A store path lies in one place, or in none', async (t) => {
  const cases: [path: string, stored: StoredPath][] = [
    [`7/${runId}/artifacts`, { place: { kind: 'run', experimentId: '7', runId }, path: '' }],
    [`7/${runId}/artifacts/model/MLmodel`, { place: { kind: 'run', experimentId: '7', runId }, path: 'model/MLmodel' }],
    [
      `7/models/m-${runId}/artifacts/a/b`,
      { place: { kind: 'loggedModel', experimentId: '7', modelId: `m-${runId}` }, path: 'a/b' },
    ],
    [
      `7/traces/tr-${runId}/artifacts/traces.json`,
      { place: { kind: 'trace', experimentId: '7', traceId: `tr-${runId}` }, path: 'traces.json' },
    ],
    ['registry/fraud/12/data/x', { place: { kind: 'version', name: 'fraud', version: '12' }, path: 'data/x' }],
    ['dbfs/FileStore/x', { place: { kind: 'dbfs' }, path: 'FileStore/x' }],
  ]
  for (const [path, stored] of cases) t.same(storedPathOf(path), stored, path)
  for (const path of [
    '',
    '7',
    `7/${runId}`,
    `7/${runId}/other`,
    `7/models/m-${runId}`,
    `7/traces/tr-${runId}/other`,
    `7/tr-${runId}/artifacts/traces.json`,
    `7/logged_models/m-${runId}/artifacts/a`,
    `7/${runId.toUpperCase()}/artifacts`,
    `07/${runId}/artifacts`,
    'registry/fraud',
    'registry/fraud/01',
    'registry/fraud/latest/x',
    'registry/fr~61ud/1',
    'registry//1',
    'dbfs',
    'dbfs/databricks/mlflow-tracking/7',
    'dbfs/DATABRICKS/x',
    'elsewhere/dbfs~3A~2Fx',
    'other/x',
  ]) {
    t.equal(storedPathOf(path), null, `${path} lies in none`)
  }
})

const word = fc.constantFrom(
  ...[
    'databricks',
    'mlflow-tracking',
    'mlflow-registry',
    'logged_models',
    'models',
    'traces',
    `tr-${runId}`,
    'artifacts',
    'dbfs',
    'registry',
    'elsewhere',
  ],
  ...[
    '7',
    '0',
    '07',
    '12345678901234567890',
    runId,
    `m-${runId}`,
    '',
    '.',
    '..',
    '%41',
    '%zz',
    '~41',
    '~',
    'a b',
    'a?b',
    'a#b',
    '\\',
    '\n',
  ],
)
const path = fc.array(fc.oneof(word, fc.string({ unit: 'binary' })), { maxLength: 7 }).map((segments) => segments.join('/'))
const location = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .tuple(fc.constantFrom('dbfs:/', 'DBFS:/', 'dbfs:', 'dbfs:///', `${tracking}/`, 'mlflow-artifacts:/', 's3://'), path)
    .map(([start, rest]) => start + rest),
)

t.test('Laws of locations', async (t) => {
  const back = fc.property(location, (uri) => upstreamDatabricksLocation(clientDatabricksLocation(uri)) === uri)
  t.equal(tryLaw(back), 'holds', 'what clients see leads back to what it was')

  const never = fc.property(location, (uri) => !/^dbfs:/i.test(clientDatabricksLocation(uri)))
  t.equal(tryLaw(never), 'holds', 'clients never see dbfs:')

  const one = fc.property(location, (uri) => {
    const upstream = upstreamDatabricksLocation(uri)
    return upstream === null || clientDatabricksLocation(upstream) === uri || !/^mlflow-artifacts:/i.test(uri)
  })
  t.equal(tryLaw(one), 'holds', 'no two spellings of clients mean the same')

  const plain = fc.property(location, (uri) => {
    const client = clientDatabricksLocation(uri)
    if (!client.startsWith('mlflow-artifacts:/')) return true
    const stored = client.slice('mlflow-artifacts:/'.length).replace(/\/$/, '')
    return canonicalPath(stored) === stored && !/[?#%]/.test(stored)
  })
  t.equal(tryLaw(plain), 'holds', 'a location comes back from a client as the path that it is')

  const place = fc.property(path, (text) => {
    const stored = storedPathOf(text)
    if (stored === null || stored.place.kind === 'version') return true
    const { place, path: rest } = stored
    const root = {
      run: () => (place.kind === 'run' ? `${tracking}/${place.experimentId}/${place.runId}/artifacts` : ''),
      loggedModel: () =>
        place.kind === 'loggedModel' ? `${tracking}/${place.experimentId}/logged_models/${place.modelId}/artifacts` : '',
      trace: () => (place.kind === 'trace' ? `${tracking}/${place.experimentId}/${place.traceId}/artifacts` : ''),
      dbfs: () => 'dbfs:',
    }[place.kind]()
    const upstream = upstreamDatabricksLocation(`mlflow-artifacts:/${text}`)
    // Files have names that no location can say.
    return upstream === null || upstream === (rest === '' ? root : `${root}/${rest}`)
  })
  t.equal(tryLaw(place), 'holds', 'where a path lies is where its location says')

  const version = fc.property(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    (name, number) => {
      const stored = versionLocation(name, String(number)).slice('mlflow-artifacts:/'.length)
      const found = storedPathOf(`${stored}/a`)
      return (
        canonicalPath(stored) === stored && found?.place.kind === 'version' && found.place.name === name && found.path === 'a'
      )
    },
  )
  t.equal(tryLaw(version), 'holds', 'a version is found by its location, whatever the model is called')
})
