import { withoutTrailing } from '../../../policy/names/trailing.ts'
import { SignedUrl, type StorageHosts } from './signed-url.ts'
import { unknownStorageAnswer } from './storage-call.ts'
import type { Credential } from './storage-credentials.ts'

/** Where Unity Catalog stores a version's files: a folder in an Azure storage container. */
export interface CatalogLocation {
  readonly dialect: 'blob' | 'datalake'
  /** URL of the container or file system, without a final slash. */
  readonly container: string
  /** Path of the folder in it, without slashes at its ends. */
  readonly folder: string
}

const form = /^(abfss|wasbs):\/\/([a-z0-9$][a-z0-9$-]*)@([^/@?#]+)\/([^?#]+)$/
// Storage emulators have no host per account: their paths begin with it.
const emulator = /^([a-z0-9]+)\.(?:blob|dfs)\.((?:localhost|127\.0\.0\.1)(?::[0-9]+)?)$/

/** Parses the storage location of a version. Throws `unknown-answer` if it is not in Azure storage. */
export function readCatalogLocation(text: string): CatalogLocation {
  const [, scheme, container = '', host = '', path = ''] = form.exec(text) ?? []
  const folder = withoutTrailing(path.replace(/^\/+/, ''), '/')
  if (scheme === undefined || folder.split('/').some((segment) => /^\.{0,2}$/.test(segment))) {
    throw unknownStorageAnswer('a location of a version outside Azure storage')
  }
  const [, account, loopback] = emulator.exec(host) ?? []
  const root = loopback === undefined ? `https://${host}` : `http://${loopback}/${account}`
  return { dialect: scheme === 'abfss' ? 'datalake' : 'blob', container: `${root}/${container}`, folder }
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/** The credential for one file of a folder, or for listing the folder; `path` is relative to the folder, or null for the container itself. */
export function catalogCredential(
  location: CatalogLocation,
  path: string | null,
  token: string,
  hosts: StorageHosts,
): Credential {
  const { dialect, container, folder } = location
  const place = path === null ? container : `${container}/${encodePath(`${folder}/${path}`)}`
  return { url: new SignedUrl(`${place}?${token.replace(/^\?/, '')}`, hosts), dialect, headers: new Map() }
}
