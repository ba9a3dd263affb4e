import { Refusal } from '../reasons.ts'
import { type FilterIdentifier, readIdentifier } from './filter-identifier.ts'
import { excerpt, type FilterToken, tokenizeFilter } from './filter-tokens.ts'

/** The right side of a clause. Numbers keep their text; IS NULL and IS NOT NULL have no value. */
export type FilterValue =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'null-test' }

/** One clause of a filter; a filter is clauses that must all hold. */
export type Clause = FilterIdentifier & { readonly comparator: string; readonly value: FilterValue }

type Cursor = { readonly tokens: readonly FilterToken[]; at: number }

const scalarComparators = new Set(['=', '!=', '<', '<=', '>', '>=', 'LIKE', 'ILIKE', 'RLIKE'])
const listComparators = new Set(['IN', 'NOT IN'])
const nullTests = new Set(['IS NULL', 'IS NOT NULL'])

/** Reads a search filter as MLflow does: clauses joined by AND. An empty filter has no clauses. */
export function parseFilter(text: string): Clause[] {
  const cursor: Cursor = { tokens: tokenizeFilter(text), at: 0 }
  const clauses: Clause[] = []
  let joined = true
  for (let token = peek(cursor); token !== undefined; token = peek(cursor)) {
    // MLflow does not count the ANDs: leading, doubled, trailing and missing ones are all the same to it
    if (isWord(token, 'AND')) {
      cursor.at += 1
      joined = true
      continue
    }
    const clause = readClause(cursor)
    if (!joined && !scalarComparators.has(clause.comparator)) throw invalidClause(clause.keyText, 'join clauses with AND')
    clauses.push(clause)
    joined = false
  }
  return clauses
}

/** Writes a filter that MLflow reads as these very clauses; refuses what cannot be written so. */
export function printFilter(clauses: readonly Clause[]): string {
  return clauses.map(printClause).join(' AND ')
}

/** A clause on an attribute, such as `name LIKE 'fraud%'`, made by the proxy itself. */
export function attributeClause(key: string, comparator: string, value: FilterValue): Clause {
  return { entity: null, key, keyText: key, comparator, value }
}

function readClause(cursor: Cursor): Clause {
  const found = readIdentifier(cursor.tokens, cursor.at)
  if (found === null) throw invalidClause(cursor.tokens[cursor.at]?.text ?? '')
  cursor.at = found.next
  const comparator = readComparator(cursor, found.identifier)
  return { ...found.identifier, comparator, value: readValue(cursor, comparator) }
}

function readComparator(cursor: Cursor, { keyText }: FilterIdentifier): string {
  const token = take(cursor)
  if (token === undefined) throw invalidClause(keyText, `write a comparator and a value after it, such as ${keyText} = 'x'`)
  let comparator = token.text.toUpperCase()
  if (comparator === 'NOT') comparator += ` ${take(cursor)?.text.toUpperCase() ?? ''}`
  if (comparator === 'IS') {
    if (isWord(peek(cursor), 'NOT')) comparator += ` ${take(cursor)?.text.toUpperCase() ?? ''}`
    comparator += ` ${take(cursor)?.text.toUpperCase() ?? ''}`
  }
  if (scalarComparators.has(comparator) || listComparators.has(comparator) || nullTests.has(comparator)) return comparator
  if (token.kind !== 'comparator' && !comparator.includes(' ')) throw invalidClause(token.text)
  throw new Refusal(
    'invalid-parameter',
    `Invalid comparator '${excerpt(comparator)}'; use one of ${[...scalarComparators].join(', ')}.`,
  )
}

function readValue(cursor: Cursor, comparator: string): FilterValue {
  if (nullTests.has(comparator)) return { kind: 'null-test' }
  if (listComparators.has(comparator)) return { kind: 'list', items: readList(cursor) }
  const token = take(cursor)
  if (token?.kind === 'number') return { kind: 'number', text: token.text }
  if (token?.kind === 'quoted' && token.quote !== '`') return { kind: 'string', text: checkedText(token.content) }
  throw new Refusal(
    'invalid-parameter',
    `Parameter value is either not quoted or unidentified quote types used for string value ${excerpt(token?.text ?? '')}. ` +
      'Use either single or double quotes.',
  )
}

// 'a''b' would be "ab" here, as two strings of Python beside each other are one
function readList(cursor: Cursor): string[] {
  const items: string[] = []
  if (take(cursor)?.kind !== 'open') throw invalidList('got no list')
  for (let token = take(cursor); ; token = take(cursor)) {
    if (token?.kind === 'close' && items.length > 0) return items
    if (token?.kind !== 'quoted' || token.quote === '`')
      throw invalidList(token?.kind === 'close' ? 'got empty list' : 'got ill-formed list')
    if (token.content.includes(token.quote)) throw unquotable(token.content, 'has doubled quotes in a list')
    items.push(checkedItem(token.content))
    const separator = take(cursor)
    if (separator?.kind === 'close') return items
    if (separator?.kind !== 'comma') throw invalidList('got ill-formed list')
  }
}

function printClause(clause: Clause): string {
  const name = printIdentifier(clause)
  const { comparator, value } = clause
  if (value.kind === 'null-test' && nullTests.has(comparator)) return `${name} ${comparator}`
  if (value.kind === 'list' && listComparators.has(comparator) && value.items.length > 0) {
    return `${name} ${comparator} (${value.items.map((item) => quote(checkedItem(item))).join(', ')})`
  }
  if (scalarComparators.has(comparator)) {
    if (value.kind === 'string') return `${name} ${comparator} ${quote(checkedText(value.text))}`
    if (value.kind === 'number' && isNumber(value.text)) return `${name} ${comparator} ${value.text}`
  }
  throw invalidClause(`${name} ${comparator}`)
}

function printIdentifier({ entity, key, keyText }: FilterIdentifier): string {
  const text = entity === null ? keyText : `${entity}.${keyText}`
  const tokens = tokenizeFilter(text)
  const found = readIdentifier(tokens, 0)
  const same = found?.next === tokens.length && found.identifier.entity === entity && found.identifier.key === key
  if (!same) throw invalidClause(text)
  return text
}

function isNumber(text: string): boolean {
  const [token, ...rest] = tokenizeFilter(text)
  return token?.kind === 'number' && rest.length === 0
}

function quote(text: string): string {
  return text.includes("'") ? `"${text}"` : `'${text}'`
}

// Inside quotes only the other kind can stand, and a backslash before the closing one may take it for part of the text
function checkedText(text: string): string {
  if (text.includes("'") && text.includes('"')) throw unquotable(text, 'has both kinds of quotes')
  if (text.endsWith('\\')) throw unquotable(text, 'ends with a backslash')
  if (/(?![\t\n\r])[\p{Cc}\p{Cs}]/u.test(text)) throw unquotable(text, 'has control characters')
  return text
}

// MLflow reads lists as Python literals: escapes count there, and a line end is an error
function checkedItem(text: string): string {
  if (text.includes('\\')) throw unquotable(text, 'has a backslash in a list')
  if (/[\p{Cc}\p{Cs}]/u.test(text)) throw unquotable(text, 'has control characters')
  return checkedText(text)
}

const unquotable = (text: string, why: string): Refusal =>
  new Refusal(
    'invalid-parameter',
    `Invalid value in filter string: '${excerpt(text)}' ${why}, which cannot be passed to MLflow safely; use another value.`,
  )

const invalidClause = (
  text: string,
  advice = "write clauses such as name = 'x', joined by AND; OR, NOT and parentheses are not supported",
): Refusal => new Refusal('invalid-parameter', `Invalid clause(s) in filter string: '${excerpt(text)}'; ${advice}.`)

const invalidList = (why: string): Refusal =>
  new Refusal(
    'invalid-parameter',
    `While parsing a list in the query, expected a non-empty list of string values, but ${why}; write it as ('a', 'b').`,
  )

const isWord = (token: FilterToken | undefined, word: string): boolean =>
  token?.kind === 'word' && token.text.toUpperCase() === word

function peek(cursor: Cursor): FilterToken | undefined {
  while (cursor.tokens[cursor.at]?.kind === 'space') cursor.at += 1
  return cursor.tokens[cursor.at]
}

function take(cursor: Cursor): FilterToken | undefined {
  const token = peek(cursor)
  if (token !== undefined) cursor.at += 1
  return token
}
