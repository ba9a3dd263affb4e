import t from 'tap'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { findEndpoint } from '../../src/policy/endpoints/find-endpoint.ts'
import { catalogClosedFamilies } from '../../src/policy/endpoints/rows/catalog-closed.ts'
import { databricksClosedFamilies } from '../../src/policy/endpoints/rows/databricks-closed.ts'
import { databricksRoutes } from '../../src/policy/generated/databricks-routes.ts'
import type { Meaning } from '../../src/policy/meanings/meaning-table.ts'
import { fieldOf, hasShape, shapeOf } from '../../src/policy/messages/message-shape.ts'
import { ownerOf, resolveName } from '../../src/policy/names/names.ts'
import { rewriteAnswer } from '../../src/rewrite/answer/rewrite-answer.ts'
import { upstreamRequest } from '../../src/rewrite/request/upstream-request.ts'
import {
  type FakeFacts,
  grantOf,
  judge,
  makeWorkspace,
  refusalOf,
  requestTo,
  toMessage,
  verdictOf,
} from '../fakes/fake-fact-source.ts'
import { makeVersion } from '../fixtures/tenancy.ts'
import { suggestsReference } from '../harness/suggests-reference.ts'

const { acc, prod, config } = makeWorkspace()
const facts: FakeFacts = {
  experiments: [
    { id: '4400000000000001', name: '/experiments/acc/churn' },
    { id: '4400000000000002', name: '/Workspace/experiments/prod/churn' },
  ],
  runs: [],
  loggedModels: [],
  versions: [
    makeVersion('fraud_acc/1', { stage: 'Staging' }),
    makeVersion('fraud_acc/2', { stage: 'Production' }),
    makeVersion('fraud_acc/3', { stage: 'None' }),
    makeVersion('fraud_prod/1', { stage: 'Production' }),
    makeVersion('fraud_preprod/1', { stage: 'Staging' }),
  ],
  webhooks: { hookacc: 'fraud_acc', hookprod: 'fraud_prod', hooklegacy: 'legacy' },
  modelIds: { idacc: 'fraud_acc', idprod: 'fraud_prod', idlegacy: 'legacy' },
}
const verdict = (caller: typeof acc, endpoint: string, fields: Readonly<Record<string, unknown>>) =>
  verdictOf(judge(config, caller, requestTo(endpoint, fields), facts))

const doors = ['transitionModelVersionStage', 'transitionDatabricksStage', 'approveTransitionRequest', 'rejectTransitionRequest']
/** Whose request, on which version, to which stage, archiving others or not, and what comes of it. */
const moves: readonly (readonly [typeof acc, string, string, string, boolean, string])[] = [
  [acc, 'fraud', '1', 'Archived', false, 'allow'],
  [acc, 'fraud', '3', 'staging', true, 'allow'],
  [acc, 'fraud_acc', '1', 'None', false, 'allow'],
  [acc, 'fraud', '1', 'Production', false, 'stage'],
  [acc, 'fraud', '1', 'PRODUCTION', true, 'stage'],
  [acc, 'fraud', '2', 'Archived', false, 'production-version'],
  [acc, 'fraud', '9', 'Archived', false, 'not-found'],
  [acc, 'fraud', '1', 'Live', false, 'invalid-parameter'],
  [acc, 'fraud_prod', '1', 'Archived', false, 'foreign-name'],
  [acc, 'fraud_preprod', '1', 'Archived', false, 'foreign-name'],
  [prod, 'fraud', '1', 'Archived', true, 'allow'],
  [prod, 'fraud_acc', '1', 'Production', false, 'allow'],
  [prod, 'fraud_acc', '1', 'Production', true, 'read-only'],
  [prod, 'fraud_acc', '3', 'Production', false, 'read-only'],
  [prod, 'fraud_acc', '1', 'Archived', false, 'read-only'],
  [prod, 'fraud_preprod', '1', 'Production', false, 'foreign-name'],
]

t.test('all doors to a stage are judged alike', async (t) => {
  for (const [caller, name, number, stage, archive_existing_versions, expected] of moves) {
    for (const ingress of doors) {
      if (ingress === 'rejectTransitionRequest' && archive_existing_versions) continue
      const fields = {
        name,
        version: number,
        stage,
        ...(ingress === 'rejectTransitionRequest' ? {} : { archive_existing_versions }),
      }
      t.equal(
        verdict(caller, ingress, fields),
        expected,
        `${caller.name} ${ingress} ${name}/${number} ${stage} ${archive_existing_versions}`,
      )
    }
  }
  for (const path of ['/mlflow/databricks/model-versions/transition-stage', '/mlflow/transition-requests/approve']) {
    for (const prefix of ['/api/2.0', '/api/2.0/preview']) {
      t.ok('open' in (findEndpoint('POST', `${prefix}${path}`, 'databricks') ?? {}), `${prefix}${path}`)
    }
    t.equal(findEndpoint('POST', `/api/2.0${path}`), null, 'an open-source server has none of it')
  }
})

t.test('whoever may not move a version may ask, for what is theirs', async (t) => {
  const table: readonly (readonly [typeof acc, string, string, string, string])[] = [
    [acc, 'fraud', '1', 'Production', 'allow'],
    [acc, 'fraud', '1', 'Live', 'invalid-parameter'],
    [acc, 'fraud', '2', 'Archived', 'production-version'],
    [acc, 'fraud_prod', '1', 'Archived', 'foreign-name'],
    [prod, 'fraud_acc', '1', 'Production', 'read-only'],
    [prod, 'fraud', '1', 'Archived', 'allow'],
  ]
  for (const [caller, name, number, stage, expected] of table) {
    const fields = { name, version: number, stage }
    t.equal(verdict(caller, 'createTransitionRequest', fields), expected, `${caller.name} asks ${name}/${number} ${stage}`)
    t.equal(verdict(caller, 'deleteTransitionRequest', { ...fields, creator: 'x' }), expected, `${caller.name} withdraws ${name}`)
  }
  t.equal(verdict(prod, 'listTransitionRequests', { name: 'fraud_acc', version: '1' }), 'allow', 'the approver sees them')
  t.equal(verdict(acc, 'listTransitionRequests', { name: 'fraud', version: '1' }), 'allow')
  t.equal(verdict(acc, 'listTransitionRequests', { name: 'fraud', version: '2' }), 'production-version')
  t.equal(verdict(acc, 'createComment', { name: 'fraud', version: '1', comment: 'x' }), 'allow')
  t.equal(verdict(acc, 'createComment', { name: 'fraud', version: '2', comment: 'x' }), 'production-version')
  t.equal(verdict(prod, 'createComment', { name: 'fraud_acc', version: '1', comment: 'x' }), 'read-only')
})

t.test('ids that say nothing of their owner are resolved, and foreign ones look absent', async (t) => {
  for (const [endpoint, rest] of [
    ['updateRegistryWebhook', { description: 'x' }],
    ['testRegistryWebhook', {}],
    ['deleteRegistryWebhook', {}],
  ] as const) {
    t.equal(verdict(acc, endpoint, { id: 'hookacc', ...rest }), 'allow', endpoint)
    const absent = refusalOf(judge(config, acc, requestTo(endpoint, { id: 'absent', ...rest }), facts))
    for (const id of ['hookprod', 'hooklegacy', '../x', ' hookacc']) {
      const refusal = refusalOf(judge(config, acc, requestTo(endpoint, { id, ...rest }), facts))
      t.equal(refusal?.message.replace(id, 'absent'), absent?.message, `${endpoint} ${id}`)
    }
    t.equal(verdict(prod, endpoint, { id: 'hookacc', ...rest }), 'not-found', 'also where versions may be promoted from')
  }
  const byId = (caller: typeof acc, endpoint: string, registered_model_id: string) =>
    verdict(caller, endpoint, { registered_model_id })
  for (const endpoint of ['getModelPermissions', 'getModelPermissionLevels']) {
    t.equal(byId(acc, endpoint, 'idacc'), 'allow', endpoint)
    for (const id of ['idprod', 'idlegacy', 'absent', 'a/b']) t.equal(byId(acc, endpoint, id), 'not-found', `${endpoint} ${id}`)
  }
  for (const endpoint of ['setModelPermissions', 'updateModelPermissions']) {
    t.equal(byId(acc, endpoint, 'idacc'), 'stage', `${endpoint}: a right to manage is a way around the stages`)
    t.equal(byId(acc, endpoint, 'idprod'), 'not-found', endpoint)
    t.equal(byId(prod, endpoint, 'idprod'), 'allow', endpoint)
    t.equal(byId(prod, endpoint, 'idacc'), 'not-found', endpoint)
  }
})

t.test('webhooks are of one model of the caller’s own', async (t) => {
  const hook = { events: ['MODEL_VERSION_CREATED'], http_url_spec: { url: 'https://hooks.example.com/x' } }
  t.equal(verdict(acc, 'createRegistryWebhook', hook), 'invalid-parameter', 'none listens to the whole registry')
  t.equal(verdict(acc, 'createRegistryWebhook', { ...hook, model_name: '' }), 'invalid-parameter')
  t.equal(verdict(acc, 'createRegistryWebhook', { ...hook, model_name: 'fraud' }), 'allow')
  t.equal(verdict(acc, 'createRegistryWebhook', { ...hook, model_name: 'fraud_prod' }), 'foreign-name')
  t.equal(verdict(prod, 'createRegistryWebhook', { ...hook, model_name: 'fraud_acc' }), 'read-only')
  t.equal(verdict(prod, 'listRegistryWebhooks', { model_name: 'fraud_acc' }), 'read-only')
  const grant = grantOf(judge(config, acc, requestTo('listRegistryWebhooks', {}), facts))
  const rows = ['fraud_acc', 'fraud_prod', 'legacy', null].map((model_name) => ({
    id: 'x',
    ...(model_name === null ? {} : { model_name }),
  }))
  t.same(rewriteAnswer(grant, toMessage({ webhooks: rows })), toMessage({ webhooks: [{ id: 'x', model_name: 'fraud' }] }))
})

t.test('experiments have one spelling, and bulk changes are of own ones', async (t) => {
  const names = ['churn', '/churn', '/experiments/acc/churn', '/Workspace/experiments/acc/churn', '/Workspace/churn']
  for (const name of names) t.equal(resolveName(config, acc, 'experiment', name).upstream, '/experiments/acc/churn', name)
  for (const name of [
    '//experiments/acc/churn',
    '/Workspace//experiments/acc/x',
    '/Workspace/experiments/acc',
    '/Workspace/Workspace/x',
  ]) {
    t.throws(() => resolveName(config, acc, 'experiment', name), { name: 'Refusal' }, name)
  }
  t.equal(ownerOf(config, 'experiment', '/Workspace/experiments/prod/churn')?.owner.name, 'prod')
  t.equal(resolveName({ ...config, kind: 'mlflow' }, acc, 'experiment', '/Workspace/x').upstream, '/experiments/acc/Workspace/x')
  t.equal(verdict(acc, 'getExperimentByName', { experiment_name: '/Workspace/experiments/prod/churn' }), 'foreign-name')
  const bulk = { max_timestamp_millis: 1 }
  t.equal(verdict(acc, 'deleteRuns', { experiment_id: '4400000000000001', ...bulk }), 'allow')
  t.equal(verdict(acc, 'deleteRuns', { experiment_id: '4400000000000002', ...bulk }), 'not-found')
  t.equal(verdict(acc, 'restoreRuns', { experiment_id: '4400000000000002', min_timestamp_millis: 1 }), 'not-found')
})

t.test('the registry gets one condition', async (t) => {
  const filters: readonly (readonly [string, string])[] = [
    ['', "name LIKE '%_acc'"],
    ["name = 'fraud'", "name = 'fraud_acc'"],
    ["name LIKE 'fra%'", "name LIKE '%fra%_acc'"],
    ["name ILIKE 'fra'", "name ILIKE '%fra%_acc'"],
    ["tags.team = 'x'", "name LIKE '%_acc'"],
  ]
  for (const [filter, expected] of filters) {
    const grant = grantOf(judge(config, acc, requestTo('searchRegisteredModels', { filter }), facts))
    const query = new URL(upstreamRequest(grant).target, 'http://x').searchParams
    t.equal(query.get('filter'), expected, filter)
    const rows = [{ name: 'fraud_acc' }, { name: 'fraud_prod' }, { name: 'xfraud_acc_old' }]
    t.same(rewriteAnswer(grant, toMessage({ registered_models: rows })), toMessage({ registered_models: [{ name: 'fraud' }] }))
  }
})

t.test('answers in their envelopes are in the caller’s names', async (t) => {
  const get = grantOf(judge(config, acc, requestTo('getDatabricksRegisteredModel', { name: 'fraud' }), facts))
  const latest_versions = [
    { name: 'fraud_acc', version: '1', current_stage: 'Staging', source: 'dbfs:/databricks/mlflow-tracking/1/x' },
    { name: 'fraud_acc', version: '2', current_stage: 'Production' },
  ]
  const model = { id: 'i', name: 'fraud_acc', permission_level: 'CAN_MANAGE', latest_versions, made_up: 'x' }
  t.same(
    rewriteAnswer(get, toMessage({ registered_model_databricks: model })),
    toMessage({
      registered_model_databricks: {
        id: 'i',
        name: 'fraud',
        permission_level: 'CAN_MANAGE',
        latest_versions: [{ name: 'fraud', version: '1', current_stage: 'Staging', source: 'mlflow-artifacts:/1/x' }],
      },
    }),
  )
  t.throws(() => rewriteAnswer(get, toMessage({ registered_model_databricks: { name: 'fraud_prod' } })), /of another environment/)
  const fields = { name: 'fraud', version: '1', stage: 'Archived', archive_existing_versions: false }
  const move = grantOf(judge(config, acc, requestTo('transitionDatabricksStage', fields), facts))
  const moved = (name: string, current_stage: string) => toMessage({ model_version_databricks: { name, current_stage } })
  t.same(rewriteAnswer(move, moved('fraud_acc', 'Archived')), moved('fraud', 'Archived'))
  t.throws(() => rewriteAnswer(move, moved('fraud_acc', 'Production')), /in production/)
  const approve = grantOf(judge(config, acc, requestTo('approveTransitionRequest', fields), facts))
  const said = (system_comment: string) => toMessage({ activity: { system_comment } })
  t.same(rewriteAnswer(approve, said('fraud_acc was moved')), said('fraud was moved'))
  t.same(rewriteAnswer(approve, said('because of risk_prod')), said(''))
})

t.test('what a request says goes where Databricks reads it', async (t) => {
  const target = (endpoint: string, fields: Readonly<Record<string, unknown>>) => {
    const { method, target, body } = upstreamRequest(grantOf(judge(config, acc, requestTo(endpoint, fields), facts)))
    return [method, target, body]
  }
  t.same(target('deleteRegistryWebhook', { id: 'hookacc' }), [
    'DELETE',
    '/api/2.0/mlflow/registry-webhooks/delete?id=hookacc',
    null,
  ])
  t.same(target('getModelPermissions', { registered_model_id: 'idacc' }), [
    'GET',
    '/api/2.0/permissions/registered-models/idacc',
    null,
  ])
  t.same(target('createComment', { name: 'fraud', version: '1', comment: 'c' }), [
    'POST',
    '/api/2.0/mlflow/comments/create',
    '{"name":"fraud_acc","version":"1","comment":"c"}',
  ])
})

const tables = (['databricks', 'unityCatalog'] as const).flatMap((kind) =>
  (['http', 'databricks'] as const).map((mode) => endpointTable(kind, mode)),
)
const own = tables.flatMap(({ open }) => [...open.values()].filter(({ upstreams }) => !upstreams.includes('mlflow')))

t.test('every route of a workspace is a row or closed with a reason, and every field has a meaning', async (t) => {
  for (const { open, closed, unclassified } of tables) {
    t.same(unclassified, [])
    const known = new Set([...open.values(), ...closed].map(({ method, path }) => `${method} ${path}`))
    t.same(
      databricksRoutes.filter(
        ({ method, path }) => !known.has(`${method} ${path}`) && !(method === 'HEAD' && known.has(`GET ${path}`)),
      ),
      [],
    )
  }
  for (const { paths, closed } of [...databricksClosedFamilies, ...catalogClosedFamilies]) {
    t.ok(
      tables.some((table) => table.closed.some((endpoint) => paths.test(endpoint.path) && endpoint.closed === closed)),
      `${paths} closes something`,
    )
    t.match(closed, /^[A-Z].*\.$/, 'in a sentence')
  }
  for (const endpoint of own) {
    const { name, request, response, pathParams } = endpoint
    const fields: Readonly<Record<string, Meaning>> = endpoint.fields
    t.ok(hasShape(request) && hasShape(response), `${name}: ${request} and ${response}`)
    t.same(
      [...shapeOf(request).fields.keys()].filter(
        (field) => !Object.keys(fields).some((selector) => selector === field || selector.startsWith(`${field}.`)),
      ),
      [],
      `${name}: nothing is left without a meaning`,
    )
    t.same(
      Object.keys(fields).filter((field) => fieldOf(request, field) === undefined && !pathParams.includes(field)),
      [],
      `${name}: and nothing is made up`,
    )
    // Storage knows an upload by the file that it is of, which is judged beside it.
    // Jobs and workspaces are known by numbers that open nothing.
    const opaque = ['upload_id', 'deployment_job_id', 'run_tracking_server_id', 'job_spec.job_id']
    const named = Object.keys(fields).filter((field) => suggestsReference.test(field) && !opaque.includes(field))
    const free = named.filter((field) => fields[field] === 'free')
    t.same(free, [], `${name}: what may be a reference is none that is free`)
  }
})
