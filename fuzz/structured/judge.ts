import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import type { ServerKind } from '../../src/policy/environments/environment.ts'
import { Refusal } from '../../src/policy/reasons.ts'
import type { Belongings } from '../../test/fixtures/tenancy.ts'
import { headerOf, type RawAnswer } from '../../test/harness/raw-http.ts'
import type { Asked } from '../../test/harness/tenancy-server.ts'
import type { Reception } from '../wire-client.ts'
import { markerOf } from './fake-mlflow.ts'
import type { Case } from './make-case.ts'
import { leadsElsewhere } from './mlflow-reading.ts'

/** Everything known about one request after it has ended. */
export interface Course {
  readonly case_: Case
  /** Null if the client disconnected. */
  readonly reception: Reception | null
  readonly heard: readonly Asked[]
  /** The request's line in the proxy's audit log. */
  readonly line: Readonly<Record<string, unknown>> | null
  /** The owners whose data the caller must neither see nor reach. */
  readonly others: readonly Belongings[]
  readonly kind: ServerKind
  readonly find: (method: string, path: string) => OpenEndpoint | undefined
}

/** Statuses that clients retry: the proxy sends none of them while MLflow works. */
const replayed: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])
/** The proxy's own requests besides the forwarded one. */
const companions =
  /\/(?:model-versions\/(?:transition-stage|set-tag|delete-tag|get)|registered-models\/alias|experiments\/(?:create|get|get-by-name|set-experiment-tag)|workspace\/mkdirs|model-versions\/(?:finalize|generate-temporary-credentials))$/

function isMlflowError({ headers, body }: RawAnswer): boolean {
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? ''
  if (type.startsWith('text/html')) return true
  try {
    const { error_code, message } = JSON.parse(body.toString('utf8'))
    return typeof error_code === 'string' && typeof message === 'string' && message.length > 0
  } catch {
    return false
  }
}

function answerProblem(answer: RawAnswer, { case_, others, line }: Course): string | null {
  const text = answer.body
    .toString('utf8')
    .replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const leak = others.find((place) => text.includes(markerOf(place)) || JSON.stringify(answer.headers).includes(markerOf(place)))
  if (leak !== undefined) return `the answer shows what is ${leak.environment.name}’s`
  if (replayed.has(answer.status)) return `status ${answer.status}, which clients send again on`
  if (line?.reason === 'internal') return 'a fault of the proxy’s own'
  if (case_.request.method === 'HEAD') return null
  if (answer.status >= 400 && !isMlflowError(answer))
    return `status ${answer.status} without an error of MLflow’s: ${text.slice(0, 100)}`
  const isJson = headerOf(answer, 'content-type')?.startsWith('application/json')
  if (answer.status === 200 && isJson && line?.endpoint !== 'getServerVersion') {
    try {
      JSON.parse(answer.body.toString('utf8'))
    } catch {
      return `an answer that is no JSON: ${text.slice(0, 100)}`
    }
  }
  return null
}

function heardProblem({ heard, line, others, find, kind }: Course): string | null {
  const asked = heard.filter(({ isLookUp }) => !isLookUp)
  if (line?.decision === 'deny' && asked.some(({ method }) => method !== 'GET'))
    return 'MLflow was asked for a change that was refused'
  const writes = asked
    .filter(({ method }) => method !== 'GET')
    .map(({ method, target, body }) => `${method} ${target} ${body.toString('latin1')}`)
  if (new Set(writes).size < writes.length) return 'a change was sent twice'
  for (const one of asked) {
    if (/evil-header/.test(`${one.rawHeaders.join(' ')} ${one.target}`)) return 'a header of the caller’s went to MLflow'
    const endpoint = find(one.method, one.path)
    if (endpoint === undefined) continue
    // With a workspace, one request becomes several.
    if (
      kind === 'mlflow' &&
      one.method !== 'GET' &&
      line !== null &&
      endpoint.name !== line.endpoint &&
      !companions.test(one.path) &&
      line.endpoint !== 'graphql'
    )
      return `MLflow was asked for ${endpoint.name} in place of ${String(line.endpoint)}`
    const elsewhere = leadsElsewhere(endpoint, one, others)
    if (elsewhere !== null) return `${endpoint.name}: ${elsewhere}`
  }
  return null
}

/** What is wrong with the outcome of a request, as a sentence; null if nothing is. */
export function judge(course: Course): string | null {
  try {
    const heard = heardProblem(course)
    if (heard !== null) return heard
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return `MLflow got what two readers read differently: ${error.message}`
  }
  const { reception } = course
  if (reception === null) return null
  if ('answer' in reception) return answerProblem(reception.answer, course)
  // If bytes are not a request, they are not known to be HEAD either, whose answer has no body; the connection ends.
  if ('surplus' in reception && course.line?.endpoint === 'unreadable') return null
  return 'lost' in reception ? `no answer: ${reception.lost}` : 'bytes behind the answer'
}
