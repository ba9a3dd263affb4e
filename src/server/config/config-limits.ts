import type { ConfigFile } from './config-file.ts'
import type { Finding } from './config-problem.ts'
import { shareKinds } from './limit-settings.ts'
import { readMemory } from './memory-size.ts'

const leastMemory = 16 * 1024 * 1024

/** What the schema cannot say of limits: a smaller circle has no larger share than the one around it. */
export function checkLimits({ limits, workers, upstream }: ConfigFile): Finding[] {
  const { memory } = limits
  const findings: Finding[] = shareKinds.flatMap((kind) => {
    const { principal, environment, everybody } = limits[kind]
    const exceeds = (key: string, value: number, around: string, most: number): Finding[] =>
      value > most
        ? [{ path: ['limits', kind, key], message: `is more than ${around} (${most}); write at most ${most}, or raise that` }]
        : []
    return [
      ...exceeds('principal', principal, 'environment', environment),
      ...exceeds('environment', environment, 'everybody', everybody),
    ]
  })
  const least = leastMemory * workers
  const each = workers === 1 ? '' : ` for each of ${workers} workers`
  if (memory !== undefined && readMemory(memory) < least)
    findings.push({ path: ['limits', 'memory'], message: `is less than 16MiB${each}; write more, or leave it out` })
  return [...findings, ...checkParts({ limits, workers }), ...checkTransfers(upstream.workers, workers)]
}

/** Each worker needs a part of every share: one request at least. */
function checkParts({ limits, workers }: Pick<ConfigFile, 'limits' | 'workers'>): Finding[] {
  const parts = shareKinds.flatMap((kind) =>
    (['principal', 'waiting'] as const).map((key) => ({ kind, key, whole: limits[kind][key] })),
  )
  return parts
    .filter(({ whole }) => whole < workers)
    .map(({ kind, key, whole }) => {
      const message = `is more than limits.${kind}.${key} (${whole}), of which each worker has a part; write at most ${whole}, or raise that`
      return { path: ['workers'], message }
    })
}

/** Of the upstream's workers one stays free of transfers; each of ours needs another one for them. */
function checkTransfers(ofUpstream: number | undefined, workers: number): Finding[] {
  if (ofUpstream === undefined || workers === 1 || workers < ofUpstream) return []
  const message = `is not less than upstream.workers (${ofUpstream}), of which each worker needs one for transfers, and one stays free; write at most ${Math.max(1, ofUpstream - 1)}`
  return [{ path: ['workers'], message }]
}
