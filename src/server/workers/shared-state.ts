import { randomBytes } from 'node:crypto'
import { LoginMemory } from '../login/login-memory.ts'
import type { Answers } from './channel.ts'
import { PromotionOrder } from './promotion-order.ts'
import type { OfPrimary, OfWorker, Start } from './questions.ts'

type Asked = 'promotionBegins' | 'promotionEnds' | 'loginEnded'

/** A worker, as far as it shares state. */
export interface Sharing {
  ask<Name extends Asked>(name: Name, given: OfWorker[Name]['given']): Promise<null>
}

/** What stays in the primary, because the requests of all workers meet in it. */
export class SharedState {
  readonly #workers: () => readonly Sharing[]
  readonly #promotions: PromotionOrder
  readonly #logins = new LoginMemory()
  readonly #pageKey = randomBytes(32)

  /** `workers`: all that serve, or soon will. */
  constructor(workers: () => readonly Sharing[]) {
    this.#workers = workers
    this.#promotions = new PromotionOrder(workers)
  }

  /** What a new worker has to know. */
  start(): Pick<Start, 'pageKey' | 'loginKey' | 'endedLogins' | 'promotions'> {
    return {
      pageKey: this.#pageKey,
      loginKey: this.#logins.key,
      endedLogins: [...this.#logins.ended()],
      promotions: this.#promotions.underWay,
    }
  }

  answersTo(worker: Sharing): Answers<OfPrimary> {
    return {
      promote: async (promotion) => {
        await this.#promotions.begin(worker, promotion)
        return null
      },
      promoted: (id) => {
        this.#promotions.end(id)
        return null
      },
      endLogin: async (ended) => {
        this.#logins.noteEnd(ended)
        await Promise.allSettled(this.#workers().map((each) => each.ask('loginEnded', ended)))
        return null
      },
      useOnce: (once) => this.#logins.useOnce(once),
    }
  }

  /** A worker has ended. */
  forget(worker: Sharing): void {
    this.#promotions.forget(worker)
  }
}
