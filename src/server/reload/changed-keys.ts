import { isDeepStrictEqual } from 'node:util'
import type { ConfigFile } from '../config/config-file.ts'
import { isMapping } from '../config/mapping.ts'

/** What is fixed while the process runs: its ports, and what requests of the old and of the new configuration would have to share. */
const fixed = ['listen', 'admin', 'databricksHost.listen', 'workers', 'limits', 'shutdown', 'audit', 'tracing'] as const

function compare(before: unknown, after: unknown, path: string): string[] {
  if (!isMapping(before) || !isMapping(after)) return isDeepStrictEqual(before, after) ? [] : [path]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => compare(before[key], after[key], path === '' ? key : `${path}.${key}`))
}

/** The keys of the configuration whose values are others, as `environments.acc.groups`. Never their values. */
export function changedKeys(before: ConfigFile, after: ConfigFile): readonly string[] {
  return compare(before, after, '')
}

/** Those of the keys that only a restart can change. */
export function fixedKeys(keys: readonly string[]): readonly string[] {
  // A port for Databricks mode may come or go with all of its settings.
  const isFixed = (key: string) => key === 'databricksHost' || fixed.some((each) => key === each || key.startsWith(`${each}.`))
  return keys.filter(isFixed)
}
