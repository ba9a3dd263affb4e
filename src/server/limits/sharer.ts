/** How many requests of one kind may be under way at once, and how many of one principal may wait. */
export interface ShareLimits {
  readonly principal: number
  readonly environment: number
  readonly everybody: number
  readonly waiting: number
}

/** Whose share a request takes. */
export interface Sharer {
  readonly environment: string
  readonly principal: string
}
