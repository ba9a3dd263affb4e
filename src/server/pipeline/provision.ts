import type { Grant } from '../../policy/grant.ts'
import type { UpstreamName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { sendIntoFolder } from '../databricks/workspace-folders.ts'
import { experimentOfName } from '../facts/experiment-lookups.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'

/** Creates an experiment, in its folder if the upstream has folders. */
async function makeExperiment(upstream: Upstream, name: UpstreamName, caller: CallerCredentials): Promise<void> {
  const make = () => upstream.write({ make: 'experiment', name }, caller)
  const answer = upstream.kind === 'databricks' ? await sendIntoFolder(upstream, name, caller, make) : await make()
  // Another replica may have been faster; it only matters that it exists now.
  if ((await experimentOfName(upstream, caller, name)) !== null) return
  throw new Refusal(
    'unknown-answer',
    `The default experiment of this environment cannot be created (MLflow answers ${answer.status}). Tell the operators of the proxy.`,
  )
}

/** Creates what a granted request needs and its environment does not have yet: a new environment looks like a fresh server. */
export async function provision(upstream: Upstream, { context }: Grant, caller: CallerCredentials): Promise<void> {
  for (const name of context.missing) await makeExperiment(upstream, name, caller)
}
