import { Refusal } from '../../policy/reasons.ts'

/** Why a request was shed: its queue was full, it waited too long, or others needed its memory. */
export type ShedCause = 'full' | 'waited' | 'reclaimed'

/** Called for every request that is shed. */
export type NoteShed = (kind: string, cause: ShedCause) => void

/** The refusal of a shed request: nothing was carried out, and it may be sent again soon. */
export function overloaded(what: string): Refusal {
  return new Refusal('overloaded', `${what} Try again shortly.`)
}
