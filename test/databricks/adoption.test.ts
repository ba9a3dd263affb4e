import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { runCommand } from '../../src/commands/run-command.ts'
import { startIssuer, tenantId } from '../fakes/issuer.ts'
import { databricksAudience } from '../fakes/workspace/authenticate.ts'
import type { Fields } from '../fakes/workspace/call.ts'
import { joinWorkspace } from '../fakes/workspace/member.ts'
import { startWorkspace } from '../fakes/workspace/start-workspace.ts'
import { startMlflow } from '../harness/mlflow-server.ts'

// A workspace that an MLflow is behind, with its own registry and with Unity Catalog.
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
const workspace = await startWorkspace({ mlflow, issuer, storage: 'blob', unityCatalog: true })
t.teardown(async () => {
  await workspace.close()
  await Promise.all([mlflow.close(), issuer.close()])
})
const oid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`
const admin = await joinWorkspace(workspace, issuer, { objectId: oid(1), name: 'boss', groups: ['admins'] })
const other = await joinWorkspace(workspace, issuer, { objectId: oid(2), name: 'other', groups: ['users'] })
const folder = t.testdir({ admin: admin.token, other: other.token })

async function done(path: string, fields: Fields): Promise<Fields> {
  const given = await admin.ask('POST', `/api/2.0${path}`, fields)
  if (given.status !== 200) throw new Error(`${path}: ${given.text}`)
  return given.fields
}

async function adopt(kind: object, rules: object | null, ...args: string[]) {
  const { environments = { acc: {}, prod: { production: true } }, ...upstream } = { environments: undefined, ...kind }
  const config = {
    upstream: { url: workspace.url, kind: 'databricks', credentials: { mode: 'passthrough' }, ...upstream },
    authentication: { entra: { tenantId, audiences: [databricksAudience] } },
    environments,
  }
  writeFileSync(join(folder, 'proxy.yaml'), stringify(config))
  writeFileSync(join(folder, 'rules.yaml'), stringify(rules ?? {}))
  const said: string[] = []
  const terminal = { out: (text: string) => void said.push(text), err: (text: string) => void said.push(text) }
  const ruled = rules === null ? [] : ['--rules', join(folder, 'rules.yaml')]
  const code = await runCommand(['adopt', '--config', join(folder, 'proxy.yaml'), ...ruled, ...args], {}, terminal)
  return { code, out: said.join('') }
}

const asAdmin = ['--token-file', join(folder, 'admin')]

t.test('models of the registry are renamed, and experiments move into the environment’s folder', async (t) => {
  for (const path of ['/Users/eve@example.com', '/experiments']) await done('/workspace/mkdirs', { path })
  const { experiment_id } = await done('/mlflow/experiments/create', { name: '/Users/eve@example.com/churn' })
  await done('/mlflow/registered-models/create', { name: 'fraud' })
  const rules = {
    models: [{ match: 'fraud', environment: 'acc' }],
    experiments: [{ match: '/Users/*/*', environment: 'acc', name: '$2' }],
  }
  const nameOf = async () => {
    const { fields } = await admin.ask('GET', '/api/2.0/mlflow/experiments/get', { experiment_id })
    return JSON.stringify(fields)
  }
  t.match(await adopt({}, rules), { code: 1, out: /--token-file/ }, 'callers’ tokens alone open it')
  const plan = await adopt({}, rules, ...asAdmin)
  t.match(plan, { code: 0, out: /experiment \/Users\/eve@example\.com\/churn \([0-9]+\) -> \/experiments\/acc\/churn\n/ })
  const journal = join(folder, 'journal')
  const refused = await adopt({}, rules, '--apply', journal, '--token-file', join(folder, 'other'))
  t.match(refused, { code: 0, out: /\n0 renamed/ }, 'who does not see things renames none')
  const applied = await adopt({}, rules, ...asAdmin, '--apply', journal)
  t.match(applied, { code: 0, out: /\n2 renamed, 0 not/ }, applied.out)
  t.match(await nameOf(), /"name":"\/experiments\/acc\/churn"/)
  const { fields } = await admin.ask('GET', '/api/2.0/mlflow/registered-models/get', { name: 'fraud_acc' })
  t.match(fields, { registered_model: { name: 'fraud_acc' } })
  const undone = await adopt({}, null, ...asAdmin, '--undo', journal)
  t.match(undone, { code: 0, out: /\n2 taken back, 0 not/ }, undone.out)
  t.match(await nameOf(), /"name":"\/Users\/eve@example\.com\/churn"/)
})

t.test('models of Unity Catalog: the plan says what to do by hand', async (t) => {
  for (const name of ['main.default.fraud', 'acc.ml.mine', 'main.default.risk'])
    await done('/mlflow/unity-catalog/registered-models/create', { name })
  const catalog = {
    registry: 'unityCatalog',
    environments: { acc: { unityCatalogSchema: 'acc.ml' }, prod: { unityCatalogSchema: 'prod.ml', production: true } },
  }
  const rules = { models: [{ match: 'main.default.f*', environment: 'acc' }] }
  const { code, out } = await adopt(catalog, rules, ...asAdmin)
  t.equal(code, 0, out)
  t.match(out, 'model main.default.fraud -> acc.ml.fraud\n      callers of acc call it fraud; by hand, see below\n')
  t.match(out, 'model main.default.risk: no rule matches it\n')
  t.notMatch(out, 'acc.ml.mine')
  t.match(out, /By hand: [\s\S]*"main\.default\.fraud": "acc\.ml\.fraud",\n[\s\S]*client\.copy_model_version/)
  t.match(out, '0 renames, 1 model by hand, 0 problems')
  const applied = await adopt(catalog, rules, ...asAdmin, '--apply', join(folder, 'catalog-journal'))
  t.match(applied, { code: 0, out: /\n0 renamed, 0 not/ })
  const taken = { models: [{ match: 'main.default.f*', environment: 'acc', name: 'Mine' }] }
  t.match(await adopt(catalog, taken, ...asAdmin), { code: 3, out: /PROBLEM {2}'acc\.ml\.mine' exists already/ })
})
