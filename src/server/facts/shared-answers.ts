import type { Answer } from '../../policy/fact-query.ts'
import { clientGone } from '../network/client-gone.ts'
import { type End, RequestEnd } from '../network/request-end.ts'
import { whileThere } from './while-there.ts'

interface Flight {
  readonly answer: Promise<Answer>
  readonly abandon: RequestEnd
  waiting: number
}

/** Look-ups in progress. Requests with the same query share the answer; the look-up is cancelled when nobody waits for it any more. */
export class SharedAnswers {
  readonly #flights = new Map<string, Flight>()

  /** Calls `find` if the same query is not in progress. Throws the signal's reason. */
  async ask(key: string, signal: End | undefined, find: (abandoned: End) => Promise<Answer>): Promise<Answer> {
    const flight = this.#flights.get(key) ?? this.#begin(key, find)
    flight.waiting += 1
    try {
      return await whileThere(signal, flight.answer)
    } finally {
      flight.waiting -= 1
      if (flight.waiting === 0) {
        this.#end(key, flight)
        flight.abandon.abort()
      }
    }
  }

  #begin(key: string, find: (abandoned: End) => Promise<Answer>): Flight {
    const abandon = new RequestEnd(clientGone)
    const flight = { answer: find(abandon), abandon, waiting: 0 }
    this.#flights.set(key, flight)
    flight.answer.then(
      () => this.#end(key, flight),
      () => this.#end(key, flight),
    )
    return flight
  }

  #end(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }
}
