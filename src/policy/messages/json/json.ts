/** A JSON number, kept as its text: int64 values beyond 2^53 must survive. */
export class JsonNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A part of a message that is JSON text already: nothing looks into it any more. */
export class PrintedJson {
  /** Its text, in parts. */
  readonly parts: readonly string[]
  constructor(parts: readonly string[]) {
    this.parts = parts
  }
}

/** A JSON object. A Map keeps key order and has no prototype to be surprised by. */
export type JsonObject = Map<string, Json>
export type Json = null | boolean | string | JsonNumber | PrintedJson | Json[] | JsonObject

const whole = /^-?[0-9]+$/

// Two whole numbers may be different and one double all the same.
function isSameNumber(a: JsonNumber, b: JsonNumber): boolean {
  return a.text === b.text || (!(whole.test(a.text) && whole.test(b.text)) && Number(a.text) === Number(b.text))
}

/** Whether two values say the same: objects in any order of their keys, numbers in any spelling. */
export function isSameJson(a: Json, b: Json): boolean {
  if (a instanceof JsonNumber) return b instanceof JsonNumber && isSameNumber(a, b)
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, at) => isSameJson(item, b[at] ?? null))
  if (!(a instanceof Map)) return a === b
  if (!(b instanceof Map) || a.size !== b.size) return false
  return [...a].every(([key, item]) => b.has(key) && isSameJson(item, b.get(key) ?? null))
}
