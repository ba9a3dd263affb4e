import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { type Answers, Channel } from './channel.ts'
import type { Taker } from './handout.ts'
import type { OfPrimary, OfWorker, Port, Start } from './questions.ts'

/** Milliseconds between two questions whether a worker can serve. */
const askAgain = 100

/** Where a worker's lines go. */
export interface LineOutlets {
  readonly log: (line: string) => void
  readonly audit: (line: string) => void
}

/** Of the pipe for audit lines that do not go into the log; the worker's end has the same number. */
export const auditDescriptor = 4

/** Passes whole lines on. A line that a killed worker did not finish is dropped. */
function relay(stream: Readable | null, write: (line: string) => void): void {
  let rest = ''
  stream?.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) write(`${line}\n`)
  })
}

function readableOf({ stdio }: ChildProcess, descriptor: number): Readable | null {
  const stream = stdio[descriptor]
  return stream && 'read' in stream ? stream : null
}

/** A worker: its process, and what it is asked. */
export class WorkerProcess implements Taker {
  readonly index: number
  readonly #child: ChildProcess
  readonly #channel: Channel<OfWorker>
  /** Resolves with what ended it, when all of its lines have been read. */
  readonly ended: Promise<number | string | null>
  #hasBegun = false
  #isReady = false
  #hasEnded = false

  constructor(index: number, lines: LineOutlets, answers: (self: WorkerProcess) => Answers<OfPrimary>) {
    this.index = index
    // This program itself; see `src/cli.ts`.
    this.#child = fork(process.argv[1] ?? '', ['worker'], {
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'inherit', 'ipc', 'pipe'],
    })
    relay(this.#child.stdout, lines.log)
    relay(readableOf(this.#child, auditDescriptor), lines.audit)
    this.#channel = new Channel<OfWorker>(this.#child, answers(this))
    const { promise, resolve } = Promise.withResolvers<number | string | null>()
    this.ended = promise
    this.#child.once('error', () => this.kill())
    this.#child.once('close', (code, signal) => {
      this.#hasEnded = true
      this.#channel.close()
      resolve(code ?? signal)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Whether it can take connections. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  get isReady(): boolean {
    return this.#isReady
  }

  ask<Name extends keyof OfWorker & string>(name: Name, given: OfWorker[Name]['given']): Promise<OfWorker[Name]['answer']> {
    return this.#channel.ask(name, given)
  }

  /** Resolves when it can take connections. Rejects with what keeps it from that. */
  async begin(start: Start): Promise<void> {
    await this.#channel.ask('begin', start)
    this.#hasBegun = true
  }

  /** Resolves when it can serve; also when it has ended. */
  async becomesReady(): Promise<void> {
    while (!this.#hasEnded && !this.#isReady) {
      const standing = await this.ask('standing', null).catch(() => null)
      this.#isReady = standing !== null && standing.waitsFor === null
      if (!this.#isReady) await new Promise((resolve) => setTimeout(resolve, askAgain).unref())
    }
  }

  async take(port: Port, socket: Socket): Promise<void> {
    await this.#channel.ask('connection', port, socket)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
