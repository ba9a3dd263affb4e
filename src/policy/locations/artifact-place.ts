import { foldWidth } from '../names/fold.ts'
import { isExperimentId, isLoggedModelId, isRunId, isTraceId, isVersion } from '../names/ids.ts'
import { canonicalPath } from './store-path.ts'

/** Whose artifacts a path lies in. Names and ids are the upstream's own. */
export type ArtifactPlace =
  | { readonly kind: 'run'; readonly experimentId: string; readonly runId: string }
  | { readonly kind: 'loggedModel'; readonly experimentId: string; readonly modelId: string }
  | { readonly kind: 'trace'; readonly experimentId: string; readonly traceId: string }
  | { readonly kind: 'version'; readonly name: string; readonly version: string }
  | { readonly kind: 'dbfs' }

/** A file or folder in a place; `path` is relative to the place's root, and '' for the root itself. */
export interface StoredPath {
  readonly place: ArtifactPlace
  readonly path: string
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const byteTable = <T>(entry: (byte: number) => T): readonly T[] => Array.from({ length: 256 }, (_, byte) => entry(byte))
const wordBytes = byteTable((byte) => /[A-Za-z0-9_-]/.test(String.fromCharCode(byte)))
const escapes = byteTable((byte) => `~${byte.toString(16).toUpperCase().padStart(2, '0')}`)
const dot = 0x2e

/** A text as one path segment that no URL parser, client or server on the way reads differently. */
export function escapeSegment(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const isWord = (at: number) => wordBytes[bytes[at] ?? 0] === true
  const stays = (byte: number, at: number) => isWord(at) || (byte === dot && isWord(at - 1) && isWord(at + 1))
  let segment = ''
  for (const [at, byte] of bytes.entries()) segment += stays(byte, at) ? String.fromCharCode(byte) : escapes[byte]
  return segment
}

/** The text that a segment was made of by `escapeSegment`, or null. */
export function unescapeSegment(segment: string): string | null {
  const bytes = segment.match(/~[0-9A-F]{2}|[^~]/g) ?? []
  try {
    const text = utf8.decode(
      Uint8Array.from(bytes, (item) => (item.length === 3 ? Number.parseInt(item.slice(1), 16) : item.charCodeAt(0))),
    )
    return text !== '' && escapeSegment(text) === segment ? text : null
  } catch {
    return null
  }
}

/** Whether a path of DBFS is written in the one way that all readers read alike. */
export function isPlain(path: string): boolean {
  try {
    return path !== '' && !/[?#%]/.test(path) && canonicalPath(path) === path
  } catch {
    return false
  }
}

/** Databricks' own folders hold every environment's artifacts: they are reached by run, model or version, and never as plain files. */
export function isReserved(path: string): boolean {
  return foldWidth(path.split('/', 1)[0] ?? '').toLowerCase() === 'databricks'
}

function registryPath([name = '', version = '', ...rest]: readonly string[]): StoredPath | null {
  const plain = unescapeSegment(name)
  return plain !== null && isVersion(version) ? { place: { kind: 'version', name: plain, version }, path: rest.join('/') } : null
}

/** Which place's artifacts a canonical store path lies in; null for what belongs to nobody, or holds other things than artifacts. */
export function storedPathOf(storePath: string): StoredPath | null {
  const [first = '', ...inside] = storePath.split('/')
  if (first === 'dbfs') {
    const path = inside.join('/')
    return isPlain(path) && !isReserved(path) ? { place: { kind: 'dbfs' }, path } : null
  }
  if (first === 'registry') return registryPath(inside)
  if (!isExperimentId(first)) return null
  const [second = '', third = '', fourth, ...deep] = inside
  if (isRunId(second) && third === 'artifacts') {
    return { place: { kind: 'run', experimentId: first, runId: second }, path: inside.slice(2).join('/') }
  }
  if (fourth !== 'artifacts') return null
  const path = deep.join('/')
  if (second === 'models' && isLoggedModelId(third)) {
    return { place: { kind: 'loggedModel', experimentId: first, modelId: third }, path }
  }
  return second === 'traces' && isTraceId(third) ? { place: { kind: 'trace', experimentId: first, traceId: third }, path } : null
}
