import { type GraphQLFieldResolver, type GraphQLResolveInfo, getNamedType } from 'graphql'
import type { EndpointTable } from '../../policy/endpoints/endpoint-table.ts'
import { argumentJson } from '../../policy/graphql/argument-values.ts'
import { messageOf } from '../../policy/graphql/schema.ts'
import { decodeObject } from '../../policy/messages/decode-object.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { idIn, objectsIn } from '../../policy/messages/message-fields.ts'
import { shapeOf } from '../../policy/messages/message-shape.ts'
import { Refusal } from '../../policy/reasons.ts'
import { graphqlValue } from '../../rewrite/answer/graphql-answer.ts'
import type { RequestContext } from '../http/request-context.ts'
import { pagesOf } from '../network/pages-of.ts'
import type { Pipeline } from './pipeline.ts'

/** Runs in one search: their list stands in an address. */
const runsAtOnce = 50

/** Fills in the fields of one operation, each by the endpoint of the table whose message it takes: nothing is decided here. */
export class FieldReader {
  readonly #table: EndpointTable
  readonly #pipeline: Pipeline
  readonly #requestContext: RequestContext
  readonly #experiments = new Map<string, Promise<JsonObject | null>>()
  #waiting: string[] = []
  #versions: Promise<ReadonlyMap<string, Json[]>> | null = null

  constructor(table: EndpointTable, pipeline: Pipeline, requestContext: RequestContext) {
    this.#table = table
    this.#pipeline = pipeline
    this.#requestContext = requestContext
  }

  readonly resolve: GraphQLFieldResolver<unknown, unknown, Readonly<Record<string, unknown>>> = (
    source,
    args,
    _context,
    info,
  ) => {
    const { parentType, fieldName } = info
    if (!(source instanceof Map)) return this.#root(args, info)
    if (parentType.name === 'MlflowRunExtension' && fieldName === 'experiment') return this.#experimentOf(source)
    if (parentType.name === 'MlflowRunExtension' && fieldName === 'modelVersions') return this.#versionsOf(source)
    return graphqlValue(source, info)
  }

  #root(args: Readonly<Record<string, unknown>>, info: GraphQLResolveInfo): Promise<JsonObject> | JsonObject {
    if (info.fieldName === 'test') return new Map([['output', argumentJson(args.inputString)]])
    const type = info.parentType.getFields()[info.fieldName]?.args.find(({ name }) => name === 'input')?.type
    const message = type === undefined ? null : messageOf(getNamedType(type))
    const input = argumentJson(args.input)
    return this.#ask(message, input instanceof Map ? input : new Map())
  }

  /** One request to the endpoint that takes this message, as if it had come by itself. */
  async #ask(request: string | null, input: JsonObject): Promise<JsonObject> {
    const endpoint = [...this.#table.open.values()].find((open) => open.request === request)
    if (request === null || endpoint === undefined)
      throw new Refusal('closed-endpoint', 'This field of GraphQL is not served by this version of the proxy.')
    const from = endpoint.method === 'GET' ? 'flat-body' : 'body'
    const message = decodeObject(shapeOf(request), input, { unknownFields: 'refuse', from })
    const requestContext: RequestContext = {
      ...this.#requestContext,
      auditRecord: { ...this.#requestContext.auditRecord, references: [] },
    }
    try {
      const grant = await this.#pipeline.judge(requestContext, endpoint, message)
      return await this.#pipeline.complete({ requestContext, grant, printsRows: false })
    } finally {
      const { auditRecord } = this.#requestContext
      auditRecord.references = [...auditRecord.references, ...requestContext.auditRecord.references]
      auditRecord.upstreamStatus = requestContext.auditRecord.upstreamStatus ?? auditRecord.upstreamStatus
    }
  }

  #experimentOf(run: JsonObject): Promise<JsonObject | null> {
    const id = textIn(run, 'experiment_id')
    const known = this.#experiments.get(id)
    if (known !== undefined) return known
    const asked = this.#ask('mlflow.GetExperiment', new Map([['experiment_id', id]])).then(experimentIn, absentIfNotFound)
    this.#experiments.set(id, asked)
    return asked
  }

  /** The runs of one answer are asked about together: GraphQL resolves a whole list before it waits. */
  async #versionsOf(run: JsonObject): Promise<Json[]> {
    const id = textIn(run, 'run_id')
    this.#waiting.push(id)
    this.#versions ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      const runs = [...new Set(this.#waiting)]
      this.#waiting = []
      this.#versions = null
      return this.#searchVersions(runs)
    })
    return (await this.#versions).get(id) ?? []
  }

  async #searchVersions(runs: readonly string[]): Promise<ReadonlyMap<string, Json[]>> {
    const found = new Map<string, Json[]>()
    for (let start = 0; start < runs.length; start += runsAtOnce) {
      const ids = runs.slice(start, start + runsAtOnce).map((id) => `'${id}'`)
      const filter = ids.length === 1 ? `run_id = ${ids[0]}` : `run_id IN (${ids.join(', ')})`
      const ask = (token: string) =>
        this.#ask(
          'mlflow.SearchModelVersions',
          new Map(Object.entries({ filter, ...(token === '' ? {} : { page_token: token }) })),
        )
      for await (const answer of pagesOf(ask, (page) => idIn(page, 'next_page_token') ?? '')) {
        for (const row of objectsIn(answer.get('model_versions'))) {
          const id = idIn(row, 'run_id')
          if (id === null) continue
          const known = found.get(id) ?? []
          known.push(row)
          found.set(id, known)
        }
      }
    }
    return found
  }
}

function textIn(run: JsonObject, field: string): string {
  const info = run.get('info')
  const value = info instanceof Map ? info.get(field) : undefined
  return typeof value === 'string' ? value : ''
}

function experimentIn(answer: JsonObject): JsonObject | null {
  const experiment = answer.get('experiment')
  return experiment instanceof Map ? experiment : null
}

/** A run that may be read because of a version that is to be promoted is in an experiment that may not. */
function absentIfNotFound(error: unknown): null {
  if (error instanceof Refusal && error.reason === 'not-found') return null
  throw error
}
