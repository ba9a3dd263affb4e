import { mutateBytes } from '../mutate-bytes.ts'
import { Random } from '../random.ts'
import { edges, knownEdges } from './instrument.ts'

/** A parser, and the property that must hold for every input. */
export interface Target {
  readonly name: string
  readonly seeds: readonly (string | Uint8Array)[]
  /** Words of its language. */
  readonly words?: readonly string[]
  /** Its inputs come from operators and are small, so their time does not matter. */
  readonly trusted?: true
  /** Throws if a property does not hold. An input that the parser refuses is not a failure. */
  readonly check: (input: Buffer) => void
}

/** An input for which a property does not hold. */
interface Finding {
  readonly message: string
  readonly input: Buffer
}

export interface Outcome {
  readonly name: string
  readonly runs: number
  readonly edges: number
  readonly corpus: readonly Buffer[]
  readonly findings: readonly Finding[]
}

export interface Effort {
  readonly seed: number
  /** Maximum number of runs. */
  readonly count: number
  /** Maximum time in milliseconds. */
  readonly milliseconds: number
}

/** How often a branch was taken, roughly: only a new order of magnitude counts as new. */
const order = (times: number): number => 1 << Math.min(7, Math.floor(Math.log2(times)))
const patience = 250
const pumped = 96 * 1024

/** The guided search through the inputs of one target. */
class Search {
  readonly #target: Target
  readonly #random: Random
  readonly #words: readonly Buffer[]
  readonly #seen = new Uint8Array(edges.length)
  readonly #findings = new Map<string, Finding>()
  readonly corpus: Buffer[] = []
  runs = 0

  constructor(target: Target, seed: number, words: readonly string[]) {
    this.#target = target
    this.#random = new Random(seed)
    this.#words = [...(target.words ?? []), ...words].map((word) => Buffer.from(word))
    for (const text of target.seeds) this.#try(Buffer.from(text), true)
    if (this.corpus.length === 0) this.corpus.push(Buffer.alloc(0))
  }

  get outcome(): Omit<Outcome, 'corpus'> {
    const covered = this.#seen.subarray(0, knownEdges() + 1).reduce((sum, bits) => sum + (bits === 0 ? 0 : 1), 0)
    return { name: this.#target.name, runs: this.runs, edges: covered, findings: [...this.#findings.values()] }
  }

  step(): void {
    const random = this.#random
    // Recent inputs most often lead to new ones.
    const recent = random.once(2) ? this.corpus.slice(-32) : this.corpus
    const [one, other] = [random.pick(recent), random.pick(recent)]
    // Short inputs contain fewer unrelated errors.
    const input = one.length < other.length ? one : other
    if (random.once(400) && this.#target.trusted !== true) this.#pump(input)
    else this.#try(mutateBytes(random, input, this.#words, random.pick(this.corpus)))
  }

  #failure(input: Buffer): string | null {
    try {
      this.#target.check(input)
      return null
    } catch (error) {
      return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    }
  }

  #try(input: Buffer, always = false): void {
    edges.fill(0, 0, knownEdges() + 1)
    const began = performance.now()
    const failure = this.#failure(input)
    const took = performance.now() - began
    this.runs += 1
    if (this.#isNews() || always) this.corpus.push(input)
    if (failure !== null) this.#note(failure, input)
    if (took > patience && this.#target.trusted !== true) this.#timed(input)
  }

  #isNews(): boolean {
    let news = false
    const end = knownEdges() + 1
    for (let edge = 0; edge < end; edge++) {
      const times = edges[edge] ?? 0
      if (times === 0) continue
      const bits = order(times)
      const seen = this.#seen[edge] ?? 0
      if ((seen & bits) !== 0) continue
      this.#seen[edge] = seen | bits
      news = true
    }
    return news
  }

  /** Repeats a piece of an input very often: time that is not linear becomes visible. */
  #pump(input: Buffer): void {
    const from = this.#random.below(input.length)
    const piece = input.subarray(from, from + 1 + this.#random.below(8))
    if (piece.length === 0) return
    const many = Buffer.concat(Array.from({ length: Math.ceil(pumped / piece.length) }, () => piece))
    this.#try(Buffer.concat([input.subarray(0, from), many, input.subarray(this.#random.once(2) ? from : input.length)]))
  }

  /** Slow three times counts as slow: once may be due to the machine. */
  #timed(input: Buffer): void {
    for (let again = 0; again < 3; again++) {
      const began = process.cpuUsage()
      this.#failure(input)
      const { user, system } = process.cpuUsage(began)
      if (user + system < patience * 1000) return
    }
    this.#note(`slow: more than ${patience} ms of CPU`, input)
  }

  #note(message: string, input: Buffer): void {
    const kind = message.replace(/[0-9]+/g, '0').slice(0, 60)
    if (this.#findings.has(kind)) return
    const fails = (shorter: Buffer) =>
      this.#failure(shorter)
        ?.replace(/[0-9]+/g, '0')
        .slice(0, 60) === kind
    this.#findings.set(kind, { message, input: message.startsWith('slow') ? input : shrink(input, fails) })
  }
}

/** Removes pieces of the input as long as it still fails. */
function shrink(input: Buffer, fails: (input: Buffer) => boolean): Buffer {
  let smallest = input
  for (let size = smallest.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= smallest.length; ) {
      const shorter = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)])
      if (fails(shorter)) smallest = shorter
      else at += size
    }
  }
  return smallest
}

/** Searches for inputs that break a target, guided by the branches that its parser takes. */
export function searchInputs(target: Target, { seed, count, milliseconds }: Effort, words: readonly string[] = []): Outcome {
  const search = new Search(target, seed, words)
  const end = performance.now() + milliseconds
  while (search.runs < count && performance.now() < end) search.step()
  return { ...search.outcome, corpus: search.corpus }
}
