import { Refusal } from '../../policy/reasons.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { describeAnother, isFromAnother } from './not-mlflow.ts'
import { openQuestions } from './open-questions.ts'
import type { Upstream } from './upstream.ts'
import { isUnsent } from './upstream-connector.ts'

/** Milliseconds between two checks: while all is well, otherwise, and until it was seen once. */
const intervals = { well: 30_000, troubled: 5_000, unseen: 1_000 } as const

/** For operators: why, and only if nothing is known of that, what the caller is told. */
export function causeOf({ cause, message }: Refusal): string {
  if (cause === undefined) return message
  return cause instanceof Error ? describeNetworkError(cause) : String(cause)
}

/** What a failed check means for every request; null if nothing, for example if it only took too long. */
function troubleOf(error: unknown): string | null {
  if (!(error instanceof Refusal)) return null
  if (error.reason === 'upstream-refused' || error.reason === 'upstream-forbids')
    return `the upstream refuses the proxy: ${causeOf(error)}`
  if (error.reason === 'upstream-unavailable' && isUnsent(error.cause)) return `the upstream cannot be reached: ${causeOf(error)}`
  return null
}

/** Why all requests of an environment fail; null if no reason is known. */
async function lookAt(upstream: Upstream, environment: string): Promise<string | null> {
  const caller = { authorization: null, environment }
  try {
    await upstream.transport.credentials.read(caller)
  } catch (error) {
    return `there are no credentials for the upstream: ${error instanceof Refusal ? causeOf(error) : String(error)}`
  }
  try {
    const { path, query } = openQuestions[upstream.kind]
    const answer = await upstream.lookUp(path, query, caller)
    return isFromAnother(upstream.kind, answer) ? `the upstream does not answer as MLflow does: ${describeAnother(answer)}` : null
  } catch (error) {
    return troubleOf(error)
  }
}

/** The first environment of each set of credentials: the result applies to all of them. */
function withOwnCredentials(environments: readonly string[], own: Readonly<Record<string, unknown>>): readonly string[] {
  const shared = environments.find((name) => !(name in own))
  return environments.filter((name) => name in own || name === shared)
}

/** Whether the upstream can be used with each environment's credentials. Checked on demand, and not too often. */
export class UpstreamWatch {
  readonly #upstream: Upstream
  readonly #environments: readonly string[]
  #concern: string | null = null
  #wasSeen = false
  #nextLook = 0
  /** The check in progress, or the latest one. */
  looking: Promise<void> = Promise.resolve()

  constructor(upstream: Upstream, environments: readonly string[], credentialsOf: Readonly<Record<string, unknown>> = {}) {
    this.#upstream = upstream
    this.#environments = withOwnCredentials(environments, credentialsOf)
  }

  /** What is missing for a first request to succeed; null: one would have succeeded, whatever happened since. */
  waitsFor(): string | null {
    if (this.#wasSeen) return null
    return this.concern() ?? "the upstream's first answer"
  }

  /** The problems found by the latest check; null if none is known. If it is too old, a new check starts. */
  concern(): string | null {
    if (performance.now() >= this.#nextLook) {
      this.#nextLook = Number.POSITIVE_INFINITY
      this.looking = this.#look()
    }
    return this.#concern
  }

  async #look(): Promise<void> {
    const found = await Promise.all(
      this.#environments.map(async (name) => ({ name, problem: await lookAt(this.#upstream, name) })),
    )
    const troubled = found.filter(({ problem }) => problem !== null)
    if (troubled.length < found.length) this.#wasSeen = true
    const whose = troubled.length === found.length ? '' : `of ${troubled.map(({ name }) => name).join(' and ')}, `
    this.#concern = troubled[0] === undefined ? null : `${whose}${troubled[0].problem}`
    const pause = this.#wasSeen ? intervals.troubled : intervals.unseen
    this.#nextLook = performance.now() + (this.#concern === null ? intervals.well : pause)
  }
}
