import type { Environment } from '../../environments/environment.ts'
import { isInProduction } from '../../environments/production.ts'
import { type EvaluationContext, managesProduction } from '../../evaluation-context.ts'
import { ask, type Evaluation, type LoggedModelFact, type VersionFact } from '../../fact-query.ts'
import type { Change } from '../../freeze-keys.ts'
import { parseModelUri } from '../../names/model-uri.ts'
import { ownerOf } from '../../names/names.ts'
import { isPromotedFrom, receives } from '../../promotions/promotion-rule.ts'
import { Refusal } from '../../reasons.ts'

/** A Databricks workspace copies a version's files at registration: later changes to the run do not affect it. */
function isExempt({ environment, config }: EvaluationContext): boolean {
  return config.kind === 'databricks' || (managesProduction(environment) && !isPromotedFrom(config, environment))
}

/** Whether what a version is made of must stay as it is: it is in production, was promoted to another environment, or is about to be. */
function isKept({ config, environment }: EvaluationContext, version: VersionFact): boolean {
  const owner = ownerOf(config, 'model', version.name)?.owner
  if (version.asked === true && owner?.name === environment.name) return true
  if (owner !== undefined && receives(config, owner, environment)) return true
  return !managesProduction(environment) && (isInProduction(config, version) || owner?.production === true)
}

/** Whether a version, or a copy of it, or a copy of that, is kept. */
function* leadsToKept(context: EvaluationContext, versions: readonly VersionFact[]): Evaluation<boolean> {
  const seen = new Set<string>()
  const queue = [...versions]
  // The queue grows during the loop.
  for (const version of queue) {
    if (isKept(context, version)) return true
    const uri = `models:/${version.name}/${version.version}`
    if (seen.has(uri)) continue
    seen.add(uri)
    for (const copy of yield* ask({ about: 'versionsFromSource', source: uri })) queue.push(copy)
  }
  return false
}

function frozen({ config, environment }: EvaluationContext, what: string): Refusal {
  const which = isPromotedFrom(config, environment)
    ? 'A version in production, promoted or about to be'
    : 'A version in production'
  return new Refusal(
    'frozen',
    `${which} is made of this ${what}, so it can no longer be changed or deleted. Log a new run instead.`,
  )
}

function* checkRun(context: EvaluationContext, runId: string, fresh: boolean): Evaluation<void> {
  const versions = yield* ask({ about: 'versionsOfRun', runId, fresh })
  if (yield* leadsToKept(context, versions)) throw frozen(context, 'run')
}

function* checkLoggedModel(context: EvaluationContext, model: LoggedModelFact, fresh: boolean): Evaluation<void> {
  const versions = yield* ask({ about: 'versionsOfLoggedModel', id: model.id })
  if (yield* leadsToKept(context, versions)) throw frozen(context, 'logged model')
  if (model.sourceRunId === null) return
  const ofRun = yield* ask({ about: 'versionsOfRun', runId: model.sourceRunId, fresh })
  const made = ofRun.filter((version) => version.source.includes(model.id) || version.source.startsWith('models:/'))
  if (yield* leadsToKept(context, made)) throw frozen(context, 'logged model')
}

/** The experiment in which a version's artifacts lie, as far as its run, its source and the versions it is a copy of say. */
function* experimentBehind(context: EvaluationContext, version: VersionFact, hops = 8): Evaluation<string | null> {
  if (version.runId !== null) return (yield* ask({ about: 'run', id: version.runId }))?.experimentId ?? null
  const stored = /^mlflow-artifacts:\/([0-9]+)\//.exec(version.source)?.[1]
  if (stored !== undefined) return stored
  const uri = parseModelUri(version.source)
  if (uri?.kind === 'logged') return (yield* ask({ about: 'loggedModel', id: uri.modelId }))?.experimentId ?? null
  const original = uri === null ? null : ownerOf(context.config, 'model', uri.name)
  if (uri === null || original === null || hops === 0) return null
  const fact = yield* ask({ about: 'version', name: original.upstream, version: uri.selector.slice(1) })
  return fact === null ? null : yield* experimentBehind(context, fact, hops - 1)
}

function* checkExperiment(context: EvaluationContext, experimentId: string): Evaluation<void> {
  const { config, environment } = context
  const promoted = isPromotedFrom(config, environment)
  const isNear = (other: Environment) => promoted && (other.name === environment.name || receives(config, other, environment))
  const suffixes = config.environments.filter((e) => e.production || isNear(e)).map((e) => e.modelSuffix)
  const versions = yield* ask({ about: 'productionVersions', suffixes })
  for (const version of versions) {
    if (promoted && !isKept(context, version)) continue
    const behind = yield* experimentBehind(context, version)
    if (behind === experimentId || version.source.includes(`:/${experimentId}/`)) throw frozen(context, 'experiment')
  }
}

function* checkChange(context: EvaluationContext, change: Change): Evaluation<void> {
  switch (change.kind) {
    case 'run':
      return yield* checkRun(context, change.id, change.fresh)
    case 'loggedModel':
      return yield* checkLoggedModel(context, change.model, change.fresh)
    case 'versions':
      // By them alone it may be told what production's copies of them are made of.
      if (yield* leadsToKept(context, change.versions)) throw frozen(context, change.word)
      return
    case 'experiment':
      return yield* checkExperiment(context, change.id)
  }
}

/** Records a change that is forbidden if it affects a version in production. `checkNotFrozen` looks that up after all other checks. */
export function noteChange(context: EvaluationContext, change: Change): void {
  if (!isExempt(context)) context.changes.push(change)
}

/** Refuses changes to the sources of a version in production. These are a decision's last look-ups: their result must still be true when the request is sent. */
export function* checkNotFrozen(context: EvaluationContext): Evaluation<void> {
  for (const change of context.changes) yield* checkChange(context, change)
}
