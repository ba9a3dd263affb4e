import { reads } from '../../policy/evaluation-context.ts'
import type { VersionFact } from '../../policy/fact-query.ts'
import type { Grant } from '../../policy/grant.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { textMeaning } from '../../policy/messages/message-fields.ts'
import { resolveName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { readFound, readVersion } from '../facts/look-up-answers.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import { finishRegistration } from './registration.ts'

const api = '/api/2.0/mlflow'
/** How many versions one request completes: more wait for the next. */
const most = 20

function rowsIn(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value
  return value === undefined ? [] : [value]
}

const isUnfinished = ({ pendingStage, pendingAlias }: VersionFact) => pendingStage !== null || pendingAlias !== undefined

/** The versions in an answer, listed or as the latest ones of models, whose registration was interrupted. */
function unfinishedIn(answer: JsonObject): VersionFact[] {
  const models = [...rowsIn(answer.get('registered_model')), ...rowsIn(answer.get('registered_models'))]
  const latest = models.flatMap((model) => (model instanceof Map ? rowsIn(model.get('latest_versions')) : []))
  const listed = [...rowsIn(answer.get('model_versions')), ...latest]
  return listed
    .filter((row) => row instanceof Map && row.has('tags'))
    .map(readVersion)
    .filter(isUnfinished)
}

/** Whether the request is for the latest versions of some stages that do not include the one of unfinished versions. */
function leavesOutUnfinished({ endpoint, message }: Grant): boolean {
  const stages = 'stages' in endpoint.fields ? message.get('stages') : undefined
  return Array.isArray(stages) && stages.length > 0 && !stages.some((stage) => String(stage).toLowerCase() === 'none')
}

/** Completes versions that are only listed, because listing them counts as use. */
export class UnfinishedVersions {
  readonly #upstream: Upstream
  readonly #onMoved: () => void

  /** `onMoved` is called when a version was moved. */
  constructor(upstream: Upstream, onMoved: () => void) {
    this.#upstream = upstream
    this.#onMoved = onMoved
  }

  /** Whether any version in the answer to a read was moved, so that the request must be sent again. */
  finish(grant: Grant, answer: JsonObject, caller: CallerCredentials): boolean | Promise<boolean> {
    const { endpoint } = grant
    if (!reads(endpoint) || (endpoint.resource !== 'modelVersion' && endpoint.resource !== 'registeredModel')) return false
    const unfinished = unfinishedIn(answer)
    return unfinished.length > 0 && this.#finishAll(grant, unfinished, caller)
  }

  /** A version that still waits for its stage is not among the latest ones of that stage, so it is completed before the request; null: there is none. */
  finishBefore(grant: Grant, caller: CallerCredentials): Promise<void> | null {
    return leavesOutUnfinished(grant) ? this.#finishModel(grant, caller) : null
  }

  async #finishModel(grant: Grant, caller: CallerCredentials): Promise<void> {
    const { config, environment } = grant.context
    const name = textMeaning(grant.endpoint, grant.message, 'modelName') ?? ''
    const { upstream } = resolveName(config, environment, 'model', name)
    const model = await this.#upstream.lookUp(`${api}/registered-models/get`, { name: upstream }, caller)
    // If something is wrong with it, the request itself reports it.
    if (model.status === 200) await this.#finishAll(grant, unfinishedIn(readFound(model) ?? new Map()), caller)
  }

  /** A version that cannot be completed now is left for the next request: a listing must not fail because of it. */
  async #finishAll({ context }: Grant, facts: readonly VersionFact[], caller: CallerCredentials): Promise<boolean> {
    let moved = false
    for (const { name, version } of facts.slice(0, most)) {
      try {
        // As it is now: somebody may have moved it since it was listed.
        const found = readFound(await this.#upstream.lookUp(`${api}/model-versions/get`, { name, version }, caller))
        const now = found?.get('model_version')
        if (now !== undefined && (await finishRegistration(this.#upstream, readVersion(now), context, caller)) !== null)
          moved = true
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
      }
    }
    if (moved) this.#onMoved()
    return moved
  }
}
