import { hash } from 'node:crypto'
import type { Config } from './config-types.ts'

/** What may hold a password, and differs between machines with one configuration. */
const left: readonly string[] = ['outbound', 'secret']

/** Tells configurations apart in logs and metrics: 16 hexadecimal digits. */
export function configHash(config: Config): string {
  return hash(
    'sha256',
    JSON.stringify(config, (key, value: unknown) => (left.includes(key) ? undefined : value)),
  ).slice(0, 16)
}
