import type { ClientMode, Environment, PolicyConfig, ServerKind, Stage } from '../../src/policy/environments/environment.ts'
import type { ExperimentFact, LoggedModelFact, RunFact, VersionFact } from '../../src/policy/fact-query.ts'
import { type FakeWorld, makeEnvironment } from './fake-world.ts'
import { gatewayIn } from './gateway-town.ts'

/** Ids of what every environment of the town has. Nothing is made from run 1 and logged model 1; Staging versions are from 2. */
export interface Belongings {
  readonly environment: Environment
  readonly defaultExperiment: string
  readonly experiment: string
  /** Where run 3 and logged model 3 are: acc's are what versions in production are made of. */
  readonly frozenExperiment: string
  readonly run: (number: number) => string
  readonly model: (number: number) => string
  /** A data set, issue, label schema and review queue, by the beginning of its id: `d`, `iss`, `ls`, `rq`. */
  readonly entity: (kind: 'd' | 'iss' | 'ls' | 'rq') => string
  /** A scorer's id. */
  readonly scorer: string
  /** A gateway's endpoint, model definition and secret. */
  readonly gateway: (kind: 'e' | 'd' | 's') => string
  /** Trace 1 is of run 1, trace 2 of run 2, trace 3 of none. */
  readonly trace: (number: number) => string
  /** Of a Databricks workspace: the ids of a webhook of model `fraud`, of that model and of the serving endpoint `scorer`. */
  readonly opaqueId: (kind: 'hook' | 'model' | 'endpoint') => string
  /** What the registry calls a model of the environment's. */
  readonly stored: (model: string) => string
  /** Where the artifacts of a run or logged model are, in the form in which callers say it. */
  readonly artifacts: (owner: string, experiment?: string) => string
}

/** An upstream that three environments share, by its kind and by how its clients work. */
export interface Town {
  readonly kind: ServerKind
  readonly mode: ClientMode
  readonly config: PolicyConfig
  readonly world: FakeWorld
  /** acc, preprod and prod. */
  readonly places: readonly [Belongings, Belongings, Belongings]
}

export const absentRun = '9'.repeat(32)
export const absentModel = `m-${absentRun}`
export const absentEntity = (kind: string) => `${kind}-${absentRun}`
/** A trace of acc's that says it is of a run of another experiment. */
export const strayTrace = `tr-${'4'.repeat(32)}`
export const absentTrace = `tr-${absentRun}`
export const absentExperiment = '987'
const scorerOf = (digit: string) => [8, 4, 4, 4, 12].map((length) => digit.repeat(length)).join('-')
export const absentScorer = scorerOf('9')
/** A data set in experiments of acc and of prod. */
export const sharedDataset = `d-${'a'.repeat(32)}`

const isModel = (owner: string) => owner.startsWith('m-')
const inStore = (owner: string, experiment: string) =>
  `mlflow-artifacts:/${experiment}/${isModel(owner) ? `models/${owner}` : owner}/artifacts`
/** Where a Databricks workspace keeps a run's or a logged model's artifacts. */
export const inWorkspace = (owner: string, experiment: string) =>
  `dbfs:/databricks/mlflow-tracking/${experiment}/${isModel(owner) ? `logged_models/${owner}` : owner}/artifacts`

export function makeRun(id: string, experimentId: string, place = inStore): RunFact {
  return { id, experimentId, artifactUri: place(id, experimentId) }
}

export function makeModel(id: string, experimentId: string, sourceRunId: string | null = null, place = inStore): LoggedModelFact {
  return { id, experimentId, sourceRunId, artifactUri: place(id, experimentId) }
}

/** A version by its name and number, such as `fraud_acc/2`. */
export function makeVersion(place: string, fact: Partial<VersionFact> = {}): VersionFact {
  const [name = '', version = '1'] = place.split('/')
  return { name, version, stage: 'None', source: 's3://elsewhere/model', runId: null, pendingStage: null, ...fact }
}

function belongings(environment: Environment, index: number, stored: Belongings['stored'], said: typeof inStore): Belongings {
  const digit = String(index + 1)
  const run = (number: number) => `${digit.repeat(30)}0${number}`
  return {
    environment,
    defaultExperiment: `${digit}0`,
    experiment: `${digit}1`,
    frozenExperiment: `${digit}2`,
    run,
    model: (number) => `m-${run(number)}`,
    entity: (kind) => `${kind}-${run(1)}`,
    scorer: scorerOf(digit),
    gateway: (kind) => `${kind}-${run(7)}`,
    trace: (number) => `tr-${run(number)}`,
    opaqueId: (kind) => `${kind}-${digit.repeat(8)}`,
    stored,
    artifacts: (owner, experiment = `${digit}1`) => said(owner, experiment),
  }
}

function experimentsOf({
  environment: { experimentRoot },
  defaultExperiment,
  experiment,
  frozenExperiment,
}: Belongings): ExperimentFact[] {
  return [
    { id: defaultExperiment, name: `${experimentRoot}/Default` },
    { id: experiment, name: `${experimentRoot}/churn` },
    { id: frozenExperiment, name: `${experimentRoot}/frozen` },
  ]
}

/** How a registry says that a version is in a stage, or is what an alias of that use points at. */
type Mark = (stage: Stage) => Partial<VersionFact>
const byStage: Mark = (stage) => ({ stage })
const byAlias: Mark = (stage) => (stage === 'Production' ? { aliases: ['production'] } : {})

function versionsOf(
  { environment: { production }, stored, experiment, run, model }: Belongings,
  mark: Mark,
  place: typeof inStore,
) {
  const made = { source: `${place(run(2), experiment)}/model`, runId: run(2) }
  const fraud = stored('fraud')
  return [
    makeVersion(`${fraud}/1`, { ...made, ...mark(production ? 'Production' : 'None') }),
    makeVersion(`${fraud}/2`, { ...made, ...mark('Staging') }),
    makeVersion(`${fraud}/3`, { ...made, ...mark('Archived') }),
    makeVersion(`${fraud}/4`, { source: `models:/${model(2)}`, ...mark('Staging') }),
  ]
}

function riskVersions([inAcc, , inProd]: Town['places'], mark: Mark): VersionFact[] {
  const [risk, copy] = [inAcc.stored('risk'), inProd.stored('risk')]
  return [
    makeVersion(`${risk}/1`, { ...mark('Production'), runId: inAcc.run(3) }),
    makeVersion(`${risk}/2`, { ...mark('Staging'), source: `models:/${inAcc.model(3)}` }),
    makeVersion(`${copy}/1`, { ...mark('Production'), source: `models:/${risk}/2` }),
  ]
}

/** What only a Databricks workspace has. */
function workspaceIds(places: Town['places']): Pick<FakeWorld, 'webhooks' | 'modelIds' | 'endpointIds'> {
  const known = (kind: 'hook' | 'model' | 'endpoint', name: (place: Belongings) => string) =>
    Object.fromEntries(places.map((place) => [place.opaqueId(kind), name(place)]))
  const fraud = ({ stored }: Belongings) => stored('fraud')
  return {
    webhooks: known('hook', fraud),
    modelIds: known('model', fraud),
    endpointIds: known('endpoint', ({ environment }) => `scorer${environment.modelSuffix}`),
  }
}

/** Three environments with the same things in each, prod's copies of two of acc's versions, and what belongs to nobody. */
function worldOf(places: Town['places'], mark: Mark, place: typeof inStore): FakeWorld {
  const [inAcc, , inProd] = places
  const [fraud, risk] = [inAcc.stored('fraud'), inAcc.stored('risk')]
  const where = (n: number, { experiment, frozenExperiment }: Belongings) => (n === 3 ? frozenExperiment : experiment)
  return {
    experiments: [{ id: '0', name: 'Default' }, { id: '5', name: 'legacy' }, ...places.flatMap(experimentsOf)],
    runs: [
      ...places.flatMap((own) => [1, 2, 3].map((n) => makeRun(own.run(n), where(n, own), place))),
      makeRun('5'.repeat(32), '5', place),
    ],
    loggedModels: [
      ...places.flatMap((own) => [1, 2, 3].map((n) => makeModel(own.model(n), where(n, own), null, place))),
      makeModel(`m-${'5'.repeat(32)}`, '5', null, place),
    ],
    traces: [
      ...places.flatMap(({ run, trace, experiment }) =>
        [1, 2, 3].map((n) => ({ id: trace(n), experimentId: experiment, sourceRunId: n === 3 ? null : run(n) })),
      ),
      // Of a run that is in another experiment than they are.
      { id: strayTrace, experimentId: inAcc.frozenExperiment, sourceRunId: inAcc.run(2) },
      { id: `tr-${'5'.repeat(32)}`, experimentId: '5', sourceRunId: null },
    ],
    versions: [makeVersion('legacy/1'), ...places.flatMap((own) => versionsOf(own, mark, place)), ...riskVersions(places, mark)],
    entities: {
      ...Object.fromEntries(
        places.flatMap(({ experiment, entity }) =>
          (['d', 'iss', 'ls', 'rq'] as const).map((kind) => [entity(kind), [experiment]]),
        ),
      ),
      ...Object.fromEntries(places.map(({ experiment, scorer }) => [scorer, [experiment]])),
      // Of two environments, which nobody has to himself; and one that was in no experiment for long.
      [sharedDataset]: [inAcc.experiment, inProd.experiment],
      [`d-${'5'.repeat(32)}`]: ['5'],
    },
    aliases: { [`${fraud}@champion`]: '2', [`${risk}@live`]: '1', [`${inProd.stored('fraud')}@champion`]: '1' },
    ...gatewayIn(places),
    ...workspaceIds(places),
  }
}

/** The town before an upstream of a kind, as clients of a mode find it. */
export function makeTown(kind: ServerKind, mode: ClientMode = 'http'): Town {
  const isCatalog = kind === 'unityCatalog'
  const environmentOf = (name: string, over: Partial<Environment> = {}) =>
    makeEnvironment(name, {
      ...(kind === 'mlflow' ? {} : { sourcePrefixes: [`dbfs:/models/${name}/`] }),
      ...(isCatalog ? { unityCatalogSchema: `${name}.${name}_ml`, registrationStage: null } : {}),
      ...(isCatalog ? { registrationAlias: over.production ? 'production' : 'staging' } : {}),
      ...over,
    })
  const environments = [
    environmentOf('acc'),
    environmentOf('preprod'),
    environmentOf('prod', { production: true, promotesFrom: ['acc'] }),
  ] as const
  const said = mode === 'databricks' ? inWorkspace : inStore
  const placeOf = (environment: Environment, index: number) => {
    const { modelSuffix, unityCatalogSchema } = environment
    const stored = (model: string) => (isCatalog ? `${unityCatalogSchema}.${model}` : `${model}${modelSuffix}`)
    return belongings(environment, index, stored, said)
  }
  const [acc, preprod, prod] = environments
  const places = [placeOf(acc, 0), placeOf(preprod, 1), placeOf(prod, 2)] as const
  const upstream = kind === 'mlflow' ? {} : ({ kind: 'databricks', ...(isCatalog ? { registry: 'unityCatalog' } : {}) } as const)
  return {
    kind,
    mode,
    config: { environments, foldsCase: false, ...upstream },
    world: worldOf(places, isCatalog ? byAlias : byStage, kind === 'mlflow' ? inStore : inWorkspace),
    places,
  }
}

/** The town before an open-source server. */
export const openSourceTown = makeTown('mlflow')
export const { config, world: town, places: all } = openSourceTown
export const [inAcc, inPreprod, inProd] = all
export const [acc, preprod, prod] = [inAcc.environment, inPreprod.environment, inProd.environment]
