import t from 'tap'
import { startIssuer } from '../fakes/issuer.ts'
import { objectOf, text } from '../fakes/workspace/call.ts'
import { askWorkspace } from '../fakes/workspace/member.ts'
import { startPassthrough } from '../fakes/workspace/passthrough.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { runDatabricksClient } from '../scenarios/databricks-python.ts'

// Tracking by http beside a registry in Unity Catalog: MLflow asks DATABRICKS_HOST for the registry, and either port will do for it.
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
const place = await startPassthrough(
  { mlflow, issuer, storage: 'adls', unityCatalog: true },
  {
    upstream: { registry: 'unityCatalog' },
    databricksHost: { listen: { port: 0 } },
    environments: { acc: { unityCatalogSchema: 'acc.ml' }, prod: { unityCatalogSchema: 'prod.ml', production: true } },
  },
)
t.teardown(async () => {
  await place.close()
  await Promise.all([mlflow.close(), issuer.close()])
})
const { app } = place
const [token, theirs] = [await place.tokenOf('acc', 1), await place.tokenOf('prod', 2)]
const doors = { listen: app.url, databricksHost: app.databricksHost ?? '' } as const
const made = await askWorkspace(app.url, 'POST', '/api/2.0/mlflow/runs/create', { experiment_id: '0' }, theirs)
const foreign = `${text(objectOf(objectOf(made.fields.run).info), 'artifact_uri')}/model`

const ways = [
  ['2.22.4', 'databricksHost'],
  ['3.17.2', 'listen'],
  ['3.18.0', 'databricksHost'],
  ['3.18.0', 'listen'],
] as const

for (const [version, ingress] of ways) {
  t.test(`MLflow ${version} registers what it logged, with DATABRICKS_HOST at the port of ${ingress}`, async (t) => {
    const name = `fraud-${version.replaceAll('.', '')}-${ingress}`
    const env = {
      STORY: name,
      FOREIGN_SOURCE: foreign,
      MLFLOW_TRACKING_URI: app.url,
      MLFLOW_TRACKING_TOKEN: token,
      MLFLOW_REGISTRY_URI: 'databricks-uc',
    }
    const client = { environment: version, script: 'unity_catalog_beside_http.py', host: doors[ingress], token }
    const [seen = {}] = await runDatabricksClient({ ...client, env })
    const expected = {
      uri: 'mlflow-artifacts',
      version: ['1', 'READY', true],
      'by its location': ['2', 'READY', true],
      bytes: [true, true, true],
      found: ['1', '2'],
      // Clients read the source themselves before they register it.
      foreign: 'INTERNAL_ERROR',
    }
    const logged = version.startsWith('3.') ? { 'logged model': ['3', 'READY', true] } : {}
    t.strictSame(seen, { ...expected, ...logged })
  })
}
