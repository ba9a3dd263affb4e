import { Refusal } from '../reasons.ts'
import type { Clause, FilterValue } from './filter-string.ts'

/** How names in a filter change: `exact` for a whole name, `pattern` for a LIKE pattern. Both may throw a Refusal. */
export type NameMapping = {
  readonly exact: (name: string) => string
  readonly pattern: (pattern: string) => string
}

// Every prefix that some MLflow search gives another meaning than "attribute"; they are case-sensitive
const otherEntities = new Set(
  (
    'tag tags param params parameter parameters metric metrics dataset datasets ' +
    'metadata request_metadata span feedback expectation issue assessment'
  ).split(' '),
)

/** The attribute that a clause or order addresses, else null. An unknown prefix counts as an attribute's. */
export function attributeKey({ entity, key }: Pick<Clause, 'entity' | 'key'>): string | null {
  return entity !== null && otherEntities.has(entity) ? null : key.trim()
}

/** Rewrites the values of the clauses that compare a name; refuses a comparison that MLflow has not for names. */
export function mapNames(clauses: readonly Clause[], isName: (clause: Clause) => boolean, mapping: NameMapping): Clause[] {
  return clauses.map((clause) => (isName(clause) ? { ...clause, value: mapValue(clause, mapping) } : clause))
}

function mapValue({ keyText, comparator, value }: Clause, mapping: NameMapping): FilterValue {
  if (value.kind === 'list') return { kind: 'list', items: value.items.map(mapping.exact) }
  if (value.kind === 'string') {
    if (comparator === '=' || comparator === '!=') return { kind: 'string', text: mapping.exact(value.text) }
    if (comparator === 'LIKE' || comparator === 'ILIKE') return { kind: 'string', text: mapping.pattern(value.text) }
  }
  const message =
    value.kind === 'number'
      ? `Expected a quoted string value for attributes. Got value ${value.text}; write ${keyText} ${comparator} '${value.text}'.`
      : `Invalid comparator '${comparator}' for ${keyText}; use one of =, !=, LIKE, ILIKE, IN, NOT IN.`
  throw new Refusal('invalid-parameter', message)
}
