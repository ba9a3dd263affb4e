import { resolve } from 'node:path'
import type { LoginEntry } from './config-login.ts'
import type { IssuerEntry } from './issuer-entry.ts'

/** Every key of credentials, an issuer or a login, or of a certificate, that names a file. */
const fileKeys: ReadonlySet<string> = new Set([
  'file',
  'passwordFile',
  'clientSecretFile',
  'certificateFile',
  'tokenFile',
  'cookieKeyFile',
  'keyFile',
])

/** The same part of the configuration with absolute paths of its files; relative ones start at `folder`. */
export function resolveFiles<T extends object>(part: T, folder: string): T {
  const files = Object.entries(part).flatMap(([key, file]) => (fileKeys.has(key) ? [[key, resolve(folder, file)]] : []))
  return { ...part, ...Object.fromEntries(files) }
}

/** The same for an issuer, and for the API server that is asked about its tokens. */
export function resolveIssuer(issuer: IssuerEntry, folder: string): IssuerEntry {
  const { tokenReview } = issuer
  const inner = tokenReview === undefined ? {} : { tokenReview: resolveFiles(tokenReview, folder) }
  return { ...resolveFiles(issuer, folder), ...inner }
}

/** The same for a login, and for where its sessions are kept. */
export function resolveLogin(login: LoginEntry, folder: string): LoginEntry {
  const { redis } = login
  if (redis === undefined) return resolveFiles(login, folder)
  const { sentinel } = redis
  const inner = sentinel === undefined ? {} : { sentinel: resolveFiles(sentinel, folder) }
  return { ...resolveFiles(login, folder), redis: { ...resolveFiles(redis, folder), ...inner } }
}
