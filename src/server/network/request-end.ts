/** The parts of an AbortSignal that waiters need. */
export interface End {
  readonly aborted: boolean
  readonly reason: Error
  throwIfAborted(): void
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: true }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** One instance for all requests, because nobody reads its stack. */
const requestOver = new Error('the request is over')

/** The end of a request. Every request has one, and many things wait for it: an AbortController would cost each of them an event and a reference. */
export class RequestEnd implements End {
  readonly reason: Error
  readonly #listeners = new Set<() => void>()
  #aborted = false

  /** `reason` is what waiters get. */
  constructor(reason: Error = requestOver) {
    this.reason = reason
  }

  get aborted(): boolean {
    return this.#aborted
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.reason
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }

  /** The request has ended. May be called repeatedly. */
  abort(): void {
    this.#aborted = true
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener()
  }
}

/** For APIs that only accept an AbortSignal. */
export function abortSignalOf(end: End): AbortSignal {
  if (end instanceof AbortSignal) return end
  const controller = new AbortController()
  const abort = () => controller.abort(end.reason)
  if (end.aborted) abort()
  else end.addEventListener('abort', abort, { once: true })
  return controller.signal
}
