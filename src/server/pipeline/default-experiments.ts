import type { UpstreamName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { sendIntoFolder } from '../databricks/workspace-folders.ts'
import { readExperiment, readFound } from '../facts/look-up-answers.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'

/** The id of an environment's default experiment, or null where it was not made yet. */
export async function findDefaultExperiment(
  upstream: Upstream,
  name: UpstreamName,
  caller: CallerCredentials,
): Promise<string | null> {
  const found = readFound(await upstream.lookUp('/api/2.0/mlflow/experiments/get-by-name', { experiment_name: name }, caller))
  return found === null ? null : readExperiment(found).id
}

/** The id of an environment's default experiment, which is made when it is missing: a new environment looks like a fresh server. */
export async function ensureDefaultExperiment(
  upstream: Upstream,
  name: UpstreamName,
  caller: CallerCredentials,
): Promise<string> {
  const known = await findDefaultExperiment(upstream, name, caller)
  if (known !== null) return known
  const make = () => upstream.write({ make: 'experiment', name }, caller)
  const answer = upstream.kind === 'databricks' ? await sendIntoFolder(upstream, name, caller, make) : await make()
  // Another replica may have been faster: what counts is that it is there now.
  const made = await findDefaultExperiment(upstream, name, caller)
  if (made !== null) return made
  throw new Refusal(
    'unknown-answer',
    `The default experiment of this environment cannot be made (MLflow says ${answer.status}). Tell the proxy's administrators.`,
  )
}
