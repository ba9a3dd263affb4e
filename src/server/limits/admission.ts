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

/** Bytes of an answer from which on it counts while its client takes it. */
const largeAnswer = 64 * 1024

interface Caller {
  readonly environment: Environment
  readonly principal: Principal
}

/** What one request has of the process: memory, and its shares. All of it is given back when the request is over, however it ends. */
class Admission {
  readonly memory: MemoryAccount
  /** Of the request's body. */
  readonly body: Hold
  /** Bytes of memory that work on the body will take. */
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

  /** Takes the request's share, and then memory for the work on its body. Throws the refusal of a request that is shed. */
  async enter(kind: ShareKind, { environment, principal }: Caller): Promise<void> {
    this.#sharer = { environment: environment.name, principal: `${principal.tenantId}/${principal.objectId}` }
    await this.#take(this.#limits.shares[kind], this.#sharer)
    await this.body.resize(Math.max(this.bodyWeight, this.body.bytes))
  }

  /** Takes one of MLflow's workers for a request that has its share, just before bytes are sent to it or asked of it. */
  async takeWorker(): Promise<void> {
    if (this.#sharer === null) throw new TypeError('a request without a share takes no worker')
    await this.#take(this.#limits.workers, this.#sharer)
  }

  async #take(queue: FairQueue, who: Sharer): Promise<void> {
    const end = await queue.enter(who, this.#over)
    if (this.#over.aborted) end()
    this.#over.throwIfAborted()
    this.#ends.push(end)
  }

  /** Its answer is made: all that is left of it in memory is the answer's text, until the client has taken it. `cut` ends that early. */
  answer(bytes: number, cut: () => void): void {
    this.memory.release()
    if (bytes < largeAnswer) return
    const hold = this.memory.hold('answer')
    hold.note(bytes)
    hold.atClient(cut)
  }

  /** The request is over. */
  close(): void {
    this.#over.abort()
    this.memory.release()
    for (const end of this.#ends.splice(0)) end()
  }
}

function lengthOf(payload: unknown): number | null {
  return typeof payload === 'string' || Buffer.isBuffer(payload) ? payload.length : null
}

/** Gives every request an admission, first of all hooks. */
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
