/** How many requests of one kind may be under way at once, and how many of one principal may wait. */
export interface ShareLimits {
  readonly principal: number
  readonly environment: number
  readonly everybody: number
  readonly waiting: number
}

/** Kinds of requests, which have shares of their own: messages, artifacts and files of the UI, calls to served models. */
export const shareKinds = ['messages', 'bytes', 'models'] as const
export type ShareKind = (typeof shareKinds)[number]

/** What the configuration says of limits; bytes, and bytes a second. */
export interface LimitSettings extends Readonly<Record<ShareKind, ShareLimits>> {
  readonly memory: number
  readonly leastRate: number
}
