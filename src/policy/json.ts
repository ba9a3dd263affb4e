/** A JSON number, kept as its text: int64 values beyond 2^53 must survive. */
export class JsonNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A part of an answer that is printed already: nothing looks into it any more. */
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
