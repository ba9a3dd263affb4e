import type { Contender, Kind, Setup } from './contender.ts'
import type { Figure } from './figure.ts'
import type { Requests } from './requests.ts'

/** What the rows are measured with. */
export interface Bench {
  readonly setup: Setup
  readonly requests: Requests
  /** The header of acc's caller. */
  readonly authorization: string
  /** Tells what is left out, and why. */
  say(line: string): void
  readonly kinds: readonly Kind[]
  readonly rounds: number
  /** Of one burst. */
  readonly seconds: number
}

/** Measures something of all contenders. */
export type Row = (bench: Bench) => Promise<Figure[]>

/** The upstream itself. */
export const direct = (url: string): Contender => ({
  name: 'direct',
  url,
  pid: null,
  startMs: 0,
  logs: () => '',
  close: async () => undefined,
})

/** Starts contenders, does something with them, and ends them. */
export async function withContenders<T>(
  kinds: readonly Kind[],
  setup: Setup,
  work: (contenders: readonly Contender[]) => Promise<T>,
): Promise<T> {
  const running: Contender[] = []
  try {
    for (const kind of kinds) running.push(await kind.start(setup))
    return await work(running)
  } finally {
    await Promise.all(running.map((contender) => contender.close()))
  }
}
