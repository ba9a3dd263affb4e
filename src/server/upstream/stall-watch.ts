import type { Dispatcher } from 'undici'

/** Milliseconds between head and body of an answer from which on the body waited for an acknowledgement, which comes after 40. */
const shortest = 20

/** Milliseconds for which a server is taken to stall that did so once: it may be replaced by one that does not. */
const remembered = 600_000

type Controller = Dispatcher.DispatchController
type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2]

/** An answer on its way to whoever asked, and how long its body comes after its head. */
class WatchedAnswer implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler
  readonly #hear: (gap: number) => void
  #headAt = 0
  #hasBody = false
  /** Whether the body is still to come, and not with the head: what came together is handed over without a turn between, however long it takes. */
  #isApart = false

  constructor(handler: Dispatcher.DispatchHandler, hear: (gap: number) => void) {
    this.#handler = handler
    this.#hear = hear
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context)
  }

  onResponseStart(controller: Controller, status: number, headers: Headers, statusMessage?: string): void {
    this.#headAt = performance.now()
    queueMicrotask(() => {
      this.#isApart = !this.#hasBody
    })
    this.#handler.onResponseStart?.(controller, status, headers, statusMessage)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#hasBody = true
    if (this.#isApart) this.#hear(performance.now() - this.#headAt)
    this.#isApart = false
    this.#handler.onResponseData?.(controller, chunk)
  }

  onResponseEnd(controller: Controller, trailers: Headers): void {
    this.#handler.onResponseEnd?.(controller, trailers)
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#handler.onResponseError?.(controller, error)
  }
}

/**
 * Whether a server stalls on connections that were used a moment ago, as it is seen on those: MLflow's uvicorn writes head and body of an answer
 * separately, and where it has several workers the body waits for the client's acknowledgement of the head, up to 40 ms.
 */
export class StallWatch {
  #until = Number.NEGATIVE_INFINITY

  get stalls(): boolean {
    return performance.now() < this.#until
  }

  /** Looks at an answer that comes over a connection that was used a moment ago. */
  watch(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
    return new WatchedAnswer(handler, (gap) => {
      if (gap >= shortest) this.#until = performance.now() + remembered
    })
  }
}
