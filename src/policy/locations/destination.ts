/** Where a request may be sent to by the upstream: what of it the configuration says. */
export interface DestinationRules {
  /** Hosts inside the network, as `host` or `host:port` in lower case. */
  readonly allowed: readonly string[]
  /** The upstream's and the proxy's own, as `host:port` in lower case. */
  readonly own: readonly string[]
}

/** One spelling, which every program reads alike: no user, no escapes, nothing beyond ASCII. The host is a name or an IPv6 address in brackets. */
const address = /^(https?):\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?(?:[/?][!-~]*)?$/i

/** Ends of names that are no public ones (RFC 6761, 6762, 8375, 9476; ICANN's `internal`; what clusters and clouds have), or that lead to any address. */
const privateEnds = [
  ...[
    'localhost',
    'localdomain',
    'local',
    'internal',
    'intranet',
    'private',
    'corp',
    'home',
    'lan',
    'svc',
    'arpa',
    'alt',
    'onion',
    'invalid',
    'test',
  ],
  ...['metadata.goog', 'nip.io', 'sslip.io', 'xip.io', 'localtest.me', 'lvh.me', 'vcap.me', 'traefik.me', 'lacolhost.com'],
]

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** Whether a host is a name that the public Domain Name System may have. What it leads to is not known here. */
function isPublicName(host: string): boolean {
  const labels = host.split('.')
  const last = labels.at(-1) ?? ''
  // A last part that begins with a digit makes an address of it in some form: decimal, octal, hexadecimal.
  if (labels.length < 2 || host.length > 253 || /^[0-9]/.test(last) || !labels.every((each) => label.test(each))) return false
  return !privateEnds.some((end) => host === end || host.endsWith(`.${end}`))
}

/** The names of this machine are one. */
function plainHost(host: string): string {
  return /^(?:localhost|127(?:\.[0-9]{1,3}){3}|0\.0\.0\.0|\[::1?\]|\[::ffff:(?:127\.|7f).*\])$/.test(host) ? 'localhost' : host
}

function isOwn(host: string, port: string, own: readonly string[], listed: boolean): boolean {
  return own.some((each) => {
    const [, ownHost = '', ownPort = ''] = /^(.*):([0-9]+)$/.exec(each) ?? []
    return plainHost(host) === plainHost(ownHost) && (!listed || port === ownPort)
  })
}

/** What is wrong with an address that the upstream is to send requests to, as the end of a sentence; null where nothing is. */
export function destinationProblem(text: string, { allowed, own }: DestinationRules): string | null {
  const [, scheme = '', written = '', said] = address.exec(text) ?? []
  if (written === '') return "is not a plain address such as 'https://models.example.com/v1'"
  const host = written.toLowerCase()
  const secure = scheme.toLowerCase() === 'https'
  const port = said ?? (secure ? '443' : '80')
  const listed = allowed.includes(host) || allowed.includes(`${host}:${port}`)
  if (isOwn(host, port, own, listed)) return 'is the address of the MLflow server or of this proxy'
  if (listed) return null
  if (!isPublicName(host)) return 'is not a public host name'
  return secure ? null : 'does not begin with https://'
}
