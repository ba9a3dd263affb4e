import { allSpans, filter, KiB, longestColumn, path } from './limits.ts'
import type { MeaningRow } from './meaning-row.ts'

/** What any request may hold. */
export const requestMeanings = {
  free: {
    // Neither normalised nor read, and bounded by the body.
    unchecked: 'it names nothing',
    limit: { characters: longestColumn, items: allSpans },
    words: 'names nothing',
  },
  notServed: { checks: ['notServed'], limit: { characters: longestColumn, items: allSpans }, words: 'refused if set' },
  link: { checks: ['links'], limit: path, words: 'an address that a UI shows as a link: only http or https' },
  filter: {
    checks: ['scope'],
    limit: filter,
    words: "a search filter: names in it are mapped, and it is narrowed to the caller's own rows",
  },
  orderBy: {
    checks: ['orderBy'],
    limit: { characters: 4 * KiB, items: 1_000 },
    words: 'columns to sort by: parsed and written anew',
  },
  pageToken: {
    unchecked: 'the proxy has sealed it itself',
    limit: path,
    words: 'where a search continues: encrypted, and bound to the caller, environment and query',
  },
  maxResults: { unchecked: 'it is a number', words: 'the size of a page' },
} as const satisfies Record<string, MeaningRow>
