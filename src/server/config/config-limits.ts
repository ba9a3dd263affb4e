import type { ConfigFile } from './config-file.ts'
import type { Finding } from './config-problem.ts'
import { shareKinds } from './limit-settings.ts'
import { readMemory } from './memory-size.ts'

const leastMemory = 16 * 1024 * 1024

/** What the schema cannot say of limits: a smaller circle has no larger share than the one around it. */
export function checkLimits({ limits }: ConfigFile): Finding[] {
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
  if (memory !== undefined && readMemory(memory) < leastMemory)
    findings.push({ path: ['limits', 'memory'], message: 'is less than 16MiB; write more, or leave it out' })
  return findings
}
