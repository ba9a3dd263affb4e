import type { Config } from '../config/config-types.ts'
import type { ShareKind, ShareLimits } from '../config/limit-settings.ts'
import type { Place } from './questions.ts'

/** The whole, in parts that differ by one at most: together they are the whole. A part of something larger is never smaller. */
function partOf(whole: number, { index, count }: Place): number {
  return Math.floor((whole + count - 1 - index) / count)
}

/** The configuration of one worker: what all callers may use at once is divided among the workers. */
export function shareOut(config: Config, place: Place): Config {
  const { limits } = config
  const part = (kind: ShareKind): ShareLimits => {
    const { principal, environment, everybody, waiting } = limits[kind]
    return {
      principal: partOf(principal, place),
      environment: partOf(environment, place),
      everybody: partOf(everybody, place),
      waiting: partOf(waiting, place),
    }
  }
  const memory = partOf(limits.memory, place)
  return {
    ...config,
    upstream: { ...config.upstream, ...shareOutUpstream(config.upstream, place) },
    limits: { ...limits, memory, messages: part('messages'), bytes: part('bytes'), models: part('models') },
  }
}

/** The same of what the upstream takes. */
function shareOutUpstream({ workers, rates }: Config['upstream'], place: Place): Pick<Config['upstream'], 'workers' | 'rates'> {
  const part = (rate: number) => rate / place.count
  return {
    // Transfers may use all of them but one, which each worker of ours leaves free.
    ...(workers === undefined ? {} : { workers: partOf(workers - 1, place) + 1 }),
    ...(rates === undefined
      ? {}
      : {
          rates: {
            registry: part(rates.registry),
            searchRuns: part(rates.searchRuns),
            experiments: part(rates.experiments),
            logBatch: part(rates.logBatch),
            other: part(rates.other),
          },
        }),
  }
}
