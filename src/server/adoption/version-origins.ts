import { attributeClause, printFilter } from '../../policy/filter/filter-string.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { objectsIn } from '../../policy/messages/message-fields.ts'
import { mayRead, ownerOf } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { plainText } from '../../rewrite/unity-catalog/registry-rows.ts'
import type { Config } from '../config/config-types.ts'
import { mapAtOnce } from '../facts/map-at-once.ts'
import type { Plan, PlannedChange } from './adoption-plan.ts'
import { type Ask, isEverywhere, type StoredThing } from './stored-things.ts'

/** Versions of a model that are looked at, and runs of which MLflow is asked for each model. */
const most = { versions: 200, runs: 20 } as const

/** A source that says in which experiment it is. */
const storePath = /^mlflow-artifacts:\/([0-9]+)\//

/** The newest versions of a model; where a filter cannot name it, only the latest of each stage. */
async function versionsOf(ask: Ask, { name, row }: StoredThing): Promise<readonly JsonObject[]> {
  try {
    const filter = printFilter([attributeClause('name', '=', { kind: 'string', text: name })])
    const answer = await ask('/api/2.0/mlflow/model-versions/search', { filter, max_results: String(most.versions) })
    if (answer !== null) return objectsIn(answer.get('model_versions'))
  } catch (error) {
    if (!(error instanceof Refusal && error.reason === 'invalid-parameter')) throw error
  }
  return objectsIn(row.get('latest_versions'))
}

/** The numbers of a model's versions by the experiments that they come from. */
async function originsOf(ask: Ask, thing: StoredThing): Promise<ReadonlyMap<string, readonly string[]>> {
  const origins = new Map<string, string[]>()
  const runs = new Map<string, string | null>()
  for (const version of await versionsOf(ask, thing)) {
    const [runId, source] = [plainText(version.get('run_id')), plainText(version.get('source'))]
    let experiment = storePath.exec(source)?.[1] ?? runs.get(runId) ?? null
    if (experiment === null && runId !== '' && !runs.has(runId) && runs.size < most.runs) {
      const run = (await ask('/api/2.0/mlflow/runs/get', { run_id: runId }))?.get('run')
      const info = run instanceof Map ? run.get('info') : null
      experiment = info instanceof Map ? plainText(info.get('experiment_id')) : null
      runs.set(runId, experiment)
    }
    if (experiment !== null) origins.set(experiment, [...(origins.get(experiment) ?? []), plainText(version.get('version'))])
  }
  return origins
}

/** Notes on each model whose versions come from experiments that its environment will not be able to read. Databricks copies the files of versions. */
export async function addOriginNotes(
  config: Config,
  { changes }: Plan,
  things: readonly StoredThing[],
  askIn: (place: string) => Ask,
): Promise<void> {
  if (config.upstream.kind === 'databricks') return
  const experiments = new Map(things.filter(({ kind }) => kind === 'experiment').map((thing) => [thing.id, thing]))
  const renamed = new Map(changes.map(({ change }) => [change.id, change.to]))
  const note = async ({ change, thing, notes }: PlannedChange) => {
    const environment = config.environments.find(({ name }) => name === change.environment)
    for (const [id, versions] of await originsOf(askIn(thing.place), thing)) {
      const experiment = experiments.get(id)
      const owner = ownerOf(config, 'experiment', renamed.get(id) ?? experiment?.name ?? '')?.owner
      if (environment === undefined || experiment === undefined || (owner && mayRead(environment, owner))) continue
      const remedy = isEverywhere(experiment)
        ? 'nobody gets that experiment, so register them anew from a run of the environment'
        : 'give it that experiment, too'
      const shown = `${versions.slice(0, 10).join(', ')}${versions.length > 10 ? ' and others' : ''}`
      notes.push(
        `files of version ${shown} are in the experiment '${experiment.name}', which ${environment.name} cannot read: ${remedy}`,
      )
    }
  }
  await mapAtOnce(
    changes.filter(({ change }) => change.kind === 'model'),
    note,
  )
}
