import { createHash } from 'node:crypto'
import { objectsIn } from '../../policy/messages/message-fields.ts'
import { plural } from '../../policy/plural.ts'
import { plainText } from '../../rewrite/unity-catalog/registry-rows.ts'
import type { Plan, PlannedChange } from '../../server/adoption/adoption-plan.ts'
import type { StoredThing } from '../../server/adoption/stored-things.ts'

/** Names that stay, of each kind, that are shown. */
const shown = 20

/** What a plan would change, as a short text: the same as long as it would change the same. */
export function fingerprint({ changes }: Plan): string {
  const text = JSON.stringify(changes.map(({ change }) => change))
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** Whether a plan cannot be performed. */
export function hasProblems({ changes }: Plan): boolean {
  return changes.some(({ problems }) => problems.length > 0)
}

/** A thing in a sentence. */
function showThing({ kind, name, id }: Pick<StoredThing, 'kind' | 'name' | 'id'>): string {
  return kind === 'model' ? `model ${name}` : `experiment ${name} (${id})`
}

/** What a model has, which keeps it: as many versions as its latest one's number says, and its aliases. */
function possessionsOf({ kind, row }: StoredThing): string {
  if (kind === 'experiment') return ''
  const numbers = objectsIn(row.get('latest_versions')).map((each) => Number(plainText(each.get('version'))))
  const aliases = objectsIn(row.get('aliases')).map((each) => plainText(each.get('alias')))
  const versions = numbers.length === 0 ? '' : `; versions up to ${Math.max(...numbers)}`
  return `${versions}${aliases.length === 0 ? '' : `; aliases ${aliases.join(', ')}`}`
}

function describeChange({ change, thing, logical, problems, notes, byHand }: PlannedChange): string {
  const lines = [
    `  ${showThing(thing)} -> ${change.to === '' ? '?' : change.to}`,
    `      callers of ${change.environment} call it ${logical}${possessionsOf(thing)}${byHand ? '; by hand, see below' : ''}`,
    ...problems.map((problem) => `      PROBLEM  ${problem}`),
    ...notes.map((note) => `      note     ${note}`),
  ]
  return `${lines.join('\n')}\n`
}

function describeStays({ stays }: Plan): string {
  if (stays.length === 0) return ''
  const lines = stays.slice(0, shown).map(({ thing, why }) => `  ${showThing(thing)}: ${why}\n`)
  const more = stays.length > shown ? `  and ${stays.length - shown} more\n` : ''
  return `\nstays as it is, where no caller of the proxy sees it:\n${lines.join('')}${more}`
}

/** What those notice who use what is renamed. */
const consequences = `
What clients notice:
  Whoever uses MLflow without the proxy no longer finds the old names: models:/NAME/3 is not found there, and
  set_experiment("NAME") makes a new, empty experiment. Through the proxy callers of the environment use the names above.
  Versions, stages, aliases, tags, runs, ids of runs and experiments, and permissions stay as they are.
  Artifacts stay where they are; locations do not change.
  Versions that were copied keep models:/OLD NAME/3 as their source, which callers see as empty; their files are found.
`

/** A script for what MLflow has no request for. */
function describeByHand(changes: readonly PlannedChange[]): string {
  if (changes.length === 0) return ''
  const pairs = changes.map(({ change }) => `    ${JSON.stringify(change.from)}: ${JSON.stringify(change.to)},\n`)
  return `
By hand: Unity Catalog has no request that moves a model to another schema. Copy its versions as a user who may read both schemas:

import mlflow

client = mlflow.MlflowClient(registry_uri="databricks-uc")
names = {
${pairs.join('')}}
for old, new in names.items():
    for version in sorted(client.search_model_versions(f"name = '{old}'"), key=lambda each: int(each.version)):
        copy = client.copy_model_version(f"models:/{old}/{version.version}", new)
        for alias in client.get_model_version(old, version.version).aliases:
            client.set_registered_model_alias(new, alias, copy.version)
`
}

/** A plan for people. */
export function describePlan(plan: Plan): string {
  const { changes } = plan
  const problems = changes.filter((each) => each.problems.length > 0).length
  const own = changes.filter(({ byHand }) => !byHand)
  const verdict = problems > 0 ? 'nothing can be performed before the problems are solved in the rules' : 'nothing was changed'
  const next = problems > 0 || own.length === 0 ? '' : `Perform it with: --apply JOURNAL --expect ${fingerprint(plan)}\n`
  return `${changes.map(describeChange).join('')}${describeStays(plan)}${own.length > 0 ? consequences : ''}${describeByHand(
    changes.filter(({ byHand }) => byHand),
  )}
${plural(own.length, 'rename')}, ${plural(changes.length - own.length, 'model')} by hand, ${plural(problems, 'problem')}: ${verdict}\n${next}`
}

/** A plan for programs. */
export function planAsData(plan: Plan): object {
  return {
    plan: fingerprint(plan),
    changes: plan.changes.map(({ change, logical, problems, notes, byHand }) => ({
      ...change,
      logical,
      problems,
      notes,
      byHand,
    })),
    stays: plan.stays.map(({ thing: { kind, name, id }, why }) => ({ kind, name, id, why })),
  }
}
