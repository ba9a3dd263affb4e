import type { Turns } from '../../turns.ts'
import type { Json } from './json.ts'
import { SkimmedObject } from './skimmed-object.ts'

/** As how many values a skimmed object counts, of which little is read. */
const skimmed = 16

/** Values that one turn goes through, where every 32 characters of a text are one more: some hundred kilobytes of JSON. */
const most = 2_048

/** How much JSON may still be gone through before others get their turn. */
export class TurnRoom {
  readonly #most: number
  #left: number

  /** `room`: in values; at least 1. */
  constructor(room: number = most) {
    this.#most = room
    this.#left = room
  }

  /** Whether there is room for all of a value in this turn; then it is taken. */
  takes(value: Json): boolean {
    const left = weigh(value, this.#left)
    if (left < 0) return false
    this.#left = left
    return true
  }

  /** Begins a new turn for a value; whether there is room for all of it. */
  *makes(value: Json): Turns<boolean> {
    yield
    this.#left = this.#most
    return this.takes(value)
  }
}

/** What is left of a measure when a value is weighed; less than nothing for one that is heavier. It ends as soon as that is known. */
function weigh(value: Json, room: number): number {
  if (typeof value === 'string') return room - 1 - value.length / 32
  if (value instanceof SkimmedObject) return room - skimmed
  let left = room - 1
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && left >= 0; at++) left = weigh(value[at] ?? null, left)
  } else if (value instanceof Map) {
    for (const item of value.values()) {
      if (left < 0) break
      left = weigh(item, left)
    }
  }
  return left
}
