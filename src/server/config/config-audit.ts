import { resolve } from 'node:path'
import type { Finding } from './config-problem.ts'
import { readMemory } from './memory-size.ts'
import { checkFile, readSecretFile } from './secret-file.ts'
import { findUrlProblem } from './url-checks.ts'

/** `audit` as written. */
export interface AuditEntry {
  readonly destination: 'stdout' | 'file' | 'otlp'
  readonly file?: { readonly path: string; readonly maxSize: number | string; readonly kept: number }
  readonly otlp?: { readonly url: string; readonly tokenFile?: string }
  readonly onFailure: 'refuse' | 'continue'
}

/** Where audit lines go, and what happens while they cannot. */
export interface AuditSettings {
  readonly destination:
    | { readonly kind: 'stdout' }
    | { readonly kind: 'file'; readonly path: string; readonly bytes: number; readonly kept: number }
    | { readonly kind: 'otlp'; readonly url: string; readonly tokenFile?: string }
  readonly onFailure: 'refuse' | 'continue'
}

/** What the schema cannot say of it. */
export function checkAudit({ destination, file, otlp }: AuditEntry): Finding[] {
  const at = (key: string, message: string | null): Finding[] => (message === null ? [] : [{ path: ['audit', key], message }])
  const token = otlp?.tokenFile === undefined ? null : checkFile(readSecretFile, otlp.tokenFile)
  return [
    ...at(
      'file',
      file === undefined && destination === 'file' ? 'is missing; write for example { path: /var/log/audit.jsonl }' : null,
    ),
    ...at('file', file !== undefined && destination !== 'file' ? 'is only for `destination: file`; leave it out' : null),
    ...at(
      'otlp',
      otlp === undefined && destination === 'otlp'
        ? 'is missing; write for example { url: http://127.0.0.1:4318/v1/logs }'
        : null,
    ),
    ...at('otlp', otlp !== undefined && destination !== 'otlp' ? 'is only for `destination: otlp`; leave it out' : null),
    ...at('otlp', otlp === undefined ? null : findUrlProblem(otlp.url, 'http://127.0.0.1:4318/v1/logs')),
    ...(token === null ? [] : [{ path: ['audit', 'otlp', 'tokenFile'], message: token, ofSecret: true }]),
  ]
}

/** The same with absolute paths; relative ones start at `folder`. */
export function resolveAudit({ file, otlp, ...rest }: AuditEntry, folder: string): AuditEntry {
  const { tokenFile } = otlp ?? {}
  return {
    ...rest,
    ...(file === undefined ? {} : { file: { ...file, path: resolve(folder, file.path) } }),
    ...(otlp === undefined
      ? {}
      : { otlp: { ...otlp, ...(tokenFile === undefined ? {} : { tokenFile: resolve(folder, tokenFile) }) } }),
  }
}

/** The settings of a checked entry. */
export function completeAudit({ destination, file, otlp, onFailure }: AuditEntry): AuditSettings {
  if (destination === 'file' && file !== undefined)
    return { destination: { kind: 'file', path: file.path, bytes: readMemory(file.maxSize), kept: file.kept }, onFailure }
  if (destination === 'otlp' && otlp !== undefined) return { destination: { kind: 'otlp', ...otlp }, onFailure }
  return { destination: { kind: 'stdout' }, onFailure }
}

/** Where audit lines go, in words. */
export function describeAudit({ destination, onFailure }: AuditSettings): string {
  const places = {
    stdout: 'in the log',
    file:
      destination.kind === 'file'
        ? `in ${destination.path}, and ${destination.kept} older files of ${destination.bytes} bytes`
        : '',
    otlp: destination.kind === 'otlp' ? `to ${destination.url}` : '',
  }
  return `${places[destination.kind]}; while it cannot be written, changes ${onFailure === 'refuse' ? 'are refused' : 'go on'}`
}
