/** The owner of the share that a request takes. */
export interface Sharer {
  readonly environment: string
  readonly principal: string
}
