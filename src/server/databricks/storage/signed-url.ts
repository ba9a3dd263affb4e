import { inspect } from 'node:util'
import { unknownStorageAnswer } from './storage-call.ts'

/** Storage that signed URLs may point to, in addition to Azure's own: `host` or `host:port`, lower case. Loopback may be plain http. */
export type StorageHosts = ReadonlySet<string>

const azure = /^[a-z0-9-]+\.(?:blob|dfs)\.core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)$/
const loopback = /^(?:localhost|127\.0\.0\.1)(?::[0-9]+)?$/
// A path and a query of printable ASCII, without '#'.
const form = /^(https?):\/\/([A-Za-z0-9.-]+(?::[0-9]{1,5})?)(\/[!"$->@-~]*)(?:\?([!"$-~]*))?$/

function isTrusted(scheme: string, authority: string, hosts: StorageHosts): boolean {
  if (scheme === 'https') return azure.test(authority) || hosts.has(authority)
  return hosts.has(authority) && loopback.test(authority)
}

/** A signed URL: anyone who has it can read or write the file. Its text is only used in the request that it is made for. */
export class SignedUrl {
  /** Scheme and host of the storage, which are not secret. */
  readonly origin: string
  readonly #path: string
  readonly #query: string

  /** Throws `unknown-answer`, without the text, for a URL that does not point to trusted storage. */
  constructor(text: string, hosts: StorageHosts) {
    const ascii = text.replace(/[^!-~\p{Cs}]+/gu, encodeURIComponent)
    const [, scheme = '', host = '', path = '', query = ''] = form.exec(ascii) ?? []
    const authority = host.toLowerCase()
    if (!isTrusted(scheme, authority, hosts)) {
      throw unknownStorageAnswer(authority === '' ? 'a signed URL of another form' : `a signed URL to '${authority}'`)
    }
    this.origin = `${scheme}://${authority}`
    this.#path = path
    this.#query = query
  }

  /** Path and query for a request, with added parameters. The signed part is not changed. */
  target(parameters: Readonly<Record<string, string>> = {}): string {
    const kept = this.#query.split('&').filter((pair) => pair !== '' && !Object.hasOwn(parameters, pair.split('=')[0] ?? ''))
    const added = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    const query = [...kept, ...added].join('&')
    return query === '' ? this.#path : `${this.#path}?${query}`
  }

  toString(): string {
    return '[signed URL]'
  }

  toJSON(): string {
    return '[signed URL]'
  }

  [inspect.custom](): string {
    return '[signed URL]'
  }
}
