import { isForNotebook } from '../../policy/checks/experiments/notebook-tags.ts'
import { upstreamExperimentId } from '../../policy/checks/runs/owned-ids.ts'
import type { Grant } from '../../policy/grant.ts'
import { textMeaning } from '../../policy/messages/message-fields.ts'
import { hasLeadingSlash, resolveName, type UpstreamName } from '../../policy/names/names.ts'
import { sendIntoFolder } from '../databricks/workspace-folders.ts'
import { readFound, textIn } from '../facts/look-up-answers.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'

type Send = () => Promise<UpstreamAnswer>

/** The id of the active experiment with this name, as in MLflow's answer to its creation; null if there is none. */
async function madeBefore(upstream: Upstream, name: UpstreamName, caller: CallerCredentials): Promise<UpstreamAnswer | null> {
  const query = { experiment_name: name }
  const found = readFound(await upstream.lookUp('/api/2.0/mlflow/experiments/get-by-name', query, caller))
  const experiment = found?.get('experiment')
  const id = textIn(experiment, 'experiment_id')
  if (id === null || textIn(experiment, 'name') !== name || textIn(experiment, 'lifecycle_stage') === 'deleted') return null
  return { status: 200, contentType: 'application/json', text: JSON.stringify({ experiment_id: id }) }
}

function isThere({ status, text }: UpstreamAnswer): boolean {
  return status >= 400 && status < 500 && /"error_code":\s*"RESOURCE_ALREADY_EXISTS"/.test(text)
}

/** A notebook's second session creates its experiment again, and a workspace returns the existing one. */
async function getOrCreate(
  upstream: Upstream,
  name: UpstreamName,
  caller: CallerCredentials,
  send: Send,
): Promise<UpstreamAnswer> {
  const answer = await send()
  return isThere(answer) ? ((await madeBefore(upstream, name, caller)) ?? answer) : answer
}

/** After an experiment was renamed, records whether its name was written with a leading slash. */
async function noteSpelling(upstream: Upstream, grant: Grant, name: string, caller: CallerCredentials): Promise<UpstreamAnswer> {
  const { endpoint, message, context } = grant
  const id = upstreamExperimentId(textMeaning(endpoint, message, 'experiment') ?? '', context.defaultExperimentId)
  const slash = hasLeadingSlash(context.config, name) === true
  return upstream.write({ note: 'leadingSlash', experimentId: id, value: slash }, caller)
}

/**
 * Sends a request that gives an experiment its name, with all that belongs to it: its folder in a Databricks workspace, the experiment that a
 * notebook has already, and the note of how the name was written. A rename whose note failed may be sent again.
 */
export async function sendExperiment(upstream: Upstream, grant: Grant, name: string, caller: CallerCredentials, send: Send) {
  const { endpoint, context } = grant
  const stored = resolveName(context.config, context.environment, 'experiment', name).upstream
  const place = () => (upstream.kind === 'databricks' ? sendIntoFolder(upstream, stored, caller, send) : send())
  if (endpoint.action === 'create') return isForNotebook(grant.message) ? getOrCreate(upstream, stored, caller, place) : place()
  const answer = await place()
  if (answer.status !== 200) return answer
  const noted = await noteSpelling(upstream, grant, name, caller)
  return noted.status === 200 ? answer : noted
}
