import type { Answer } from '../../policy/fact-query.ts'
import { clientGone } from '../network/client-gone.ts'
import { type End, RequestEnd } from '../network/request-end.ts'
import { whileThere } from './while-there.ts'

interface Flight {
  readonly answer: Promise<Answer>
  readonly abandon: RequestEnd
  waiting: number
}

/** The questions that are being asked. Whoever asks the same meanwhile waits for the same answer, which is given up when nobody waits any more. */
export class SharedAnswers {
  readonly #flights = new Map<string, Flight>()

  /** `find` is called where nobody asks the same already. Throws the signal's reason. */
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
