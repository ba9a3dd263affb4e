import type { Environment } from '../../policy/environments/environment.ts'
import { usesCatalog } from '../../policy/environments/environment.ts'
import { objectsIn } from '../../policy/messages/message-fields.ts'
import { foldsCase } from '../../policy/names/claims.ts'
import { readings } from '../../policy/names/look-alikes.ts'
import { resolveName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { plainText } from '../../rewrite/unity-catalog/registry-rows.ts'
import type { Config } from '../config/config-types.ts'
import { type AdoptionRules, findRule } from './adoption-rules.ts'
import { type ListedThing, workspaceOf } from './places.ts'
import { isEverywhere, isUnowned, type StoredThing } from './stored-things.ts'

/** One rename: what a thing is called, and what it is to be called to be an environment's. */
export interface Change {
  readonly kind: StoredThing['kind']
  readonly environment: string
  readonly from: string
  readonly to: string
  readonly id: string
  readonly created: string
}

/** A rename, with what stands against it and what to know of it. */
export interface PlannedChange {
  readonly change: Change
  readonly thing: ListedThing
  /** What the environment's callers will call it. */
  readonly logical: string
  readonly problems: string[]
  readonly notes: string[]
  /** Whether MLflow has no request for it, so that people have to do it. */
  readonly byHand: boolean
}

/** What adoption would do. */
export interface Plan {
  readonly changes: readonly PlannedChange[]
  readonly stays: readonly { readonly thing: StoredThing; readonly why: string }[]
}

/** Characters that the columns of MLflow's own databases take. */
const longestColumn = 256

/** A name as the database compares it. */
function asCompared(config: Config, { kind, name }: Pick<StoredThing, 'kind' | 'name'>, workspace: string): string {
  return JSON.stringify([kind, workspace, foldsCase(config, kind) ? (readings(name)[0] ?? name) : name])
}

/** What a thing is called in an environment: its own name, or for a model of Unity Catalog the last level of that. */
function ownName(config: Config, { kind, name }: StoredThing): string {
  return kind === 'model' && usesCatalog(config) ? name.slice(name.lastIndexOf('.') + 1) : name
}

function productionNotes({ kind, row }: StoredThing, environment: Environment): string[] {
  if (kind === 'experiment' || environment.production) return []
  const versions = objectsIn(row.get('latest_versions')).filter((each) => plainText(each.get('current_stage')) === 'Production')
  return versions.map(
    (each) =>
      `version ${plainText(each.get('version'))} is in Production: ${environment.name} is not a production environment, so its callers do not see that version`,
  )
}

function planChange(config: Config, thing: ListedThing, environment: Environment, given: string | null): PlannedChange {
  const { kind, id, created, name: from, place } = thing
  const problems: string[] = []
  let [to, logical] = ['', given ?? ownName(config, thing)]
  try {
    const resolved = resolveName(config, environment, kind, logical)
    ;({ upstream: to, logical } = resolved)
    if (resolved.owner.name !== environment.name)
      problems.push(`the name '${logical}' is one of ${resolved.owner.name}, not of ${environment.name}`)
    if (config.upstream.kind === 'mlflow' && to.length > longestColumn)
      problems.push(
        `its new name has ${to.length} characters, and MLflow's databases take ${longestColumn}: give it a shorter one`,
      )
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    problems.push(error.message)
  }
  if (workspaceOf(config, place) !== workspaceOf(config, environment.name))
    problems.push(`it is in the workspace of ${place}, and nothing moves to the one of ${environment.name}`)
  const change = { kind, environment: environment.name, from, to, id, created }
  const notes = productionNotes(thing, environment)
  return { change, thing, logical, problems, notes, byHand: kind === 'model' && usesCatalog(config) }
}

/** Adds what is wrong between changes: two to one name, and names that are in use. */
function addCollisions(config: Config, changes: readonly PlannedChange[], things: readonly ListedThing[]): void {
  const keyOf = (thing: Pick<StoredThing, 'kind' | 'name'>, place: string) =>
    asCompared(config, thing, workspaceOf(config, place))
  const existing = new Map(things.map((thing) => [keyOf(thing, thing.place), thing]))
  const valid = changes.filter(({ change }) => change.to !== '')
  const targetOf = ({ change: { kind, to: name }, thing }: PlannedChange) => keyOf({ kind, name }, thing.place)
  const byTarget = Map.groupBy(valid, targetOf)
  for (const planned of valid) {
    const taken = existing.get(targetOf(planned))
    const deleted = taken?.isDeleted ? ', as a deleted experiment: restore and rename that, or delete it for good' : ''
    if (taken !== undefined) planned.problems.push(`'${taken.name}' exists already${deleted}`)
    const others = (byTarget.get(targetOf(planned)) ?? []).filter((other) => other !== planned)
    if (others.length > 0)
      planned.problems.push(`so would be called: ${others.map(({ change }) => `'${change.from}'`).join(', ')}`)
  }
}

/** Experiments first, because models are made of what is in them; by name, so that a plan is the same each time. */
function inOrder(a: StoredThing, b: StoredThing): number {
  const [first, second] = [a, b].map(({ kind, name }) => `${kind} ${name}`)
  return (first ?? '') < (second ?? '') ? -1 : 1
}

/** What rules make of what MLflow holds; pure. */
export function planAdoption(config: Config, rules: AdoptionRules, things: readonly ListedThing[]): Plan {
  const changes: PlannedChange[] = []
  const stays: Plan['stays'][number][] = []
  for (const thing of things.toSorted(inOrder)) {
    if (isEverywhere(thing))
      stays.push({ thing, why: "every environment has a default experiment of its own: this one's runs stay" })
    if (!isUnowned(config, thing)) continue
    const found = findRule(rules, thing)
    const environment = config.environments.find(({ name }) => name === found?.rule.environment)
    if (found === null) stays.push({ thing, why: 'no rule matches it' })
    else if (environment === undefined) stays.push({ thing, why: `the rule '${found.rule.match}' leaves it` })
    else if (thing.isDeleted) stays.push({ thing, why: 'it is deleted, so MLflow does not rename it: restore it first' })
    else changes.push(planChange(config, thing, environment, found.name))
  }
  addCollisions(config, changes, things)
  return { changes, stays }
}
