import t from 'tap'
import { startIssuer } from '../fakes/issuer.ts'
import { type Fields, objectOf, objectsOf, text } from '../fakes/workspace/call.ts'
import { askWorkspace } from '../fakes/workspace/member.ts'
import { startPassthrough } from '../fakes/workspace/passthrough.ts'
import { startMlflow } from '../harness/mlflow-server.ts'

// A workspace with its own registry, and one with Unity Catalog: the stand-ins copy files as Databricks does.
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
t.teardown(async () => {
  await Promise.all([mlflow.close(), issuer.close()])
})

const schemaOf = (name: string, inCatalog: boolean) => (inCatalog ? { unityCatalogSchema: `${name}.ml` } : {})
const model = 'flavors: {}\nsignature:\n  inputs: \'[{"type": "double"}]\'\n  outputs: \'[{"type": "double"}]\'\n'

async function open(inCatalog: boolean) {
  const environments = {
    acc: schemaOf('acc', inCatalog),
    prod: { ...schemaOf('prod', inCatalog), production: true },
  }
  const place = await startPassthrough(
    { mlflow, issuer, storage: 'blob', ...(inCatalog ? { unityCatalog: true as const } : {}) },
    {
      ...(inCatalog ? { upstream: { registry: 'unityCatalog' } } : {}),
      environments,
      promotions: [{ from: 'acc', to: 'prod', approvers: ['approvers'], requiredTags: ['reviewed'] }],
    },
  )
  const [acc, prod] = [await place.tokenOf('acc', 1), await place.tokenOf('prod', 2)]
  const approver = await place.tokenOf('approver', 3, ['approvers'])
  const ask = (token: string, method: string, path: string, fields: Fields = {}) =>
    askWorkspace(place.app.url, method, path.startsWith('/-') ? path : `/api/2.0/mlflow${path}`, fields, token)
  const done = async (...args: Parameters<typeof ask>) => {
    const given = await ask(...args)
    if (given.status !== 200) throw new Error(`${args[1]} ${args[2]}: ${given.text}`)
    return given.fields
  }
  const files = async (token: string, path: string, body?: string) => {
    const headers = { authorization: `Bearer ${token}` }
    const url = `${place.app.url}/api/2.0/mlflow-artifacts/artifacts${path}`
    const response = await fetch(url, { headers, ...(body === undefined ? {} : { method: 'PUT', body }) })
    return { status: response.status, text: await response.text() }
  }
  return { place, acc, prod, approver, ask, done, files }
}

for (const inCatalog of [false, true]) {
  t.test(`a version is promoted in ${inCatalog ? 'Unity Catalog' : 'the registry of a workspace'}`, async (t) => {
    const { place, acc, prod, approver, ask, done, files } = await open(inCatalog)
    t.teardown(() => place.close())
    const run = objectOf(objectOf((await done(acc, 'POST', '/runs/create', { experiment_id: '0' })).run).info)
    const uri = text(run, 'artifact_uri')
    t.equal((await files(acc, `${uri.replace('mlflow-artifacts:', '')}/model/MLmodel`, model)).status, 200)
    await done(acc, 'POST', '/registered-models/create', { name: 'fraud' })
    const created = { name: 'fraud', source: `${uri}/model`, run_id: text(run, 'run_id') }
    await done(acc, 'POST', '/model-versions/create', created)
    await done(acc, 'POST', '/model-versions/set-tag', { name: 'fraud', version: '1', key: 'reviewed', value: 'yes' })

    const step = (token: string, action: string) =>
      ask(token, 'POST', '/-/promote', { action, from: 'acc', to: 'prod', model: 'fraud', version: '1' })
    const asked = await step(acc, 'ask')
    t.match(asked.fields, { state: 'asked' }, asked.text)
    t.equal((await step(prod, 'approve')).status, 404)
    const approved = await step(approver, 'approve')
    t.match(approved.fields, { state: 'promoted', promotedAs: '1' }, approved.text)
    t.match((await step(approver, 'approve')).fields, { promotedAs: '1' }, 'once')

    const copy = objectOf((await done(prod, 'GET', '/model-versions/get', { name: 'fraud', version: '1' })).model_version)
    const tags = objectsOf(copy.tags).map(({ key, value }) => [key, value])
    t.ok(
      tags.some(([key, value]) => key === 'mlflow_env_proxy_promotion_from' && value === 'acc'),
      JSON.stringify(tags),
    )
    t.ok(tags.some(([key]) => key === 'reviewed'))
    if (inCatalog) t.match(copy.aliases, ['production'])
    else t.equal(copy.current_stage, 'Production')
    t.equal((await files(prod, '/registry/fraud/1/MLmodel')).text, model, 'production has the files')
    const original = objectOf((await done(acc, 'GET', '/model-versions/get', { name: 'fraud', version: '1' })).model_version)
    t.notMatch(JSON.stringify(original.tags ?? []), 'promotion', 'nothing is left on the original')
  })
}
