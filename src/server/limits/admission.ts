import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Environment } from '../../policy/environments/environment.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import type { ShareKind } from '../config/limit-settings.ts'
import { RequestEnd } from '../network/request-end.ts'
import type { FairQueue } from './fair-queue.ts'
import type { Hold, MemoryAccount } from './memory-account.ts'
import type { Limits } from './request-limits.ts'
import type { Sharer } from './sharer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    admission: Admission
  }
}

/** Answers from this size (bytes) on are charged while the client reads them. */
const largeAnswer = 64 * 1024

interface Caller {
  readonly environment: Environment
  readonly principal: Principal
}

/** A request's resources: memory and shares. All are released when the request ends, however it ends. */
class Admission {
  readonly memory: MemoryAccount
  /** Bytes of the request's body. */
  readonly body: Hold
  /** Bytes of memory for the text of the body. */
  bodyWeight = 0
  readonly #limits: Limits
  readonly #over = new RequestEnd()
  readonly #ends: (() => void)[] = []
  #sharer: Sharer | null = null

  constructor(limits: Limits) {
    this.#limits = limits
    this.memory = limits.memory.open(this.#over)
    this.body = this.memory.hold('request')
  }

  /** Takes the request's share, then memory for processing the body; null: at once. Throws, or rejects with, the refusal if the request is shed. */
  enter(kind: ShareKind, { environment, principal }: Caller): Promise<void> | null {
    this.#sharer = { environment: environment.name, principal: `${principal.tenantId} ${principal.objectId}` }
    const share = this.#take(this.#limits.shares[kind], this.#sharer)
    const grow = () => this.body.grow(Math.max(this.bodyWeight, this.body.bytes))
    return share === null ? grow() : share.then(() => grow() ?? undefined)
  }

  /** Takes one of MLflow's workers for a request with a share, just before bytes are transferred; null: at once. */
  takeWorker(): Promise<void> | null {
    if (this.#sharer === null) throw new TypeError('a request without a share takes no worker')
    return this.#take(this.#limits.workers, this.#sharer)
  }

  #take(queue: FairQueue, who: Sharer): Promise<void> | null {
    const end = queue.enter(who, this.#over)
    if (end instanceof Promise) return end.then((each) => this.#keep(each))
    this.#keep(end)
    return null
  }

  #keep(end: () => void): void {
    if (this.#over.aborted) end()
    this.#over.throwIfAborted()
    this.#ends.push(end)
  }

  /** The answer is complete: only its text stays in memory, until the client has read it. `cut` ends that early. */
  answer(bytes: number, cut: () => void): void {
    this.memory.release()
    if (bytes < largeAnswer) return
    const hold = this.memory.hold('answer')
    hold.note(bytes)
    hold.atClient(cut)
  }

  /** Calls back when the request has ended. */
  atEnd(action: () => void): void {
    this.#ends.push(action)
  }

  /** The request has ended. */
  close(): void {
    this.#over.abort()
    this.memory.release()
    for (const end of this.#ends.splice(0)) end()
  }
}

function lengthOf(payload: unknown): number | null {
  return typeof payload === 'string' || Buffer.isBuffer(payload) ? payload.length : null
}

/** Gives every request an admission, before all other hooks. */
export function addAdmission(app: FastifyInstance, limits: Limits): void {
  app.decorateRequest('admission')
  app.addHook('onRequest', (request, reply, done) => {
    request.admission = new Admission(limits)
    reply.raw.once('close', () => request.admission.close())
    done()
  })
  app.addHook('onSend', ({ admission, auditRecord, raw }: FastifyRequest, _reply, payload, done) => {
    const bytes = lengthOf(payload)
    if (bytes !== null)
      admission.answer(bytes, () => {
        auditRecord.reason ??= 'overloaded'
        raw.socket.destroy()
      })
    done()
  })
}
