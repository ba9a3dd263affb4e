import { usesCatalog } from '../../environments/environment.ts'
import { isInProduction } from '../../environments/production.ts'
import { absent, type EvaluationContext, managesProduction, reads, resolveAllowed } from '../../evaluation-context.ts'
import { ask, type Evaluation } from '../../fact-query.ts'
import { storedPathOf } from '../../locations/artifact-place.ts'
import { Refusal } from '../../reasons.ts'
import { productionOnly } from '../versions/versions.ts'

/** The refusal of a change to a registered version's files. */
function unchangeable(): Refusal {
  return new Refusal('read-only', 'The artifacts of a registered version cannot be changed. Register a new version instead.')
}

function* checkVersionPlace(context: EvaluationContext, name: string, version: string): Evaluation<void> {
  const changes = !reads(context.endpoint)
  const { upstream } = resolveAllowed(context, 'model', name, changes ? 'change' : 'read')
  // In Unity Catalog a client in Databricks mode brings the files of a version itself, until it is ready.
  const mayBring = usesCatalog(context.config) && Object.values(context.endpoint.fields).includes('workspaceFile')
  if (changes && !mayBring) throw unchangeable()
  const fact = yield* ask({ about: 'version', name: upstream, version })
  if (fact === null) throw absent.version(name, version)
  if (changes && fact.copying !== true) throw unchangeable()
  if (isInProduction(context.config, fact) && !managesProduction(context.environment)) throw productionOnly(name, version)
}

/** A plain file in DBFS: its only owner is the environment whose prefix it is below. */
function checkDbfsPlace({ environment, endpoint }: EvaluationContext, path: string, said: string): void {
  const uri = `dbfs:/${path}`
  const within = reads(endpoint) ? `${uri}/` : uri
  if (!environment.sourcePrefixes.some((prefix) => within.startsWith(prefix))) throw absent.artifact(said)
}

/**
 * A canonical store path of a Databricks workspace, as far as it lies elsewhere than in a run, logged model or trace, which are judged as
 * those of any MLflow. `said` is what the caller wrote.
 */
export function* checkWorkspacePath(
  context: EvaluationContext,
  said: string,
  upstream: string,
): Evaluation<'judged' | 'of an experiment'> {
  const stored = storedPathOf(upstream)
  if (stored === null) throw absent.artifact(said)
  const { place, path } = stored
  if (place.kind === 'run' || place.kind === 'loggedModel' || place.kind === 'trace') return 'of an experiment'
  if (place.kind === 'version') yield* checkVersionPlace(context, place.name, place.version)
  else checkDbfsPlace(context, path, said)
  context.references.push({ kind: 'artifact', logical: said, upstream })
  return 'judged'
}
