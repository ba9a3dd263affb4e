import type { Judgement } from '../judgement.ts'
import { mayRead, ownerOf } from '../names.ts'
import { ask, type ExperimentFact, type Inquiry, type LoggedModelFact, type VersionFact } from '../questions.ts'

function promotableOwner(judgement: Judgement, experiment: ExperimentFact | undefined): string | null {
  const owned = experiment && ownerOf(judgement.landscape, 'experiment', experiment.name)
  return owned && mayRead(judgement.environment, owned.owner) ? owned.owner.name : null
}

function someOf(judgement: Judgement, owner: string, versions: readonly VersionFact[]): boolean {
  return versions.some((version) => ownerOf(judgement.landscape, 'model', version.name)?.owner.name === owner)
}

/** Whether a run of an environment that the caller promotes from is behind one of its versions. */
export function* isBehindRun(judgement: Judgement, experiment: ExperimentFact | undefined, runId: string): Inquiry<boolean> {
  const owner = promotableOwner(judgement, experiment)
  if (owner === null) return false
  return someOf(judgement, owner, yield* ask({ about: 'versionsOfRun', runId, fresh: false }))
}

/** Whether a logged model of such an environment is behind one of its versions. */
export function* isBehindLoggedModel(
  judgement: Judgement,
  experiment: ExperimentFact | undefined,
  model: LoggedModelFact,
): Inquiry<boolean> {
  const owner = promotableOwner(judgement, experiment)
  if (owner === null) return false
  if (someOf(judgement, owner, yield* ask({ about: 'versionsFromSource', source: `models:/${model.id}` }))) return true
  return model.sourceRunId !== null && (yield* isBehindRun(judgement, experiment, model.sourceRunId))
}
