import type { SendHandle } from 'node:child_process'
import type { Socket } from 'node:net'
import { type Reason, Refusal } from '../../policy/reasons.ts'

/** What one side asks the other: by name, what is given and what is answered. */
type Questions = Readonly<Record<string, { readonly given: unknown; readonly answer: unknown }>>

/** What one side answers; `handle` came along. A Refusal that is thrown arrives as one. */
export type Answers<Q extends Questions> = {
  readonly [Name in keyof Q]: (given: Q[Name]['given'], handle: unknown) => Q[Name]['answer'] | Promise<Q[Name]['answer']>
}

/** A process at the other end: a child, or the parent. */
export interface Peer {
  send?: (message: object, handle: SendHandle, options: { keepOpen: boolean }, sent: (error: Error | null) => void) => boolean
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
}

interface Problem {
  readonly message: string
  readonly reason: Reason | null
}

type Message =
  | { readonly kind: 'question'; readonly id: number; readonly name: string; readonly given: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'problem'; readonly id: number; readonly problem: Problem }

// As methods, whose parameters may be narrower than what the channel can prove: both ends are the same program.
interface Waiting {
  resolve(answer: unknown): void
  reject(error: Error): void
}
interface Answering {
  answer(given: unknown, handle: unknown): unknown
}

/** The other process has ended. */
export class PeerGone extends Error {
  constructor() {
    super('the process at the other end has ended')
  }
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'kind' in value && 'id' in value
}

function problemOf(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error)
  return { message, reason: error instanceof Refusal ? error.reason : null }
}

/** Questions and answers between two processes, both ways. */
export class Channel<Asked extends Questions> {
  readonly #peer: Peer
  readonly #waiting = new Map<number, Waiting>()
  #next = 0
  #isOpen = true

  /** Answers what the other end asks; `answers` may get a connection with a question. */
  constructor(peer: Peer, answers: Readonly<Record<string, Answering['answer']>>) {
    this.#peer = peer
    peer.on('message', (message, handle) => {
      if (!isMessage(message)) return
      if (message.kind === 'question') return void this.#answer(answers, message, handle)
      const waiting = this.#waiting.get(message.id)
      this.#waiting.delete(message.id)
      if (message.kind === 'answer') return waiting?.resolve(message.answer)
      const { message: text, reason } = message.problem
      waiting?.reject(reason === null ? new Error(text) : new Refusal(reason, text))
    })
    peer.on('disconnect', () => this.close())
  }

  /** Resolves with the answer. `socket` goes along, and stays open here. Rejects with what the other end threw, or `PeerGone`. */
  ask<Name extends keyof Asked & string>(
    name: Name,
    given: Asked[Name]['given'],
    socket?: Socket,
  ): Promise<Asked[Name]['answer']> {
    const { promise, resolve, reject } = Promise.withResolvers<Asked[Name]['answer']>()
    if (!this.#isOpen) return Promise.reject(new PeerGone())
    const id = this.#next++
    this.#waiting.set(id, { resolve, reject })
    this.#send({ kind: 'question', id, name, given }, socket)
    return promise
  }

  /** For when the other process has ended: whoever waits for an answer gets none. */
  close(): void {
    this.#isOpen = false
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const each of waiting) each.reject(new PeerGone())
  }

  async #answer(
    answers: Readonly<Record<string, Answering['answer']>>,
    { id, name, given }: Message & { kind: 'question' },
    handle: unknown,
  ) {
    try {
      this.#send({ kind: 'answer', id, answer: await answers[name]?.(given, handle) })
    } catch (error) {
      this.#send({ kind: 'problem', id, problem: problemOf(error) })
    }
  }

  #send(message: Message, socket?: Socket): void {
    // Whoever is gone is noticed when the channel closes.
    if (this.#isOpen) this.#peer.send?.(message, socket, { keepOpen: true }, () => undefined)
  }
}
