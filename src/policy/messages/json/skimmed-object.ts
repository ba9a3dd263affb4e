import type { SkimPattern } from './copied-lists.ts'
import { type Json, type JsonObject, PrintedJson } from './json.ts'

/** A member that has been read, and where its value stands in the object's text. */
interface SkimmedMember {
  readonly path: readonly string[]
  readonly value: Json
  readonly start: number
  readonly end: number
}

/**
 * An object whose text is known to be well-formed, and of which only those members have been read that its rules look into. To everybody
 * else it is the map that it would be, had it been read whole: that is done when it is first looked into.
 */
export class SkimmedObject extends Map<string, Json> {
  /** The members that have been read, within the objects that hold them. */
  readonly outline: JsonObject = new Map()
  readonly #text: string
  readonly #members: readonly SkimmedMember[]
  readonly #read: (text: string) => Json
  #isWhole = false

  /** `read`: reads its text. */
  constructor(text: string, members: readonly SkimmedMember[], read: (text: string) => Json) {
    super()
    this.#text = text
    this.#members = members
    this.#read = read
    for (const { path, value } of members) put(this.outline, path, value)
  }

  /** The object as text, with an outline's values in place of its own, each as `print` prints it; null where the outline lacks one of them. */
  printWith(outline: JsonObject, print: (value: Json) => string): PrintedJson | null {
    const parts: string[] = []
    let copied = 0
    for (const { path, value, start, end } of this.#members) {
      const next = path.reduce<Json | undefined>((at, key) => (at instanceof Map ? at.get(key) : undefined), outline)
      if (next === undefined) return null
      if (isUnchanged(next, value)) continue
      parts.push(this.#text.slice(copied, start), print(next))
      copied = end
    }
    parts.push(this.#text.slice(copied))
    return new PrintedJson(parts)
  }

  /** Characters of the members that have been read. */
  get charactersRead(): number {
    return this.#members.reduce((sum, { start, end }) => sum + end - start, 0)
  }

  #readWhole(): void {
    if (this.#isWhole) return
    this.#isWhole = true
    const whole = this.#read(this.#text)
    if (whole instanceof Map) for (const [key, value] of whole) super.set(key, value)
  }

  override get size(): number {
    this.#readWhole()
    return super.size
  }

  override has(key: string): boolean {
    this.#readWhole()
    return super.has(key)
  }

  override get(key: string): Json | undefined {
    this.#readWhole()
    return super.get(key)
  }

  override keys(): MapIterator<string> {
    this.#readWhole()
    return super.keys()
  }

  override values(): MapIterator<Json> {
    this.#readWhole()
    return super.values()
  }

  override entries(): MapIterator<[string, Json]> {
    this.#readWhole()
    return super.entries()
  }

  override [Symbol.iterator](): MapIterator<[string, Json]> {
    return this.entries()
  }

  override forEach(action: (value: Json, key: string, map: Map<string, Json>) => void): void {
    this.#readWhole()
    super.forEach(action)
  }

  /** Nobody changes what has been read. */
  override set(): never {
    throw new TypeError('a skimmed object is not changed')
  }

  override delete(): never {
    return this.set()
  }

  override clear(): never {
    return this.set()
  }
}

/** What a pattern has found, which is everything that `read` would accept there. */
export function skim(found: RegExpExecArray, { paths }: SkimPattern, read: (text: string) => Json): SkimmedObject {
  const members: SkimmedMember[] = []
  let end = 0
  for (const [index, path] of paths.entries()) {
    const text = found[2 + 2 * index] ?? ''
    const start = end + (found[1 + 2 * index]?.length ?? 0)
    end = start + text.length
    members.push({ path, value: readTexts(text), start, end })
  }
  return new SkimmedObject(found[0], members, read)
}

/** A string, or lists and objects of nothing else: what a pattern has found has no member twice. */
function readTexts(text: string): Json {
  return text.startsWith('"') && !text.includes('\\') ? text.slice(1, -1) : asJson(JSON.parse(text))
}

function asJson(value: unknown): Json {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null) throw new TypeError('only texts are read of a skimmed object')
  return new Map(Object.entries(value).map(([key, item]) => [key, asJson(item)]))
}

function put(object: JsonObject, path: readonly string[], value: Json): void {
  const [key = '', ...rest] = path
  if (rest.length === 0) {
    object.set(key, value)
    return
  }
  const known = object.get(key)
  const inner: JsonObject = known instanceof Map ? known : new Map()
  object.set(key, inner)
  put(inner, rest, value)
}

/** Whether a value is the one that was read: a list if all its items are. */
function isUnchanged(value: Json, read: Json): boolean {
  if (!Array.isArray(value) || !Array.isArray(read)) return value === read
  return value.length === read.length && value.every((item, at) => item === read[at])
}
