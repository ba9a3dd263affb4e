import type { IncomingMessage } from 'node:http'
import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import type { Field } from '../../src/policy/messages/field.ts'
import { shapeOf } from '../../src/policy/messages/message-shape.ts'
import { reply } from '../../test/fakes/fake-upstream.ts'
import type { Belongings, Tenancy } from '../../test/fixtures/tenancy.ts'
import { type Asked, startTenancyServer, type TenancyServer } from '../../test/harness/tenancy-server.ts'
import { leadsElsewhere } from './mlflow-reading.ts'

/** A word that is in all data of one environment, and in no request. */
export const markerOf = ({ environment }: Belongings) => `wolverine-of-${environment.name}`

const modelMessage = /RegisteredModel|ModelVersion/
const formTexts = { timestamp: '2026-11-23T00:00:00Z', duration: '1s', fieldMask: 'x' } as const

/** The owner of the data in an answer, and the owner's word. */
interface Teller {
  readonly owner: Belongings
  readonly word: string
}

/** The value of a field in an answer about one owner's data. */
function textOf({ owner, word }: Teller, message: string, name: string): string {
  const { experiment, run, model, trace, entity, stored, environment, artifacts, gateway, scorer } = owner
  const known: Readonly<Record<string, string>> = {
    ...{
      experiment_id: experiment,
      run_id: run(1),
      run_uuid: run(1),
      source_run_id: run(1),
      model_id: model(1),
      trace_id: trace(1),
    },
    ...{
      request_id: trace(1),
      dataset_id: entity('d'),
      issue_id: entity('iss'),
      schema_id: entity('ls'),
      queue_id: entity('rq'),
    },
    ...{ scorer_id: scorer, endpoint_id: gateway('e'), model_definition_id: gateway('d'), secret_id: gateway('s') },
    ...{ version: '1', current_stage: 'None', key: 'note', model_name: stored('fraud'), registered_model_name: stored('fraud') },
    ...{ artifact_uri: artifacts(run(1)), artifact_location: artifacts(run(1)), source: `${artifacts(run(1))}/model` },
  }
  if (name === 'name') {
    if (modelMessage.test(message)) return stored('fraud')
    if (/\.Experiment$/.test(message)) return `${environment.experimentRoot}/churn`
    if (/Gateway/.test(message)) return `chat_${environment.name}`
  }
  return known[name] ?? word
}

function fieldValue(teller: Teller, message: string, name: string, field: Field, depth: number): unknown {
  switch (field.type) {
    case 'message':
      return depth > 7 ? {} : rowOf(teller, field.message ?? '', depth + 1)
    case 'string':
      return textOf(teller, message, name)
    case 'json':
      return field.form === undefined ? teller.word : formTexts[field.form]
    case 'bytes':
      return 'eA=='
    case 'bool':
      return false
    case 'enum':
      return field.values?.[0]
    default:
      return 1
  }
}

/** A message about one owner's data, with every field set. */
function rowOf(teller: Teller, message: string, depth = 0): Record<string, unknown> {
  const groups = new Set<string>()
  return Object.fromEntries(
    [...shapeOf(message).fields].flatMap(([name, field]) => {
      // A page that always announces another one would be read forever.
      if (name === 'next_page_token' || (field.oneof !== undefined && groups.has(field.oneof))) return []
      if (field.oneof !== undefined) groups.add(field.oneof)
      const value = fieldValue(teller, message, name, field, depth)
      return [[name, field.map ? { note: value } : field.repeated ? [value] : value]]
    }),
  )
}

/** The same for several owners: repeated fields have one row of each. */
function answerOf(owners: readonly Belongings[], first: Teller, message: string): Record<string, unknown> {
  const rows = owners.map((owner) => rowOf({ owner, word: markerOf(owner) }, message))
  return Object.fromEntries(
    Object.entries(rowOf(first, message)).map(([name, value]) => [
      name,
      Array.isArray(value) ? rows.flatMap((row) => row[name] ?? []) : value,
    ]),
  )
}

/** Finds MLflow's endpoint for a path. */
export function upstreamRoutes({
  kind,
  mode,
}: Pick<Tenancy, 'kind' | 'mode'>): (method: string, path: string) => OpenEndpoint | undefined {
  const rows = [...endpointTable(kind, 'http').open.values(), ...endpointTable(kind, mode).open.values()]
  const routes = rows.map((endpoint) => {
    const template = endpoint.path
      .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
      .replace(/\{([^}]+)\}/g, (_, name: string) => (name === endpoint.multiSegment ? '.*' : '[^/]+'))
    return { endpoint, pattern: new RegExp(`^(?:${endpoint.prefixes.join('|').replaceAll('.', '\\.')})${template}$`) }
  })
  // The most specific path comes first.
  const sorted = routes.sort(
    (a, b) => (b.endpoint.path.split('{')[0]?.length ?? 0) - (a.endpoint.path.split('{')[0]?.length ?? 0),
  )
  return (method, path) =>
    sorted.find(({ endpoint, pattern }) => endpoint.method === method.replace('HEAD', 'GET') && pattern.test(path))?.endpoint
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.once('close', () => resolve(Buffer.alloc(0)))
    request.once('end', () => resolve(Buffer.concat(chunks)))
  })
}

type Said = Pick<Asked, 'target' | 'body'>

/** An MLflow that has everything of a tenancy, and answers with as much data as a request could obtain, marked with the owner's word. */
export async function startFakeMlflow(tenancy: Tenancy): Promise<TenancyServer> {
  const [first] = tenancy.places
  const find = upstreamRoutes(tenancy)
  const meantBy = (endpoint: OpenEndpoint, said: Said) =>
    tenancy.places.filter((place) => leadsElsewhere(endpoint, said, [place]) !== null)
  const answer = (method: string, path: string, said: Said): Record<string, unknown> => {
    const endpoint = find(method, path)
    if (endpoint === undefined) return {}
    const meant = meantBy(endpoint, said)
    const everybody = (endpoint.search?.nameColumn ?? null) !== null || endpoint.anyExperiment === true
    const [owner] = meant
    const teller = owner === undefined ? { owner: first, word: 'nobody' } : { owner, word: markerOf(owner) }
    return answerOf(everybody ? tenancy.places : meant, teller, endpoint.response)
  }
  return startTenancyServer(tenancy.facts, {
    others: (request, response) => {
      const target = request.url ?? ''
      const [path = ''] = target.split('?')
      void readBody(request).then((body) => {
        if (response.destroyed) return
        const said = { target, body }
        const endpoint = find(request.method ?? '', path)
        if (endpoint?.bytes === 'down') {
          const [owner] = meantBy(endpoint, said)
          return response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(owner ? markerOf(owner) : 'nobody')
        }
        const type = endpoint?.body === 'otlp' ? 'application/x-protobuf' : 'application/json'
        return reply(200, endpoint?.body === 'otlp' ? '' : answer(request.method ?? '', path, said), { 'content-type': type })(
          request,
          response,
        )
      })
    },
    dress: (found, method, path, target) => merge(answer(method, path, { target, body: Buffer.alloc(0) }), found),
  })
}

/** Stored data takes precedence over generated data. */
function merge(made: unknown, known: unknown): object {
  if (typeof made !== 'object' || made === null || typeof known !== 'object' || known === null) return Object(known)
  const entries = Object.entries(known).map(([name, value]) => {
    const other = Object.getOwnPropertyDescriptor(made, name)?.value
    const inner = typeof value === 'object' && value !== null && !Array.isArray(value)
    return [name, inner ? merge(other, value) : value]
  })
  return { ...made, ...Object.fromEntries(entries) }
}
