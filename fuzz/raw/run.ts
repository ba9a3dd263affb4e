import { setTimeout as sleep } from 'node:timers/promises'
import { type FakeUpstream, reply, startFakeUpstream } from '../../test/fakes/fake-upstream.ts'
import { type App, startApp } from '../../test/harness/app.ts'
import type { RawAnswer } from '../../test/harness/raw-http.ts'
import { WireClient } from '../wire-client.ts'
import { makeStream, wordsIn } from './make-stream.ts'
import { readStrictly, type StrictReading } from './strict-reader.ts'
import { talk } from './talk.ts'

export interface Finding {
  readonly seed: number
  readonly problem: string
  readonly bytes: string
}

export interface Tally {
  readonly streams: number
  readonly answers: number
  readonly heard: number
  readonly findings: readonly Finding[]
}

const experiment = { experiment_id: '7', name: '/experiments/acc/Default', artifact_location: 'mlflow-artifacts:/7' }
const run = {
  info: { run_id: '1'.repeat(32), experiment_id: '7', artifact_uri: `mlflow-artifacts:/7/${'1'.repeat(32)}/artifacts` },
}

/** The word of a message: from its address, or from a body that is a name. Other bodies may contain the bytes of further requests. */
function wordOf(address: string, body: string): string | undefined {
  return wordsIn(address)[0] ?? /^{"name":"(u[0-9]+n[0-9]+x)"}/.exec(body)?.[1]
}

/** Sends raw bytes to the listener, beside another client whose answers must remain its own. */
export class RawFuzz {
  readonly #app: App
  readonly #upstream: FakeUpstream
  readonly #victim: WireClient
  readonly #findings = new Map<string, Finding>()
  readonly #crashes: unknown[] = []
  readonly #note = (error: unknown) => void this.#crashes.push(error)
  readonly #allowed = new Map<string, number>()
  #streams = 0
  #answers = 0
  #heard = 0

  private constructor(app: App, upstream: FakeUpstream) {
    this.#app = app
    this.#upstream = upstream
    this.#victim = new WireClient(app.url, 5_000)
    process.on('uncaughtException', this.#note).on('unhandledRejection', this.#note)
  }

  static async start(): Promise<RawFuzz> {
    const upstream = await startFakeUpstream()
    upstream.knowledge.clear()
    upstream.answer = reply(200, { experiment, experiment_id: '7', run })
    return new RawFuzz(await startApp({ upstream: upstream.url }), upstream)
  }

  get tally(): Tally {
    return { streams: this.#streams, answers: this.#answers, heard: this.#heard, findings: [...this.#findings.values()] }
  }

  /** Runs the streams of some seeds concurrently, and then the other client. */
  async try(seeds: readonly number[]): Promise<void> {
    await Promise.all(seeds.map((seed) => this.#tryOne(seed)))
    await this.#askAsVictim(seeds[0] ?? 0)
    this.#listen()
    this.#app.takeLines()
    const [crash] = this.#crashes.splice(0)
    if (crash !== undefined) this.#keep(seeds[0] ?? 0, `uncaught: ${crash instanceof Error ? crash.stack : String(crash)}`, '')
  }

  async #tryOne(seed: number): Promise<void> {
    const stream = makeStream(this.#app.token, seed)
    const reading = readStrictly(stream.bytes)
    const text = stream.bytes.toString('latin1')
    // Each message that a strict parser accepts, once; incomplete ones may have been understood so far.
    const tail = text.slice(reading.messages.at(-1)?.end ?? 0)
    const unfinished = reading.rest === 'unfinished' ? wordsIn(tail.replace(/^(?:\r?\n)+/, '').split('\r\n')[0] ?? '') : []
    for (const { head, start, end } of reading.messages) {
      const body = text.slice(start + head.length + 4, end).replace(/^[0-9a-fA-F]+[^\r]*\r\n/, '')
      this.#allowed.set(wordOf(head.split('\r\n')[0] ?? '', body) ?? '', seed)
    }
    for (const word of unfinished) this.#allowed.set(word, seed)
    const { answers, surplus, closed } = await talk(this.#app.port, stream, reading)
    this.#streams += 1
    this.#answers += answers.length
    const problem = conversationProblem(answers, surplus, closed, reading)
    if (problem !== null) this.#keep(seed, problem, text)
  }

  async #askAsVictim(seed: number): Promise<void> {
    const word = `u${seed}n999x`
    this.#allowed.set(word, seed)
    const head = `Host: 127.0.0.1\r\nAuthorization: Bearer ${this.#app.token}`
    const target = `/api/2.0/mlflow/experiments/get-by-name?experiment_name=${word}`
    const reception = await this.#victim.send(Buffer.from(`GET ${target} HTTP/1.1\r\n${head}\r\n\r\n`), 'GET')
    const status = 'answer' in reception ? reception.answer.status : Object.keys(reception).join()
    if (status !== 200) this.#keep(seed, `the other client got ${status}`, '')
  }

  /** Whatever MLflow received must have been at the beginning of a message. */
  #listen(): void {
    for (const { url, body, method } of this.#upstream.received.splice(0)) {
      this.#heard += 1
      const word = wordOf(url, body.toString('latin1'))
      if (word === undefined || this.#allowed.has(word)) continue
      const seed = Number(/^u([0-9]+)n/.exec(word)?.[1] ?? 0)
      this.#keep(
        seed,
        `MLflow received ${method} from bytes that a strict parser does not accept as a request`,
        makeStream(this.#app.token, seed).bytes.toString('latin1'),
      )
    }
    if (this.#allowed.size > 100_000) this.#allowed.clear()
  }

  #keep(seed: number, problem: string, text: string): void {
    const kind = problem.replace(/[0-9]+/g, '0').slice(0, 80)
    if (this.#findings.has(kind)) return
    const bytes = JSON.stringify(text.replace(/eyJ[^\s]{100,}/g, '{token}')).slice(0, 3_000)
    this.#findings.set(kind, { seed, problem, bytes })
  }

  /** Connections that clients still have open: only the other client's. */
  async connectionsLeft(): Promise<number> {
    this.#victim.close()
    let left = 0
    for (let tries = 0; tries < 100; tries++) {
      left = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
      if (left <= 2) return left
      await sleep(50)
    }
    return left
  }

  async close(): Promise<void> {
    await this.#app.close()
    await this.#upstream.close()
    process.off('uncaughtException', this.#note).off('unhandledRejection', this.#note)
  }
}

function conversationProblem(
  answers: readonly RawAnswer[],
  surplus: Buffer,
  closed: boolean,
  { messages, rest }: StrictReading,
): string | null {
  // Incomplete or invalid requests may be answered as well, once.
  const most = messages.length + (rest === 'nothing' ? 0 : 1)
  if (answers.length > most) return `${answers.length} answers to ${most} requests`
  const last = answers.at(-1)
  const ends = last?.headers.some(([name, value]) => name === 'connection' && value === 'close') ?? false
  if (surplus.length > 0 && !closed && !ends) return 'bytes behind the answers'
  const bad = answers.find(({ status }) => [500, 502, 503, 504].includes(status))
  if (bad !== undefined) return `status ${bad.status}`
  return null
}
