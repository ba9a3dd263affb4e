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
/** How many are finished for one request: more wait for the next. */
const most = 20

function rowsIn(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value
  return value === undefined ? [] : [value]
}

const isUnfinished = ({ pendingStage, pendingAlias }: VersionFact) => pendingStage !== null || pendingAlias !== undefined

/** The versions that an answer lists, by themselves or as the latest ones of models, and whose registration broke off before its end. */
function unfinishedIn(answer: JsonObject): VersionFact[] {
  const models = [...rowsIn(answer.get('registered_model')), ...rowsIn(answer.get('registered_models'))]
  const latest = models.flatMap((model) => (model instanceof Map ? rowsIn(model.get('latest_versions')) : []))
  const listed = [...rowsIn(answer.get('model_versions')), ...latest]
  return listed
    .filter((row) => row instanceof Map && row.has('tags'))
    .map(readVersion)
    .filter(isUnfinished)
}

/** Whether the latest versions of some stages are asked for, and not of the one that unfinished versions are in. */
function leavesOutUnfinished({ endpoint, message }: Grant): boolean {
  const stages = 'stages' in endpoint.fields ? message.get('stages') : undefined
  return Array.isArray(stages) && stages.length > 0 && !stages.some((stage) => String(stage).toLowerCase() === 'none')
}

/** Finishes versions that are only listed: a list is a touch, too. */
export class UnfinishedVersions {
  readonly #upstream: Upstream
  readonly #onMoved: () => void

  /** `onMoved` hears when a version was moved. */
  constructor(upstream: Upstream, onMoved: () => void) {
    this.#upstream = upstream
    this.#onMoved = onMoved
  }

  /** Whether any version in the answer to a reading request was moved, so that the request has to be sent again. */
  async finish(grant: Grant, answer: JsonObject, caller: CallerCredentials): Promise<boolean> {
    const { endpoint } = grant
    if (!reads(endpoint) || (endpoint.resource !== 'modelVersion' && endpoint.resource !== 'registeredModel')) return false
    const unfinished = unfinishedIn(answer)
    return unfinished.length > 0 && (await this.#finishAll(grant, unfinished, caller))
  }

  /** A version that still waits for its stage is not among the latest ones of that stage: it is finished before they are asked for. */
  async finishBefore(grant: Grant, caller: CallerCredentials): Promise<void> {
    if (!leavesOutUnfinished(grant)) return
    const { config, environment } = grant.context
    const name = textMeaning(grant.endpoint, grant.message, 'modelName') ?? ''
    const { upstream } = resolveName(config, environment, 'model', name)
    const model = await this.#upstream.lookUp(`${api}/registered-models/get`, { name: upstream }, caller)
    // Whatever is wrong with it, the request itself will tell.
    if (model.status === 200) await this.#finishAll(grant, unfinishedIn(readFound(model) ?? new Map()), caller)
  }

  /** A version that cannot be finished now is left for its next touch: whoever lists versions did not ask for it. */
  async #finishAll({ context }: Grant, facts: readonly VersionFact[], caller: CallerCredentials): Promise<boolean> {
    let moved = false
    for (const { name, version } of facts.slice(0, most)) {
      try {
        // As it is now: since the list was made, somebody may have moved it on.
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
