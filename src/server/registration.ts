import type { Findings } from '../policy/grant.ts'
import type { JsonObject } from '../policy/json.ts'
import { showName } from '../policy/names.ts'
import type { VersionFact } from '../policy/questions.ts'
import { Refusal } from '../policy/reasons.ts'
import { parseAnswer } from './lookups.ts'
import type { CallerCredentials, Upstream } from './upstream.ts'

function incomplete({ name, version, pendingStage }: VersionFact, { landscape, environment }: Findings): Refusal {
  const shown = showName(landscape, environment, 'model', name) ?? name
  return new Refusal(
    'registration-incomplete',
    `Version ${version} of model '${shown}' was registered, but MLflow could not move it to ${pendingStage}. Do not register it again: get the version, and the proxy will finish.`,
  )
}

/**
 * Brings a version that still waits for its registration stage there; gives it as MLflow then shows it, or null when there was nothing
 * to do. A version that was moved on in the meantime stays where it is: only the note is taken away.
 */
export async function finishRegistration(
  upstream: Upstream,
  fact: VersionFact,
  findings: Findings,
  caller: CallerCredentials,
): Promise<JsonObject | null> {
  const { name, version, pendingStage: stage } = fact
  if (stage === null) return null
  try {
    const answer = fact.stage === 'None' ? await upstream.write({ move: 'version', name, version, stage }, caller) : null
    // Clients ask for a version until it is ready: one of these times it is moved.
    if (answer !== null && answer.status !== 200 && fact.copying) return null
    if (answer !== null && answer.status !== 200) throw incomplete(fact, findings)
    const moved = answer === null ? undefined : parseAnswer(answer).get('model_version')
    const forgotten = await upstream.write({ forget: 'pendingStage', name, version }, caller)
    if (forgotten.status !== 200) throw incomplete(fact, findings)
    return moved instanceof Map ? moved : null
  } catch (error) {
    throw error instanceof Refusal && error.reason !== 'registration-incomplete' ? incomplete(fact, findings) : error
  }
}
