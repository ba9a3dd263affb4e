import type { IncomingMessage } from 'node:http'

/** Every address is served as it is, and below `/env/<name>` for callers in several environments. */
export const environmentPrefixes = ['', '/env/:environment'] as const

const environmentBase = '/env/'

/** An address in its parts. */
export interface AddressParts {
  /** The environment that it names, as it is spelled there. */
  readonly environment: string | null
  /** The path as MLflow's clients write it. */
  readonly path: string
}

/** The parts of a request's address, without its query. */
export function addressParts({ url = '' }: Pick<IncomingMessage, 'url'>): AddressParts {
  const [whole = ''] = url.split('?', 1)
  if (!whole.startsWith(environmentBase)) return { environment: null, path: whole }
  const slash = whole.indexOf('/', environmentBase.length)
  const end = slash < 0 ? whole.length : slash
  const environment = whole.slice(environmentBase.length, end)
  return environment === '' ? { environment: null, path: whole } : { environment, path: whole.slice(end) }
}
