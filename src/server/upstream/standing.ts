import { setTimeout as pause } from 'node:timers/promises'
import { Refusal } from '../../policy/reasons.ts'
import { describeNetworkError } from '../outbound/network-error.ts'
import type { Upstream } from '../upstream.ts'
import { isUnsent } from '../upstream-connector.ts'

/** Milliseconds between two looks, while all is well and while it is not. */
const intervals = { well: 30_000, troubled: 5_000 } as const

/** A question that every upstream answers to everybody whom it lets in. */
const questions = {
  mlflow: ['/api/2.0/mlflow/experiments/get', { experiment_id: '0' }],
  databricks: ['/api/2.0/preview/scim/v2/Me', {}],
} as const

function causeOf({ cause, message }: Refusal): string {
  if (cause === undefined) return message
  return cause instanceof Error ? describeNetworkError(cause) : String(cause)
}

/** What a refusal of the proxy's own question says of every request; null: nothing, as of one that merely took too long. */
function troubleOf(error: unknown): string | null {
  if (!(error instanceof Refusal)) return null
  if (error.reason === 'upstream-refused' || error.reason === 'upstream-forbids')
    return `the upstream refuses the proxy: ${causeOf(error)}`
  if (error.reason === 'upstream-unavailable' && isUnsent(error.cause)) return `the upstream cannot be reached: ${causeOf(error)}`
  return null
}

/** What keeps the requests of an environment from succeeding, whatever they are; null: nothing that is known. */
async function lookAt(upstream: Upstream, environment: string): Promise<string | null> {
  const caller = { authorization: null, environment }
  try {
    await upstream.credentials.read(caller)
  } catch (error) {
    return `there are no credentials for the upstream: ${error instanceof Refusal ? causeOf(error) : String(error)}`
  }
  try {
    const [path, query] = questions[upstream.kind]
    await upstream.lookUp(path, query, caller)
    return null
  } catch (error) {
    return troubleOf(error)
  }
}

/** Asks the upstream from time to time whether it can be used, with the credentials of each environment. */
export class UpstreamWatch {
  /** What is wrong for whom; null: nothing that is known. */
  concern: string | null = null

  /** Looks until `stop` is aborted. */
  async watch(upstream: Upstream, environments: readonly string[], stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const found = await Promise.all(environments.map(async (name) => ({ name, trouble: await lookAt(upstream, name) })))
      const troubled = found.filter(({ trouble }) => trouble !== null)
      const everywhere = troubled.length === found.length
      this.concern =
        troubled[0] === undefined
          ? null
          : `${everywhere ? '' : `of ${troubled.map(({ name }) => name).join(' and ')}, `}${troubled[0].trouble}`
      const wait = this.concern === null ? intervals.well : intervals.troubled
      await pause(wait, undefined, { ref: false, signal: stop }).catch(() => undefined)
    }
  }
}
