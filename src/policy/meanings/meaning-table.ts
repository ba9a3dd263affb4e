import { artifactMeanings } from './artifact-meanings.ts'
import { experimentMeanings } from './experiment-meanings.ts'
import { gatewayMeanings } from './gateway-meanings.ts'
import { genaiMeanings } from './genai-meanings.ts'
import { type Limit, word } from './limits.ts'
import type { MeaningRow } from './meaning-row.ts'
import { registryMeanings } from './registry-meanings.ts'
import { requestMeanings } from './request-meanings.ts'
import { runMeanings } from './run-meanings.ts'
import { servingMeanings } from './serving-meanings.ts'
import { traceMeanings } from './trace-meanings.ts'

const rows = {
  ...registryMeanings,
  ...experimentMeanings,
  ...servingMeanings,
  ...gatewayMeanings,
  ...runMeanings,
  ...genaiMeanings,
  ...traceMeanings,
  ...artifactMeanings,
  ...requestMeanings,
} as const satisfies Record<string, MeaningRow>

/**
 * What a field of a request holds. Every field of an open endpoint has a meaning: a test holds the endpoints' rows against MLflow's messages.
 */
export type Meaning = keyof typeof rows

/** Every meaning: how it is judged, how much it may hold, and what is said of it. The audit line has references in this order. */
export const meaningTable: Readonly<Record<Meaning, MeaningRow>> = rows

/** How much a field of a meaning may hold. */
export function limitOf(meaning: Meaning): Limit {
  return meaningTable[meaning].limit ?? word
}
