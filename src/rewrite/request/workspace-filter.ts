import { isNameClause, resolveInFilter } from '../../policy/checks/search/search-scope.ts'
import type { Clause } from '../../policy/filter/filter-string.ts'
import { matchesLike } from '../../policy/filter/like.ts'
import { attributeKey } from '../../policy/filter/name-filter.ts'
import type { GrantContext } from '../../policy/grant.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { inNormalForm } from '../../policy/names/name-form.ts'
import { showName } from '../../policy/names/names.ts'

/** A filter for a registry that takes one condition: the one that goes there, and those that its rows are held against afterwards. */
export interface SplitFilter {
  /** Null: no condition of the caller's can go. */
  readonly sent: readonly Clause[] | null
  readonly left: readonly Clause[]
}

/** MLflow 3 clients ask for this in every search of models: what has no such tag is no prompt. */
const promptTag = 'mlflow.prompt.is_prompt'
const comparators: ReadonlySet<string> = new Set(['=', '!=', 'LIKE', 'ILIKE'])

const isTag = ({ entity }: Clause): boolean => entity === 'tag' || entity === 'tags'

/** Whether a row can be held against the clause here, as MLflow would. */
function isJudgeable(clause: Clause): boolean {
  if (clause.value.kind !== 'string' || !comparators.has(clause.comparator)) return false
  return isTag(clause) || isNameClause(clause)
}

function rank(clause: Clause): number {
  if (clause.comparator !== '=') return isNameClause(clause) ? 2 : 3
  return isNameClause(clause) ? 0 : 1
}

/** The condition that finds least goes upstream. What cannot be judged here goes as it is, for the workspace to refuse. */
export function splitFilter(clauses: readonly Clause[]): SplitFilter {
  const [sent] = clauses.filter((clause) => attributeKey(clause) !== null).sort((a, b) => rank(a) - rank(b))
  const left = clauses.filter((clause) => clause !== sent)
  if (!left.every(isJudgeable)) return { sent: clauses, left: [] }
  return { sent: sent === undefined ? null : [sent], left }
}

function compare(comparator: string, text: string, wanted: string): boolean {
  if (comparator === '=') return text === wanted
  if (comparator === '!=') return text !== wanted
  return comparator === 'LIKE' ? matchesLike(text, wanted) : matchesLike(text.toLowerCase(), wanted.toLowerCase())
}

function tagOf(row: JsonObject, key: string): string | null {
  const tags = row.get('tags')
  const tag: Json | undefined = Array.isArray(tags)
    ? tags.find((each) => each instanceof Map && each.get('key') === key)
    : undefined
  const value = tag instanceof Map ? tag.get('value') : undefined
  return typeof value === 'string' ? value : null
}

function fitsName(row: JsonObject, comparator: string, wanted: string, context: GrantContext): boolean {
  const { config, environment } = context
  const name = row.get('name')
  if (typeof name !== 'string') return false
  if (comparator === '=' || comparator === '!=') {
    return compare(comparator, name, resolveInFilter(context, 'model', wanted)?.upstream ?? '')
  }
  return compare(comparator, showName(config, environment, 'model', name) ?? '', inNormalForm(wanted))
}

/** Whether a row of the registry's holds what is left of a filter. */
export function fits(row: JsonObject, left: readonly Clause[], context: GrantContext): boolean {
  return left.every((clause) => {
    const { comparator, value } = clause
    if (value.kind !== 'string') return false
    if (isNameClause(clause)) return fitsName(row, comparator, value.text, context)
    const key = clause.key.trim()
    const text = tagOf(row, key)
    if (text === null) return key === promptTag && comparator === '!='
    return compare(comparator, text, value.text)
  })
}
