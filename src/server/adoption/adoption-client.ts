import { setTimeout as pause } from 'node:timers/promises'
import { Refusal } from '../../policy/reasons.ts'
import type { Config } from '../config/config-types.ts'
import { openUpstream } from '../databricks/open-upstream.ts'
import { sendIntoFolder } from '../databricks/workspace-folders.ts'
import { readFound } from '../facts/look-up-answers.ts'
import { secondsToWait } from '../network/retry-after.ts'
import { Throttled } from '../upstream/throttled.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import type { Change } from './adoption-plan.ts'
import { type ListedThing, listEverywhere, placesOf } from './places.ts'
import { type Ask, listingsOf, readThing, type StoredThing } from './stored-things.ts'

/** How often a request is sent that MLflow throttles, and how many milliseconds it waits at most, whatever MLflow says. */
const throttled = { tries: 12, longest: 120_000 } as const

/** Milliseconds to wait, by what MLflow said: at least longer each time. */
function waitOf(retryAfter: number | string, tries: number): number {
  return Math.min(throttled.longest, Math.max(secondsToWait(retryAfter) * 1_000, 100 * 2 ** tries))
}

/** Does what MLflow throttles until it does not. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Throttled) || tries === throttled.tries) throw error
      await pause(waitOf(error.retryAfter, tries))
    }
  }
}

/** Asks MLflow for what adoption reads, and sends its renames: with the configured credentials, or with a token that is given. */
export class AdoptionClient {
  readonly #config: Config
  readonly #upstream: Upstream
  readonly #authorization: string | null

  constructor(config: Config, token: string | null) {
    const { credentialsOf: _, ...upstream } = config.upstream
    this.#config = config
    this.#authorization = token === null ? null : `Bearer ${token}`
    this.#upstream = openUpstream(token === null ? config.upstream : { ...upstream, credentials: { mode: 'passthrough' } })
  }

  /** Whether there is nothing to ask with in some environment, as only callers' tokens open MLflow. */
  get needsToken(): boolean {
    return (
      this.#authorization === null && this.#config.environments.some(({ name }) => this.#upstream.transport.passesTokens(name))
    )
  }

  /** Reads in an environment's place. */
  askIn(environment: string): Ask {
    const caller = { authorization: this.#authorization, environment }
    return (path, query) => patiently(async () => readFound(await this.#upstream.lookUp(path, query, caller)))
  }

  /** Everything that is in MLflow. Throws where it cannot be listed. */
  async list(): Promise<readonly ListedThing[]> {
    const listings = listingsOf(this.#config, { deleted: true })
    const askIn = (place: string) => this.askIn(place)
    // Whoever brings a token sees the same in every environment of a workspace.
    const { credentialsOf: _, ...upstream } = this.#config.upstream
    const places = placesOf(this.#authorization === null ? this.#config : { ...this.#config, upstream })
    const { things, unseen } = await listEverywhere(this.#config, places, listings, askIn, Number.POSITIVE_INFINITY)
    if (unseen[0] !== undefined)
      throw new Refusal('upstream-forbids', `MLflow does not list its ${unseen[0].kind}s to these credentials.`)
    return things
  }

  /** The thing that a change is about, by a name; an experiment by its id. Null: there is none. */
  async find({ kind, environment, id }: Change, name: string): Promise<StoredThing | null> {
    const ask = this.askIn(environment)
    const found = await (kind === 'model'
      ? ask('/api/2.0/mlflow/registered-models/get', { name })
      : ask('/api/2.0/mlflow/experiments/get', { experiment_id: id }))
    const row = found?.get(kind === 'model' ? 'registered_model' : 'experiment')
    return row instanceof Map ? readThing(kind, row) : null
  }

  /** Whether nothing has the name that a change gives. */
  async isFree({ kind, environment, to }: Change): Promise<boolean> {
    const ask = this.askIn(environment)
    const found = await (kind === 'model'
      ? ask('/api/2.0/mlflow/registered-models/get', { name: to })
      : ask('/api/2.0/mlflow/experiments/get-by-name', { experiment_name: to }))
    return found === null
  }

  /** Sends a rename, whose folder a workspace may lack. */
  rename({ kind, environment, from, to, id }: Change): Promise<UpstreamAnswer> {
    const caller = { authorization: this.#authorization, environment }
    const write =
      kind === 'model'
        ? ({ rename: kind, name: from, newName: to } as const)
        : ({ rename: kind, experimentId: id, newName: to } as const)
    return patiently(async () => {
      const send = () => this.#upstream.write(write, caller)
      const intoFolder = kind === 'experiment' && this.#upstream.kind === 'databricks'
      const answer = await (intoFolder ? sendIntoFolder(this.#upstream, to, caller, send) : send())
      if (answer.status === 429) throw new Throttled(answer.retryAfter ?? 1)
      return answer
    })
  }

  close(): Promise<void> {
    return this.#upstream.close()
  }
}
