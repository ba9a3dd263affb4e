import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { plural } from '../../policy/plural.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Config } from '../config/config-types.ts'
import { readFound } from '../facts/look-up-answers.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { listEverywhere, placesOf } from './places.ts'
import { type Ask, isUnowned, listingsOf, type StoredThing } from './stored-things.ts'

/** Pages of each list that are read. */
const pages = 25

/** Milliseconds: before the first request, so that callers come first; between two attempts; and for all requests of one. */
const times = { before: 5_000, between: 10_000, within: 60_000 } as const

/** Attempts while MLflow does not answer. */
const attempts = 30

/** How many things of each kind belong to no environment. */
type UnownedCount = Readonly<Record<StoredThing['kind'], number>>

/** Who hears of the count. */
export interface CountListeners {
  readonly log: Pick<Logger, 'info'>
  readonly metrics: { noteUnowned(count: UnownedCount): void }
}

async function count(config: Config, upstream: Upstream, places: readonly string[]): Promise<UnownedCount> {
  const end = performance.now() + times.within
  // Schemas of Unity Catalog belong to whoever has them, and to no environment unless its configuration says so.
  const listings = listingsOf(config).filter(({ path }) => !path.includes('/unity-catalog/'))
  const askIn =
    (environment: string): Ask =>
    async (path, query) =>
      performance.now() > end ? null : readFound(await upstream.lookUp(path, query, { authorization: null, environment }))
  const { things } = await listEverywhere(config, places, listings, askIn, pages)
  const found = { model: 0, experiment: 0 }
  for (const thing of things) if (isUnowned(config, thing)) found[thing.kind] += 1
  return found
}

/**
 * Counts once, after start, what MLflow holds that belongs to no environment, and says so in the log and in a metric: how many, and no
 * names. Not where only callers' tokens open MLflow.
 */
export async function noteUnowned(
  config: Config,
  upstream: Upstream,
  { log, metrics }: CountListeners,
  stop: AbortSignal,
  { before, between }: { readonly before: number; readonly between: number } = times,
): Promise<void> {
  const places = placesOf(config).filter((name) => !upstream.transport.passesTokens(name))
  const rest = (milliseconds: number) => pause(milliseconds, undefined, { ref: false, signal: stop }).catch(() => undefined)
  await rest(before)
  for (let tries = 1; places.length > 0 && tries <= attempts && !stop.aborted; tries++) {
    try {
      const found = await count(config, upstream, places)
      metrics.noteUnowned(found)
      if (found.model + found.experiment === 0) return
      const what = `${plural(found.model, 'model')} and ${plural(found.experiment, 'experiment')}`
      log.info(
        found,
        `at least ${what} in MLflow belong to no environment, so that no caller sees them: \`mlflow-env-proxy doctor\` names them, and \`mlflow-env-proxy adopt\` gives them to environments`,
      )
      return
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      await rest(between)
    }
  }
}
