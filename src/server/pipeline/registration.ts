import type { VersionFact } from '../../policy/fact-query.ts'
import type { Grant, GrantContext } from '../../policy/grant.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { ownerOf, showName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { readFound, readVersion } from '../facts/look-up-answers.ts'
import { parseAnswer } from '../upstream/parse-answer.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { type CallerCredentials, withoutSignal } from '../upstream/upstream-credentials.ts'

const api = '/api/2.0/mlflow'

function incomplete({ name, version, pendingStage, pendingAlias }: VersionFact, { config, environment }: GrantContext): Refusal {
  const shown = showName(config, environment, 'model', name) ?? name
  const missing = pendingAlias ? `the alias '${pendingAlias}' could not be set` : `MLflow could not move it to ${pendingStage}`
  return new Refusal(
    'registration-incomplete',
    `Version ${version} of model '${shown}' was registered, but ${missing}. Do not register it again: get the version, and the proxy will complete it.`,
  )
}

/**
 * Moves a version to its pending registration stage; returns it as MLflow shows it afterwards, or null if there was nothing
 * to do. If the version was moved meanwhile, only the pending tag is removed.
 */
export async function finishRegistration(
  upstream: Upstream,
  fact: VersionFact,
  context: GrantContext,
  caller: CallerCredentials,
): Promise<JsonObject | null> {
  const { name, version, pendingStage: stage } = fact
  if (fact.pendingAlias !== undefined) return finishAlias(upstream, fact, context, caller)
  if (stage === null) return null
  try {
    const answer = fact.stage === 'None' ? await upstream.write({ move: 'version', name, version, stage }, caller) : null
    // Clients poll a version until it is ready; one of these requests moves it.
    if (answer !== null && answer.status !== 200 && fact.copying) return null
    if (answer !== null && answer.status !== 200) throw incomplete(fact, context)
    const moved = answer === null ? undefined : parseAnswer(answer).get('model_version')
    const forgotten = await upstream.write({ forget: 'pendingStage', name, version }, caller)
    // Another replica may have been faster.
    if (forgotten.status !== 200 && forgotten.status !== 404) throw incomplete(fact, context)
    return moved instanceof Map ? moved : null
  } catch (error) {
    throw error instanceof Refusal && error.reason !== 'registration-incomplete' ? incomplete(fact, context) : error
  }
}

/**
 * Sets the pending alias of a version in Unity Catalog. A later version's alias is not moved, and a pending tag that does not match the
 * environment's own configuration is only removed.
 */
async function finishAlias(
  upstream: Upstream,
  fact: VersionFact,
  context: GrantContext,
  caller: CallerCredentials,
): Promise<JsonObject | null> {
  const { name, version, pendingAlias: alias = '', copying } = fact
  // Its files are still being copied.
  if (copying) return null
  const id = { name, version }
  try {
    const owner = ownerOf(context.config, 'model', name)?.owner
    if (owner?.registrationAlias === alias) {
      const current = readFound(await upstream.lookUp(`${api}/registered-models/alias`, { name, alias }, caller))?.get(
        'model_version',
      )
      const later = current instanceof Map && Number(readVersion(current).version) >= Number(version)
      if (!later && (await upstream.write({ alias, ...id }, caller)).status !== 200) throw incomplete(fact, context)
    }
    const forgotten = await upstream.write({ forget: 'pendingAlias', ...id }, caller)
    // Another replica may have been faster.
    if (forgotten.status !== 200 && forgotten.status !== 404) throw incomplete(fact, context)
    const finished = readFound(await upstream.lookUp(`${api}/model-versions/get`, id, caller))?.get('model_version')
    return finished instanceof Map ? finished : null
  } catch (error) {
    throw error instanceof Refusal && error.reason !== 'registration-incomplete' ? incomplete(fact, context) : error
  }
}

/** A version with its tags: the answer to finalising a version in Unity Catalog does not contain them. */
async function asKept(
  upstream: Upstream,
  { endpoint }: Grant,
  fact: VersionFact,
  caller: CallerCredentials,
): Promise<VersionFact> {
  if (endpoint.finishesVersion !== true) return fact
  const query = { name: fact.name, version: fact.version }
  const found = readFound(await upstream.lookUp(`${api}/model-versions/get`, query, withoutSignal(caller)))
  return found === null ? fact : readVersion(found.get('model_version'))
}

/**
 * The answer to a granted request, with the version in it completed if its registration is unfinished: usually the one that was just
 * created. `onMoved` is called before a version is moved.
 */
export function finishTouched(
  upstream: Upstream,
  grant: Grant,
  answer: JsonObject,
  caller: CallerCredentials,
  onMoved: () => void,
): JsonObject | Promise<JsonObject> {
  return answer.get('model_version') instanceof Map ? finishRow(upstream, grant, answer, caller, onMoved) : answer
}

async function finishRow(
  upstream: Upstream,
  grant: Grant,
  answer: JsonObject,
  caller: CallerCredentials,
  onMoved: () => void,
): Promise<JsonObject> {
  const row = answer.get('model_version') ?? null
  const fact = await asKept(upstream, grant, readVersion(row), caller)
  if (fact.pendingStage === null && fact.pendingAlias === undefined) return answer
  onMoved()
  const moved = await finishRegistration(upstream, fact, grant.context, caller)
  return moved === null || grant.endpoint.finishesVersion === true ? answer : new Map(answer).set('model_version', moved)
}
