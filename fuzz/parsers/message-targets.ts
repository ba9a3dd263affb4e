import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { readOperation } from '../../src/policy/graphql/operation.ts'
import type { RawCall } from '../../src/policy/messages/decode-call.ts'
import { decodeRequest } from '../../src/policy/messages/decode-request.ts'
import { encodeBody, encodeQuery } from '../../src/policy/messages/encode.ts'
import type { Json, JsonObject } from '../../src/policy/messages/json/json.ts'
import { printJson } from '../../src/policy/messages/json/json-text.ts'
import { shapeOf } from '../../src/policy/messages/message-shape.ts'
import type { NameKind } from '../../src/policy/names/name-form.ts'
import { ownerOf, resolveName, showName } from '../../src/policy/names/names.ts'
import { loadConfig } from '../../src/server/config/config.ts'
import { ConfigError } from '../../src/server/config/config-problem.ts'
import { describeConfig } from '../../src/server/config/config-summary.ts'
import { makeTenancy } from '../../test/fixtures/tenancy.ts'
import type { Target } from './guided.ts'
import { equal, read } from './properties.ts'

const graphql: Target = {
  name: 'graphql',
  seeds: [
    'query Q($i: MlflowGetRunInput) { mlflowGetRun(input: $i) { run { info { runId } ...F } apiError { message } } } fragment F on MlflowRunExtension { data { tags { key } } }',
    'mutation { mlflowSearchRuns(input: { experimentIds: ["1"] }) { runs { experiment { name } } } }',
    '{ __schema { types { name } } }',
  ],
  words: ['mlflowGetExperiment', 'input:', '... on ', 'fragment ', '@skip(if: true)', '"""', 'query ', '$x: Int'],
  check: (input) => {
    read(() => readOperation(new Map<string, Json>([['query', input.toString('utf8')]])))
  },
}

const tenancies = [makeTenancy('mlflow'), makeTenancy('databricks'), makeTenancy('unityCatalog')]
const kinds: readonly NameKind[] = ['model', 'experiment', 'endpoint', 'gateway', 'modelDefinition', 'gatewaySecret']

/** The first bytes choose where the rest is used as a name. */
const names: Target = {
  name: 'names',
  seeds: [
    '\0\0\0fraud',
    '\0\x01\x01/churn/x',
    '\x01\x01\x02/Workspace/experiments/acc/x',
    '\x02\0\x01acc.acc_ml.fraud',
    '\0\0\0x_prod_acc',
  ],
  words: ['_acc', '_prod', '/experiments/acc/', '/experiments/prod', 'acc.acc_ml.', '/Workspace'],
  check: (input) => {
    const [tenancy = 0, kindAt = 0, place = 0] = input
    const { config } = tenancies[tenancy % tenancies.length] ?? makeTenancy('mlflow')
    const kind = kinds[kindAt % kinds.length] ?? 'model'
    const environment = config.environments[place % config.environments.length]
    const said = input.subarray(3).toString('utf8')
    const owned = environment && read(() => resolveName(config, environment, kind, said))
    if (environment === undefined || owned === undefined) return
    const { owner, upstream } = owned
    equal(ownerOf(config, kind, upstream)?.owner.name, owner.name, 'a stored name is found to be somebody else’s')
    const shown = showName(config, owner, kind, upstream)
    equal(resolveName(config, owner, kind, shown ?? '').upstream, upstream, 'a name that is shown does not lead back')
    for (const other of config.environments)
      equal(resolveName(config, other, kind, upstream).owner.name, owner.name, 'a stored name is another owner’s to somebody')
  },
}

const tables = [endpointTable('mlflow'), endpointTable('databricks'), endpointTable('unityCatalog', 'databricks')]
const endpoints: readonly OpenEndpoint[] = tables
  .flatMap(({ open }) => [...open.values()])
  .filter(({ opaque }) => opaque !== true)

function rawCall(endpoint: OpenEndpoint, form: number, text: Buffer): RawCall {
  const inQuery = form % 2 === 0
  const pathParams = new Map(endpoint.pathParams.map((name) => [name, shapeOf(endpoint.request).fields.has(name) ? '1' : 'x']))
  return {
    method: endpoint.method,
    rawQuery: inQuery ? text.toString('latin1') : '',
    body: inQuery ? new Uint8Array() : text,
    contentType: 'application/json',
    pathParams,
  }
}

/** The first bytes choose the endpoint, and where in the request the rest is placed. */
const decode: Target = {
  name: 'decode',
  seeds: endpoints
    .map((_, at) => Buffer.from([at >> 8, at & 255, at % 2]))
    .map((head) => Buffer.concat([head, Buffer.from('{}')])),
  words: [
    ...new Set(
      endpoints.flatMap(({ request }) => [...shapeOf(request).fields.keys()].flatMap((name) => [`"${name}":`, `${name}=`])),
    ),
  ],
  check: (input) => {
    const [high = 0, low = 0, form = 0] = input
    const endpoint = endpoints[(high * 256 + low) % endpoints.length]
    if (endpoint === undefined) return
    const raw = rawCall(endpoint, form, input.subarray(3))
    for (const unknownFields of ['refuse', 'forward'] as const) {
      const rules = { kind: 'mlflow', unknownFields } as const
      const message = read(() => decodeRequest(endpoint, raw, rules))
      if (message === undefined) continue
      const again = decodeRequest(endpoint, writeAgain(endpoint, raw, message), rules)
      equal(printJson(sorted(again)), printJson(sorted(message)), `${endpoint.name}: written anew it says something else`)
    }
  },
}

function writeAgain({ pathParams, bytes }: OpenEndpoint, raw: RawCall, message: JsonObject): RawCall {
  const omit = new Set(pathParams)
  const inQuery = raw.method === 'GET' || bytes === 'up' || bytes === 'both'
  if (inQuery) return { ...raw, rawQuery: encodeQuery(message, omit), body: new Uint8Array() }
  return { ...raw, rawQuery: '', body: Buffer.from(encodeBody(message, omit)) }
}

const sorted = (message: JsonObject): JsonObject => new Map([...message].sort(([a], [b]) => (a < b ? -1 : 1)))

const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'proxy.yaml')

const config: Target = {
  name: 'config',
  trusted: true,
  seeds: [
    'upstream: { url: http://127.0.0.1:5001, credentials: { mode: none } }\nauthentication: { entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [a] } }\nenvironments: { acc: {}, prod: { production: true, promotesFrom: [acc] } }\n',
    'upstream:\n  url: https://x.azuredatabricks.net\n  kind: databricks\n  credentials: { mode: token, file: t }\nenvironments: [acc]\n',
  ],
  words: [
    'unityCatalogSchema: a.b',
    'modelSuffix: _x',
    'experimentRoot: /x',
    '$' + '{X}',
    '&a ',
    '*a',
    '<<: ',
    '!!js ',
    '---\n',
    'groups: [x]',
  ],
  check: (input) => {
    writeFileSync(file, input)
    try {
      describeConfig(loadConfig(file, { X: 'x' }))
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
    }
  },
}

/** Parsers whose input is more than a text. */
export const messageTargets: readonly Target[] = [graphql, names, decode, config]
