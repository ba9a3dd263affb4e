import { Refusal } from '../reasons.ts'

/** One piece of a filter or order_by text. The texts of all pieces, joined, are the whole text. */
export type FilterToken =
  | { readonly kind: 'space' | 'word' | 'number' | 'comparator' | 'dot' | 'comma' | 'open' | 'close'; readonly text: string }
  | { readonly kind: 'quoted'; readonly text: string; readonly quote: Quote; readonly content: string }

type Quote = "'" | '"' | '`'

type Plain = Exclude<FilterToken['kind'], 'quoted'>

// The order decides: `.5` and `-5` are numbers before they are punctuation, as in sqlparse, which MLflow reads with.
// Only whitespace that both JavaScript and Python take for whitespace, and only ASCII digits.
const plainPieces: readonly (readonly [Plain, RegExp])[] = [
  ['space', /[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/y],
  ['number', /-?[0-9]+(?:\.[0-9]+)?e-?[0-9]+/iy],
  ['number', /-?[0-9]+\.[0-9]*/y],
  ['number', /-?\.[0-9]+/y],
  ['number', /-?[0-9]+/y],
  ['word', /[\p{L}\p{N}_]+/uy],
  ['comparator', /[<>=~!]+/y],
  ['dot', /\./y],
  ['comma', /,/y],
  ['open', /\(/y],
  ['close', /\)/y],
]

const inWord = /[\p{L}\p{N}_]/uy

/** Pieces of a filter at most: MLflow's own parser gives up from here on as well, after many seconds. */
const mostTokens = 10_000

/** Splits a filter or order_by text into pieces; refuses comments, semicolons, open quotes and every other character. */
export function tokenizeFilter(text: string): FilterToken[] {
  const tokens: FilterToken[] = []
  for (let at = 0; at < text.length; ) {
    const token = readQuoted(text, at) ?? readPlain(text, at)
    if (token === null) throw unreadable(text, at)
    if (tokens.length === mostTokens) throw new Refusal('invalid-parameter', 'The filter is too long. Use a shorter one.')
    tokens.push(token)
    at += token.text.length
  }
  return tokens
}

/** What a message shows of a caller's text: short, and on one line. */
export function excerpt(text: string): string {
  const flat = text.slice(0, 81).replace(/[\p{Cc}\p{Cs}]/gu, ' ')
  return flat.length > 80 ? `${flat.slice(0, 80)}...` : flat
}

/** Whether a letter or digit stands at a place: a number before it is none. */
function goesOn(text: string, at: number): boolean {
  inWord.lastIndex = at
  return inWord.test(text)
}

function readPlain(text: string, at: number): FilterToken | null {
  for (const [kind, pattern] of plainPieces) {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined || (kind === 'number' && goesOn(text, at + found.length))) continue
    return { kind, text: found }
  }
  return null
}

// As sqlparse: two quotes in a row stay inside, both of them. MLflow only cuts off the ends and undoes no escape.
function readQuoted(text: string, start: number): FilterToken | null {
  const quote = text[start]
  if (quote !== "'" && quote !== '"' && quote !== '`') return null
  for (let at = text.indexOf(quote, start + 1); at !== -1; at = text.indexOf(quote, at + 1)) {
    // sqlparse versions differ in what `\\'` is, and `'a\'` ends here or later depending on what follows
    if (quote !== '`' && text[at - 1] === '\\') throw escapedQuote(text, start, at)
    if (text[at + 1] === quote) at += 1
    else return { kind: 'quoted', text: text.slice(start, at + 1), quote, content: text.slice(start + 1, at) }
  }
  throw new Refusal(
    'invalid-parameter',
    `Invalid clause(s) in filter string: '${excerpt(text.slice(start))}' opens a quote that is not closed; close it with ${quote}.`,
  )
}

function escapedQuote(text: string, start: number, at: number): Refusal {
  return new Refusal(
    'invalid-parameter',
    `Invalid clause(s) in filter string: '${excerpt(text.slice(start, at + 1))}' has a backslash before a quote, which MLflow does ` +
      'not read as an escape; use the other kind of quotes, without a backslash at the end of the value.',
  )
}

function unreadable(text: string, at: number): Refusal {
  const rest = text.slice(at)
  const shown = excerpt(rest)
  if (rest.startsWith(';')) {
    return new Refusal(
      'invalid-parameter',
      `Search filter contained multiple expression '${excerpt(text)}'. Provide AND-ed expression list.`,
    )
  }
  const comment = rest.startsWith('--') || rest.startsWith('#') || rest.startsWith('/*')
  const advice = comment
    ? 'comments are not supported, remove it'
    : 'put names with such characters in `backticks` and values in quotes'
  return new Refusal('invalid-parameter', `Invalid clause(s) in filter string: '${shown}'; ${advice}.`)
}
