import type { FilterToken } from './filter-tokens.ts'

/** The left side of a clause: `tags.mlflow.user` is entity `tags`, key `mlflow.user`; a bare `name` has no entity. */
export type FilterIdentifier = {
  readonly entity: string | null
  /** the key as MLflow reads it, without its quotes */
  readonly key: string
  /** the key as it was written, and is printed again */
  readonly keyText: string
}

// sqlparse takes these for keywords wherever they stand, also behind a dot
const keywords = /^(?:case|in|values|using|from|as)$/i
const grammarWords = /^(?:and|or|not|is|null|like|ilike|rlike)$/i
const simpleName = /^[\p{L}_][\p{L}\p{N}_]*$/u

/** Reads the identifier that starts at `at`; null when what stands there is none that MLflow reads in one way only. */
export function readIdentifier(
  tokens: readonly FilterToken[],
  at: number,
): { identifier: FilterIdentifier; next: number } | null {
  const pieces: FilterToken[] = []
  let next = at
  for (;;) {
    const piece = tokens[next]
    if (piece?.kind !== 'word' && piece?.kind !== 'quoted') return null
    pieces.push(piece)
    next += 1
    if (tokens[next]?.kind !== 'dot') break
    next += 1
  }
  const identifier = pieces.length === 1 ? bareIdentifier(pieces[0]) : pathIdentifier(pieces)
  return identifier && { identifier, next }
}

/** The key as MLflow reads it: once without quotes, then once without backticks. */
function unquoteKey(keyText: string): string {
  const inner = isQuotedBy(keyText, "'") || isQuotedBy(keyText, '"') ? keyText.slice(1, -1) : keyText
  return isQuotedBy(inner, '`') ? inner.slice(1, -1) : inner
}

/** Whether this key needs no quotes: ASCII words joined by dots, none of which sqlparse takes for something else. */
export function isPlainKey(key: string): boolean {
  return key.split('.').every((word) => /^[a-z_][a-z0-9_]*$/i.test(word) && !keywords.test(word))
}

/** Whether text can stand before the dot of an identifier: `tags`, `attributes`, `span`. */
export function isEntity(text: string): boolean {
  return simpleName.test(text) && !keywords.test(text) && !grammarWords.test(text)
}

function bareIdentifier(piece: FilterToken | undefined): FilterIdentifier | null {
  if (piece === undefined) return null
  if (piece.kind === 'word') {
    const taken = keywords.test(piece.text) || grammarWords.test(piece.text)
    return taken ? null : { entity: null, key: piece.text, keyText: piece.text }
  }
  // MLflow splits at the first dot before it looks at quotes: `tags.x` in backticks is the entity "`tags"
  if (piece.kind !== 'quoted' || piece.quote === "'" || piece.content.includes('.') || !isQuotedKey(piece)) return null
  return { entity: null, key: unquoteKey(piece.text), keyText: piece.text }
}

function pathIdentifier(pieces: readonly FilterToken[]): FilterIdentifier | null {
  const [first, ...rest] = pieces
  const last = rest.at(-1)
  const entity = first?.kind === 'quoted' ? (first.quote === '`' ? first.content : '') : (first?.text ?? '')
  if (!isEntity(entity)) return null
  if (!rest.slice(0, -1).every(isKeyWord)) return null
  if (last === undefined || !(isKeyWord(last) || isQuotedKey(last))) return null
  const keyText = rest.map((piece) => piece.text).join('.')
  return { entity, key: unquoteKey(keyText), keyText }
}

const isKeyWord = (piece: FilterToken): boolean => piece.kind === 'word' && !keywords.test(piece.text)

const isQuotedKey = (piece: FilterToken): boolean => piece.kind === 'quoted' && !/[\p{Cc}\p{Cs}]/u.test(piece.content)

const isQuotedBy = (text: string, quote: string): boolean => text.length >= 2 && text.startsWith(quote) && text.endsWith(quote)
