import { Refusal } from '../policy/reasons.ts'
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

/**
 * Whether a clause of a trace search names a prompt version: its value is then `name/version`, and `=` its only comparator.
 * MLflow looks at the key alone, whatever its prefix, but for spans.
 */
export function addressesPrompt({ entity, key }: Pick<Clause, 'entity' | 'key'>): boolean {
  return entity !== 'span' && (key.toLowerCase() === 'prompt' || key === 'mlflow.linkedPrompts')
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

/**
 * Whether text matches a LIKE pattern: `%` is any text, `_` any one character, and nothing escapes them. Never goes back
 * further than to the last `%`, so a pattern costs at most the square of the text's length.
 */
export function likeMatches(pattern: string, text: string, caseInsensitive: boolean): boolean {
  const wanted = characters(pattern, caseInsensitive)
  const given = characters(text, caseInsensitive)
  if (wanted.filter((character) => character !== '%').length > given.length) return false
  let at = 0
  let from = 0
  let retryAt = -1
  let retryFrom = 0
  while (from < given.length) {
    if (wanted[at] === '%') {
      at += 1
      retryAt = at
      retryFrom = from
    } else if (at < wanted.length && (wanted[at] === '_' || wanted[at] === given[from])) {
      at += 1
      from += 1
    } else if (retryAt === -1) {
      return false
    } else {
      at = retryAt
      retryFrom += 1
      from = retryFrom
    }
  }
  while (wanted[at] === '%') at += 1
  return at === wanted.length
}

function characters(text: string, caseInsensitive: boolean): string[] {
  const all = Array.from(text)
  return caseInsensitive ? all.map((character) => character.toLowerCase().toUpperCase()) : all
}
