/** Whose share a request takes. */
export interface Sharer {
  readonly environment: string
  readonly principal: string
}
