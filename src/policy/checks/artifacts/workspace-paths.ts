import { usesCatalog } from '../../environments/environment.ts'
import { isInProduction } from '../../environments/production.ts'
import { absent, type Judgement, managesProduction, reads, resolveAllowed } from '../../evaluation-context.ts'
import { ask, type Inquiry } from '../../fact-query.ts'
import { storedPathOf } from '../../locations/artifact-place.ts'
import { Refusal } from '../../reasons.ts'
import { productionOnly } from '../versions/versions.ts'

/** The refusal of a change to what is registered. */
export function unchangeable(): Refusal {
  return new Refusal('read-only', 'The artifacts of a registered version cannot be changed. Register a new version instead.')
}

function* checkVersionPlace(judgement: Judgement, name: string, version: string): Inquiry<void> {
  const changes = !reads(judgement.endpoint)
  const { upstream } = resolveAllowed(judgement, 'model', name, changes ? 'change' : 'read')
  // In Unity Catalog a client in Databricks mode brings the files of a version itself, until it is ready.
  const mayBring = usesCatalog(judgement.landscape) && Object.values(judgement.endpoint.fields).includes('workspaceFile')
  if (changes && !mayBring) throw unchangeable()
  const fact = yield* ask({ about: 'version', name: upstream, version })
  if (fact === null) throw absent.version(name, version)
  if (changes && fact.copying !== true) throw unchangeable()
  if (isInProduction(judgement.landscape, fact) && !managesProduction(judgement.environment)) throw productionOnly(name, version)
}

/** A plain file of DBFS: it has no owner but the environment whose prefix it lies under. */
function checkDbfsPlace({ environment, endpoint }: Judgement, path: string, said: string): void {
  const uri = `dbfs:/${path}`
  const within = reads(endpoint) ? `${uri}/` : uri
  if (!environment.sourcePrefixes.some((prefix) => within.startsWith(prefix))) throw absent.artifact(said)
}

/**
 * A canonical store path of a Databricks workspace, as far as it lies elsewhere than in a run, logged model or trace, which are judged as
 * those of any MLflow. `said` is what the caller wrote.
 */
export function* checkWorkspacePath(
  judgement: Judgement,
  said: string,
  upstream: string,
): Inquiry<'judged' | 'of an experiment'> {
  const stored = storedPathOf(upstream)
  if (stored === null) throw absent.artifact(said)
  const { place, path } = stored
  if (place.kind === 'run' || place.kind === 'loggedModel' || place.kind === 'trace') return 'of an experiment'
  if (place.kind === 'version') yield* checkVersionPlace(judgement, place.name, place.version)
  else checkDbfsPlace(judgement, path, said)
  judgement.references.push({ kind: 'artifact', logical: said, upstream })
  return 'judged'
}
