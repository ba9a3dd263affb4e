import { type Clause, parseFilter } from '../../policy/filter/filter-string.ts'
import { matchesLike } from '../../policy/filter/like.ts'
import { attributeKey } from '../../policy/filter/name-filter.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { Refusal } from '../../policy/reasons.ts'
import { plainText } from './registry-rows.ts'

/** Which rows a search has to look at: those of some models, of a schema, or of a run. */
export type SearchScope =
  | { readonly kind: 'models'; readonly names: readonly string[] }
  | { readonly kind: 'schema'; readonly schema: string }
  | { readonly kind: 'run'; readonly runId: string }

/** What is looked at, and the conditions that the rows are held against. */
export interface RegistrySearch {
  readonly scope: SearchScope
  readonly clauses: readonly Clause[]
}

const columns: Readonly<Record<string, string>> = {
  name: 'name',
  run_id: 'run_id',
  source_path: 'source',
  version_number: 'version',
  creation_timestamp: 'creation_timestamp',
  last_updated_timestamp: 'last_updated_timestamp',
}

function unsupported(): Refusal {
  return new Refusal(
    'invalid-parameter',
    'Unity Catalog searches only by name and by run_id. Leave other conditions out of the filter, and filter the rows yourself.',
  )
}

function columnOf(clause: Clause): string {
  const column = columns[(attributeKey(clause) ?? '').toLowerCase()]
  if (column === undefined) throw unsupported()
  return column
}

function schemaIn(text: string): string | null {
  return /^([^.%]+\.[^.%]+)\./.exec(text)?.[1] ?? null
}

function scopeOf(clause: Clause): SearchScope | null {
  const { comparator, value } = clause
  const column = columnOf(clause)
  if (column === 'run_id' && comparator === '=' && value.kind === 'string') return { kind: 'run', runId: value.text }
  if (column !== 'name') return null
  if (comparator === 'IN' && value.kind === 'list') return { kind: 'models', names: value.items }
  if (value.kind !== 'string') return null
  if (comparator === '=') return { kind: 'models', names: [value.text] }
  const schema = ['LIKE', 'ILIKE', '!='].includes(comparator) ? schemaIn(value.text) : null
  return schema === null ? null : { kind: 'schema', schema }
}

const rank = ['models', 'run', 'schema']

/** Reads a filter in upstream names. Throws `invalid-parameter` for one that Unity Catalog has no way to search by. */
export function readRegistrySearch(filter: string): RegistrySearch {
  const clauses = parseFilter(filter)
  const scopes = clauses.flatMap((clause) => scopeOf(clause) ?? [])
  const [scope] = scopes.sort((a, b) => rank.indexOf(a.kind) - rank.indexOf(b.kind))
  if (scope === undefined) throw unsupported()
  return { scope, clauses }
}

function compare(text: string, comparator: string, wanted: string, asNumber: boolean): boolean {
  const [one, other] = asNumber ? [Number(text), Number(wanted)] : [text, wanted]
  switch (comparator) {
    case '=':
      return one === other
    case '!=':
      return one !== other
    case '<':
      return one < other
    case '<=':
      return one <= other
    case '>':
      return one > other
    case '>=':
      return one >= other
    case 'LIKE':
      return matchesLike(text, wanted)
    case 'ILIKE':
      return matchesLike(text.toLowerCase(), wanted.toLowerCase())
    default:
      throw unsupported()
  }
}

/** Whether a row holds every condition, as MLflow would say. */
export function holds(row: JsonObject, clauses: readonly Clause[]): boolean {
  return clauses.every((clause) => {
    const { comparator, value } = clause
    const text = plainText(row.get(columnOf(clause)))
    if (value.kind === 'list') return value.items.includes(text) === (comparator === 'IN')
    if (value.kind === 'null-test') throw unsupported()
    return compare(text, comparator, value.text, value.kind === 'number')
  })
}
