/** Requests a second, by what they are about. */
export interface Rates {
  readonly registry: number
  readonly searchRuns: number
  readonly experiments: number
  readonly logBatch: number
  readonly other: number
}
