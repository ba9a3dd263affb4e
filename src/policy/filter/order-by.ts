import { Refusal } from '../reasons.ts'
import { type FilterIdentifier, isEntity, isPlainKey, readIdentifier } from './filter-identifier.ts'
import { excerpt, type FilterToken, tokenizeFilter } from './filter-tokens.ts'

/** One entry of an order_by list. Without a direction MLflow sorts ascending. */
export type OrderBy = FilterIdentifier & { readonly direction: 'ASC' | 'DESC' | null }

type Column = Pick<FilterIdentifier, 'entity' | 'key'>

/** Reads one entry of an order_by list, such as ``metrics.`my loss` DESC``; refuses everything that is not one. */
export function parseOrderBy(text: string): OrderBy {
  const tokens = readTokens(text)
  const end = tokens.findIndex((token) => token.kind === 'space')
  const direction = end === -1 ? null : readDirection(tokens.slice(end + 1), text)
  const found = end === -1 ? readBare(tokens) : splitPath(tokens.slice(0, end))
  if (found === null) throw unreadable(text)
  return { ...found, keyText: printKey(found.key, text), direction }
}

/** Writes an entry that every supported MLflow reads as this one. */
export function printOrderBy({ entity, key, direction }: OrderBy): string {
  const keyText = printKey(key, key)
  if (entity === null ? key.includes('.') : !isEntity(entity)) throw unreadable(key)
  const name = entity === null ? keyText : `${entity}.${keyText}`
  return direction === null ? name : `${name} ${direction}`
}

function readTokens(text: string): FilterToken[] {
  try {
    const tokens = tokenizeFilter(text)
    const start = tokens[0]?.kind === 'space' ? 1 : 0
    return tokens.slice(start, tokens.at(-1)?.kind === 'space' ? -1 : undefined)
  } catch (error) {
    if (error instanceof Refusal) throw unreadable(text)
    throw error
  }
}

function readBare(tokens: readonly FilterToken[]): Column | null {
  const found = readIdentifier(tokens, 0)
  return found?.next === tokens.length ? found.identifier : null
}

// With a direction behind it MLflow takes the quotes off first, as a shell does, and splits at the first dot then: there
// `metrics.my loss` may be quoted as a whole, and `metrics.loss.1` needs no quotes.
function splitPath(pieces: readonly FilterToken[]): Column | null {
  const [first] = pieces
  if (first?.kind !== 'word' && (first?.kind !== 'quoted' || first.quote === "'")) return null
  if (!pieces.every(({ kind }) => kind === 'word' || kind === 'quoted' || kind === 'dot' || kind === 'number')) return null
  const path = pieces.map((piece) => (piece.kind === 'quoted' ? piece.content : piece.text)).join('')
  const dot = path.indexOf('.')
  if (dot === -1) return { entity: null, key: path }
  const entity = path.slice(0, dot)
  return isEntity(entity) ? { entity, key: path.slice(dot + 1) } : null
}

function readDirection(rest: readonly FilterToken[], text: string): OrderBy['direction'] {
  const [word, more] = rest
  if (word?.kind !== 'word' || more !== undefined) throw unreadable(text)
  const direction = word.text.toUpperCase()
  if (direction === 'ASC' || direction === 'DESC') return direction
  throw new Refusal('invalid-parameter', `Invalid ordering key in order_by clause '${excerpt(text)}'; use ASC or DESC.`)
}

// Only keys that are the same with quotes and escapes undone or not, as MLflow does with and without a direction
function printKey(key: string, text: string): string {
  if (isPlainKey(key)) return key
  if (/["`\\\p{Cc}\p{Cs}]/u.test(key) || key.startsWith("'") || key === '') throw unreadable(text)
  return `\`${key}\``
}

function unreadable(text: string): Refusal {
  return new Refusal(
    'invalid-parameter',
    `Invalid order_by clause '${excerpt(text)}'. Could not be parsed; write one column and ASC or DESC, such as ` +
      'metrics.`my loss` DESC, with an entry of its own for each column.',
  )
}
