import { isInProduction } from '../../environments/production.ts'
import { type Judgement, managesProduction } from '../../evaluation-context.ts'
import { ask, type Inquiry, type LoggedModelFact, type VersionFact } from '../../fact-query.ts'
import type { Change } from '../../freeze-keys.ts'
import { parseModelUri } from '../../names/model-uri.ts'
import { ownerOf } from '../../names/names.ts'
import { Refusal } from '../../reasons.ts'

/** A Databricks workspace copies what a version is made of when it is registered: what happens to the run changes no version. */
function isExempt({ environment, landscape }: Judgement): boolean {
  return managesProduction(environment) || landscape.kind === 'databricks'
}

function servesProduction(judgement: Judgement, version: VersionFact): boolean {
  if (isInProduction(judgement.landscape, version)) return true
  return ownerOf(judgement.landscape, 'model', version.name)?.owner.production === true
}

/** Whether a version, or a copy of it, or a copy of that, is in production. */
function* leadsToProduction(judgement: Judgement, versions: readonly VersionFact[]): Inquiry<boolean> {
  const seen = new Set<string>()
  const queue = [...versions]
  // The queue grows while it is gone through.
  for (const version of queue) {
    if (servesProduction(judgement, version)) return true
    const uri = `models:/${version.name}/${version.version}`
    if (seen.has(uri)) continue
    seen.add(uri)
    for (const copy of yield* ask({ about: 'versionsFromSource', source: uri })) queue.push(copy)
  }
  return false
}

function frozen(what: string): Refusal {
  return new Refusal(
    'frozen',
    `This ${what} is what a version in production is made of, so it can no longer be changed or deleted. Log a new run instead.`,
  )
}

function* checkRun(judgement: Judgement, runId: string, fresh: boolean): Inquiry<void> {
  const versions = yield* ask({ about: 'versionsOfRun', runId, fresh })
  if (yield* leadsToProduction(judgement, versions)) throw frozen('run')
}

function* checkLoggedModel(judgement: Judgement, model: LoggedModelFact, fresh: boolean): Inquiry<void> {
  const versions = yield* ask({ about: 'versionsOfLoggedModel', id: model.id })
  if (yield* leadsToProduction(judgement, versions)) throw frozen('logged model')
  if (model.sourceRunId === null) return
  const ofRun = yield* ask({ about: 'versionsOfRun', runId: model.sourceRunId, fresh })
  const made = ofRun.filter((version) => version.source.includes(model.id) || version.source.startsWith('models:/'))
  if (yield* leadsToProduction(judgement, made)) throw frozen('logged model')
}

/** The experiment in which a version's artifacts lie, as far as its run, its source and the versions it is a copy of say. */
function* experimentBehind(judgement: Judgement, version: VersionFact, hops = 8): Inquiry<string | null> {
  if (version.runId !== null) return (yield* ask({ about: 'run', id: version.runId }))?.experimentId ?? null
  const stored = /^mlflow-artifacts:\/([0-9]+)\//.exec(version.source)?.[1]
  if (stored !== undefined) return stored
  const uri = parseModelUri(version.source)
  if (uri?.kind === 'logged') return (yield* ask({ about: 'loggedModel', id: uri.modelId }))?.experimentId ?? null
  const original = uri === null ? null : ownerOf(judgement.landscape, 'model', uri.name)
  if (uri === null || original === null || hops === 0) return null
  const fact = yield* ask({ about: 'version', name: original.upstream, version: uri.selector.slice(1) })
  return fact === null ? null : yield* experimentBehind(judgement, fact, hops - 1)
}

function* checkExperiment(judgement: Judgement, experimentId: string): Inquiry<void> {
  const suffixes = judgement.landscape.environments.filter((e) => e.production).map((e) => e.modelSuffix)
  const versions = yield* ask({ about: 'productionVersions', suffixes })
  for (const version of versions) {
    const behind = yield* experimentBehind(judgement, version)
    if (behind === experimentId || version.source.includes(`:/${experimentId}/`)) throw frozen('experiment')
  }
}

function* checkChange(judgement: Judgement, change: Change): Inquiry<void> {
  switch (change.kind) {
    case 'run':
      return yield* checkRun(judgement, change.id, change.fresh)
    case 'loggedModel':
      return yield* checkLoggedModel(judgement, change.model, change.fresh)
    case 'versions':
      // By them alone it may be told what production's copies of them are made of.
      if (yield* leadsToProduction(judgement, change.versions)) throw frozen(change.word)
      return
    case 'experiment':
      return yield* checkExperiment(judgement, change.id)
  }
}

/** Takes note of a change that what is in production forbids. `checkNotFrozen` looks whether it does, when all else is settled. */
export function noteChange(judgement: Judgement, change: Change): void {
  if (!isExempt(judgement)) judgement.changes.push(change)
}

/** Refuses changes of what a version in production is made of. The last look-ups of a decision: what they find must hold when it is sent. */
export function* checkNotFrozen(judgement: Judgement): Inquiry<void> {
  for (const change of judgement.changes) yield* checkChange(judgement, change)
}
